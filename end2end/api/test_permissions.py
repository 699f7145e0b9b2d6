"""What members, team administrators, organisation administrators and auditors may, through their keys."""


def test_a_member_has_keys_of_their_own(admin, person, provider):
    user, api = person()
    _, other = person()
    made = api.post("keys", {})
    assert made["user_id"] == user["id"] and provider.ask("mock-echo", made["key"]) == 200
    path = f"keys/{made['id']}"
    assert api.patch(path, {"alias": None, "tags": ["mine"]})["tags"] == ["mine"]
    api.post(f"{path}/rotate", status=200)
    other.get(path, 403)
    other.patch(path, {"tags": []}, 403)
    other.delete(path, 403)
    other.post(f"{path}/rotate", status=403)
    assert {key["user_id"] for key in api.get("keys")["items"]} == {user["id"]}
    api.post("keys", {"user_id": None}, 403)
    api.post("keys", {"user_id": "somebody-else"}, 403)
    api.delete(path)


def test_a_member_does_not_manage(admin, person):
    user, api = person()
    team = admin.post("teams", {"name": "A", "members": [{"user_id": user["id"], "role": "member"}]})["id"]
    hidden = admin.post("teams", {"name": "B"})["id"]
    assert [one["id"] for one in api.get("teams")["items"]] == [team]
    assert api.get(f"teams/{team}")["name"] == "A"
    api.get(f"teams/{hidden}", 403)
    for kind, body in [
        ("organisations", {"name": "A"}),
        ("teams", {"name": "A"}),
        ("users", {}),
        ("budgets", {"name": "A"}),
        ("customers", {}),
        ("tags", {"id": "x"}),
        ("access-groups", {"id": "x"}),
        ("credentials", {"id": "x"}),
        ("deployments", {"model": "x", "params": {}}),
        (f"teams/{team}/members", {"user_id": user["id"]}),
    ]:
        api.post(kind, body, 403)
    for kind in ["budgets", "customers", "tags", "access-groups", "credentials", "audit-events"]:
        api.get(kind, 403)
    api.patch(f"teams/{team}", {"name": "Mine"}, 403)
    api.patch(f"users/{user['id']}", {"role": "admin"}, 403)
    api.delete(f"teams/{team}", 403)
    assert [one["id"] for one in api.get("users")["items"]] == [user["id"]]
    assert api.get("models")["items"]


def test_a_team_administrator_runs_the_team(admin, person, name):
    user, api = person()
    other, _ = person()
    members = [{"user_id": user["id"], "role": "admin"}]
    team = admin.post("teams", {"name": "A", "members": members, "limits": {"max_budget": "10"}})["id"]
    assert api.patch(f"teams/{team}", {"name": "Renamed"})["name"] == "Renamed"
    # Not beyond what the team was given.
    api.patch(f"teams/{team}", {"limits": {"max_budget": "1000"}}, 403)
    api.patch(f"teams/{team}", {"models": ["gpt-4o"]}, 403)
    api.post(f"teams/{team}/members", {"user_id": other["id"]})
    assert len(api.get(f"teams/{team}/members")["items"]) == 2
    key = api.post("keys", {"team_id": team})
    assert (key["user_id"], key["team_id"]) == (None, team)
    api.delete(f"teams/{team}", 403)
    api.delete(f"teams/{team}/members/{other['id']}")


def test_an_organisation_administrator_makes_teams(admin, person):
    user, api = person()
    organisation = admin.post("organisations", {"name": "A"})["id"]
    admin.post(f"organisations/{organisation}/members", {"user_id": user["id"], "role": "admin"})
    team = api.post("teams", {"name": "B", "organisation_id": organisation})["id"]
    assert [one["id"] for one in api.get("teams")["items"]] == [team]
    api.post("teams", {"name": "C"}, 403)
    api.delete(f"teams/{team}")
    api.delete(f"organisations/{organisation}", 403)


def test_an_auditor_reads_everything_and_changes_nothing(admin, person):
    _, api = person("auditor")
    for kind in ["organisations", "teams", "users", "keys", "budgets", "credentials", "audit-events", "requests"]:
        api.get(kind)
    api.post("teams", {"name": "A"}, 403)
    api.post("keys", {}, 403)


def test_the_purpose_of_a_key_holds(admin, person):
    user, _ = person("admin")
    from conftest import Api

    reads = Api(admin.post("keys", {"user_id": user["id"], "key_type": "read_only"})["key"])
    calls = Api(admin.post("keys", {"user_id": user["id"], "key_type": "llm_api"})["key"])
    routes = Api(admin.post("keys", {"user_id": user["id"], "allowed_routes": ["/api/v1/teams*"]})["key"])
    reads.get("teams")
    reads.post("teams", {"name": "A"}, 403)
    calls.get("teams", 403)
    routes.get("teams")
    routes.get("users", 403)
