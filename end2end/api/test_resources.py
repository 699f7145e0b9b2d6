"""Every resource through its whole life: made, listed, read, changed, deleted, as an administrator."""

import pytest
from stack import wait_until

LIMITS = {"max_budget": "12.5", "budget_duration": "30d", "rpm_limit": 10, "models": {"gpt-4o": {"tpm_limit": 5}}}

RESOURCES = {
    "organisations": {"name": "A company", "models": ["gpt-*"], "limits": LIMITS, "metadata": {"a": {"b": 1}}},
    "teams": {"name": "A team", "tags": ["x"], "limits": LIMITS, "member_limits": {"max_budget": "1"}},
    "users": {"name": "Somebody", "email": "Some.Body@Example.com", "role": "viewer", "limits": LIMITS},
    "budgets": {"name": "A budget", "limits": LIMITS},
    "customers": {"name": "A customer", "allowed_model_region": "eu", "limits": LIMITS},
    "tags": {"description": "What for", "models": ["gpt-4o"], "limits": LIMITS},
    "access-groups": {"description": "What for", "models": ["gpt-4o", "mock-*"]},
    "credentials": {"provider": "openai", "values": {"api_key": "sk-provider-canary-1"}, "info": {"x": 1}},
    "deployments": {
        "model": "stored-model",
        "params": {"model": "openai/stored", "api_base": "http://127.0.0.1:9/v1", "api_key": "sk-provider-canary-2"},
    },
}
CHANGES = {
    "organisations": {"name": "Another company"},
    "teams": {"name": "Another team"},
    "users": {"name": "Somebody else"},
    "budgets": {"name": "Another budget"},
    "customers": {"name": "Another customer"},
    "tags": {"description": "Something else"},
    "access-groups": {"description": "Something else"},
    "credentials": {"provider": "azure"},
    "deployments": {"model": "another-model"},
}


@pytest.mark.parametrize("kind", RESOURCES)
def test_a_whole_life(admin, name, kind):
    id = name(f"a/b c ü {kind}")
    body = {"id": id, **RESOURCES[kind]}
    if kind == "users":
        body["email"] = name("Some.Body@Example.com").replace("com-", "com.x")
    answer = admin.call("POST", kind, body)
    assert answer.status == 201, answer.body
    made = answer.json()
    assert (made["id"], made["version"], made["created_by"]) == (id, 1, "master_key")
    assert answer.headers["etag"] == '"1"'
    assert b"canary" not in answer.body

    # The address that the answer names is its own.
    path = answer.headers["location"].removeprefix("/api/v1/")
    assert admin.get(path) == made
    if "limits" in made:
        assert made["limits"]["max_budget"] == "12.5"
        assert made["limits"]["models"]["gpt-4o"] == {
            "max_budget": None, "budget_duration": None, "tpm_limit": 5, "rpm_limit": None, "rates": [],
        }

    admin.post(kind, body, 409)
    found = admin.get(f"{kind}?search={path.split('/')[-1]}")["items"]
    assert [one["id"] for one in found] == [id]

    changed = admin.patch(path, CHANGES[kind], tag='"1"')
    ((field, value),) = CHANGES[kind].items()
    assert (changed[field], changed["version"]) == (value, 2)
    unchanged = {key: value for key, value in made.items() if key not in {field, "version", "updated_at"}}
    assert {key: changed[key] for key in unchanged} == unchanged

    if "limits" in made:
        limits = admin.patch(path, {"limits": {"max_budget": None, "rpm_limit": 20, "models": {"gpt-4o": None}}})["limits"]
        expected = (None, "30d", 20, {})
        assert (limits["max_budget"], limits["budget_duration"], limits["rpm_limit"], limits["models"]) == expected
        assert admin.patch(path, {"limits": None})["limits"]["rpm_limit"] is None
    admin.patch(path, {"nothing_like_it": 1}, 400)

    version = admin.get(path)["version"]
    problem = admin.delete(path, 412, tag='"1"')
    assert problem["current_version"] == version
    admin.delete(path, tag=f'"{version}"')
    admin.get(path, 404)
    admin.delete(path, 404)
    # An id can be used again.
    assert admin.post(kind, body)["version"] == 1
    admin.delete(path)


def test_metadata_is_merged(admin, name):
    path = f"teams/{name('team')}"
    admin.post("teams", {"id": path.split("/")[1], "name": "A", "metadata": {"a": 1, "b": {"c": 2, "d": 3}}})
    assert admin.patch(path, {"metadata": {"a": None, "b": {"c": 5}}})["metadata"] == {"b": {"c": 5, "d": 3}}
    assert admin.patch(path, {"metadata": None})["metadata"] == {}


def test_what_is_pointed_to_must_be_there(admin, name):
    for body in [{"organisation_id": "none"}, {"budget_id": "none"}, {"access_groups": ["none"]}]:
        problem = admin.post("teams", {"name": "A", **body}, 400)
        assert problem["field"] == next(iter(body))
    problem = admin.post("teams", {"name": "A", "limits": {"max_budget": "-1"}}, 400)
    assert problem["field"] == "max_budget"


def test_an_organisation_with_teams_stays(admin, name):
    organisation = admin.post("organisations", {"name": "A"})["id"]
    team = admin.post("teams", {"name": "B", "organisation_id": organisation})["id"]
    admin.delete(f"organisations/{organisation}", 409)
    admin.delete(f"teams/{team}")
    admin.delete(f"organisations/{organisation}")


def test_members(admin, name):
    users = [admin.post("users", {"id": name("user")})["id"] for _ in range(3)]
    for kind in ["teams", "organisations"]:
        group = admin.post(kind, {"name": "A"})["id"]
        path = f"{kind}/{group}/members"
        added = admin.post(path, {"user_id": users[0], "limits": {"max_budget": "5"}})
        assert (added["role"], added["limits"]["max_budget"]) == ("member", "5")
        admin.post(path, {"user_id": users[0]}, 409)
        admin.post(path, {"user_id": "nobody"}, 400)
        admin.post(path, {"user_id": users[1], "role": "admin"})
        assert {member["user_id"] for member in admin.get(path)["items"]} == set(users[:2])
        assert [len(page) for page in admin.pages(path, 1)] == [1, 1]
        changed = admin.patch(f"{path}/{users[0]}", {"role": "admin"}, tag='"1"')
        assert (changed["role"], changed["version"]) == ("admin", 2)
        admin.patch(f"{path}/{users[0]}", {"role": "member"}, 412, tag='"1"')
        admin.delete(f"{path}/{users[0]}", 412, tag='"1"')
        admin.delete(f"{path}/{users[0]}", tag='"2"')
        admin.get(f"{path}/{users[0]}", 404)
        admin.get(f"{kind}/none/members", 404)
    team = admin.post("teams", {"name": "A", "members": [{"user_id": users[2], "role": "admin"}]})["id"]
    assert admin.get(f"teams/{team}/members")["items"][0]["role"] == "admin"


def test_users_have_passwords_and_addresses(admin, name):
    email = f"{name('p')}@example.com"
    user = admin.post("users", {"email": email.upper()})
    assert (user["email"], user["role"]) == (email, "member")
    admin.post("users", {"email": email}, 409)
    admin.post("users", {"email": "nonsense"}, 400)
    admin.post(f"users/{user['id']}/password", {"password": "short"}, 400)
    admin.post(f"users/{user['id']}/password", {"password": "a long enough password"}, 204)
    admin.post("users/nobody/password", {"password": "a long enough password"}, 404)


def test_models_have_prices(admin):
    models = [model for page in admin.pages("models", 2) for model in page]
    assert len({model["deployment_id"] for model in models}) == len(models) > 3
    mock = next(model for model in models if model["model"] == "mock-*")
    prices = {rate["meter"]: rate["price"] for rate in mock["price"]["rates"]}
    assert prices == {"input": "0.000002", "cache_read": "0.0000005", "output": "0.000008"}
    assert admin.get(f"models/{mock['deployment_id']}") == mock
    admin.get("models/none", 404)


def test_a_deployment_can_be_called_at_once(admin, name, provider):
    model = name("stored")
    secret = admin.post("credentials", {"id": name("credential"), "values": {"api_key": provider.key}})["id"]
    body = {"model": model, "params": {"model": "openai/mock-echo", "api_base": provider.url}, "credential_id": secret}
    id = admin.post("deployments", body)["id"]
    assert provider.ask(model) == 200
    assert admin.get(f"models/{id}")["origin"] == "database"
    assert provider.key not in str(admin.get(f"credentials/{secret}"))
    assert admin.post(f"deployments/{id}/test", status=200)["works"]
    admin.post("deployments/none/test", status=404)
    admin.patch(f"deployments/{id}", {"blocked": True})
    assert provider.ask(model) != 200
    admin.delete(f"credentials/{secret}", 409)
    admin.delete(f"deployments/{id}")
    admin.delete(f"credentials/{secret}")


def test_requests_and_the_overview(admin, provider):
    before = admin.get("overview")["calls"]
    assert provider.ask("mock-echo") == 200
    entry = wait_until(
        lambda: next(iter(admin.get("requests?limit=1&model=mock-echo&status=success")["items"]), None), 10, "the request"
    )
    assert float(entry["cost"]) > 0 and entry["duration_ms"] > 0
    details = admin.get(f"requests/{entry['id']}")
    assert details["usage"]["input"] == entry["input_tokens"]
    assert {line["meter"] for line in details["cost_lines"]} >= {"input", "output"}
    wait_until(lambda: admin.get("overview")["calls"] > before, 10, "the overview has the call")
    admin.get("overview?period=2h", 400)
    admin.get("requests/none", 404)


def test_the_audit_log(admin, name):
    team = name("team")
    admin.post("teams", {"id": team, "name": "A"})
    admin.patch(f"teams/{team}", {"name": "B"})
    events = admin.get(f"audit-events?resource_kind=team&resource_id={team}")["items"]
    assert [event["action"] for event in events] == ["team.update", "team.create"]
    assert (events[0]["before"], events[0]["after"]) == ({"name": "A"}, {"name": "B"})
    assert events[0]["actor"] == "master_key"
    assert admin.get(f"audit-events/{events[0]['id']}") == events[0]
    assert len(admin.get("audit-events?action=team.*&limit=2")["items"]) == 2
    admin.get("audit-events/none", 404)
    assert "canary" not in str(admin.pages("audit-events", 500))
