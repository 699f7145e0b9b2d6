"""LiteLLM's routes for models, credentials, access groups and the audit log."""

import openai
import pytest
from conftest import MOCK_URL, URL, new_key, sdk
from litellm_management import HELLO, call, get, name, person, post

from stack import UPSTREAM_KEY, http


def mock_model(**fields) -> dict:
    return {"model": "openai/mock-echo", "api_base": f"{MOCK_URL}/v1", "api_key": UPSTREAM_KEY, **fields}


def ask(model: str):
    return sdk(new_key()).chat.completions.create(model=model, messages=HELLO)


class TestModels:
    def test_a_new_model_is_called_at_once(self):
        model = name("added")
        params = mock_model(input_cost_per_token=0.000001, output_cost_per_token=0.000002)
        made = post("/model/new", {"model_name": model, "litellm_params": params, "model_info": {"mode": "chat"}})
        assert made["model_name"] == model
        assert UPSTREAM_KEY not in str(made) and "api_key" not in made["litellm_params"]
        ask(model)
        (found,) = [one for one in get("/model/info")["data"] if one["model_name"] == model]
        assert found["model_info"]["id"] == made["model_id"]
        assert found["model_info"]["db_model"] is True
        assert found["model_info"]["input_cost_per_token"] == 0.000001
        assert found["litellm_params"]["api_base"] == f"{MOCK_URL}/v1"
        assert UPSTREAM_KEY not in str(found)
        assert post("/model/delete", {"id": made["model_id"]})["message"]
        with pytest.raises(openai.BadRequestError):
            ask(model)

    def test_changes_are_in_force_at_once(self):
        model, other = name("added"), name("renamed")
        identity = name("deployment")
        body = {"model_name": model, "litellm_params": mock_model(), "model_info": {"id": identity}}
        assert post("/model/new", body)["model_id"] == identity
        post("/model/new", body, status=409)
        ask(model)
        post("/model/block", {"id": identity})
        with pytest.raises(openai.BadRequestError):
            ask(model)
        (idle,) = get(f"/model/info?litellm_model_id={identity}")["data"]
        assert idle["model_info"]["blocked"] is True
        post("/model/unblock", {"id": identity})
        ask(model)
        patched = call("PATCH", f"/model/{identity}/update", {"model_name": other})
        assert patched["model_name"] == other
        ask(other)
        wrong_key = {"model_info": {"id": identity}, "litellm_params": {"api_key": "sk-wrong"}}
        post("/model/update", wrong_key)
        with pytest.raises(openai.AuthenticationError):
            ask(other)
        post("/model/update", {"model_info": {"id": identity}, "litellm_params": {"api_key": UPSTREAM_KEY}})
        ask(other)

    def test_what_can_not_be_called_is_refused(self):
        error = post("/model/new", {"model_name": name("x"), "litellm_params": {}}, status=400)["error"]
        assert "model" in error["message"]
        post("/model/new", {"litellm_params": mock_model()}, status=400)
        link_local = mock_model(api_base="http://169.254.169.254/v1")
        post("/model/new", {"model_name": name("x"), "litellm_params": link_local}, status=400)

    def test_models_of_the_file_are_changed_there(self):
        (found,) = [one for one in get("/model/info")["data"] if one["model_name"] == "gpt-4o"]
        assert found["model_info"]["db_model"] is False
        assert found["litellm_params"]["model"] == "openai/gpt-4o"
        assert UPSTREAM_KEY not in str(found)
        error = post("/model/delete", {"id": found["model_info"]["id"]}, status=400)["error"]
        assert "configuration" in error["message"]

    def test_pages_and_groups(self):
        page = get("/v2/model/info?size=1&page=2")
        assert (page["current_page"], page["size"], len(page["data"])) == (2, 1, 1)
        assert page["total_count"] == page["total_pages"] == len(get("/model/info")["data"])
        assert [one["model_name"] for one in get("/v2/model/info?search=TEXT-EMB")["data"]] == ["text-embedding-3-small"]
        (group,) = get("/model_group/info?model_group=gpt-4o")["data"]
        assert (group["providers"], group["mode"]) == (["openai"], "chat")
        assert group["input_cost_per_token"] == 0.0000025
        get("/model/info?litellm_model_id=no-such-model", status=404)

    def test_a_key_sees_what_it_may_call(self):
        _, key = person()
        limited = post("/key/generate", {"models": ["gpt-4o"]}, key)["key"]
        (found,) = get("/v1/model/info", limited)["data"]
        assert found["model_name"] == "gpt-4o" and "api_base" not in found["litellm_params"]
        post("/model/new", {"model_name": "x", "litellm_params": mock_model()}, key, status=403)


class TestCredentials:
    def test_their_life(self):
        credential, model = name("credential"), name("with-credential")
        values = {"api_key": UPSTREAM_KEY, "api_base": f"{MOCK_URL}/v1"}
        body = {
            "credential_name": credential,
            "credential_values": values,
            "credential_info": {"custom_llm_provider": "openai", "description": "For tests"},
        }
        assert post("/credentials", body)["success"] is True
        post("/credentials", body, status=409)
        found = get(f"/credentials/by_name/{credential}")
        assert set(found["credential_values"]) == {"api_key", "api_base"}
        assert found["credential_info"]["description"] == "For tests"
        assert UPSTREAM_KEY not in str(found) + str(get("/credentials"))
        params = {"model": "openai/mock-echo", "litellm_credential_name": credential}
        made = post("/model/new", {"model_name": model, "litellm_params": params})
        assert made["litellm_params"]["litellm_credential_name"] == credential
        assert get(f"/credentials/by_model/{made['model_id']}")["credential_name"] == credential
        ask(model)
        call("PATCH", f"/credentials/{credential}", {"credential_values": {"api_key": "sk-wrong"}})
        with pytest.raises(openai.AuthenticationError):
            ask(model)
        call("PATCH", f"/credentials/{credential}", {"credential_values": {"api_key": UPSTREAM_KEY}})
        ask(model)
        post("/model/delete", {"id": made["model_id"]})
        assert call("DELETE", f"/credentials/{credential}")["success"] is True
        get(f"/credentials/by_name/{credential}", status=404)

    def test_who_may_look(self):
        _, key = person()
        get("/credentials", key, status=403)
        post("/credentials", {"credential_name": "x", "credential_values": {}}, key, status=403)


class TestAccessGroups:
    def test_the_older_routes(self):
        group = name("group")
        made = post("/access_group/new", {"access_group": group, "model_names": ["gpt-4o"]})
        assert (made["access_group"], made["model_names"], made["models_updated"]) == (group, ["gpt-4o"], 1)
        key = new_key(models=[group])
        sdk(key).chat.completions.create(model="gpt-4o", messages=HELLO)
        with pytest.raises(openai.PermissionDeniedError):
            sdk(key).chat.completions.create(model="mock-echo", messages=HELLO)
        call("PUT", f"/access_group/{group}/update", {"model_names": ["mock-echo"]})
        sdk(key).chat.completions.create(model="mock-echo", messages=HELLO)
        assert get(f"/access_group/{group}/info")["model_names"] == ["mock-echo"]
        assert group in [found["access_group"] for found in get("/access_group/list")["access_groups"]]
        call("DELETE", f"/access_group/{group}/delete")
        get(f"/access_group/{group}/info", status=404)

    def test_the_newer_routes(self):
        group = name("group")
        body = {"access_group_name": group, "description": "For tests", "access_model_names": ["gpt-4o"]}
        made = post("/v1/access_group", body, status=201)
        identity = made["access_group_id"]
        assert (made["access_group_name"], made["access_model_names"]) == (group, ["gpt-4o"])
        assert get(f"/v1/access_group/{identity}") == made
        assert post("/key/generate", {"access_group_ids": [identity]})["access_group_ids"] == [identity]
        changed = call("PUT", f"/v1/access_group/{identity}", {"access_model_names": ["gpt-4o", "mock-*"]})
        assert changed["access_model_names"] == ["gpt-4o", "mock-*"] and changed["description"] == "For tests"
        assert identity in [found["access_group_id"] for found in get("/v1/access_group")]
        call("DELETE", f"/v1/access_group/{identity}", status=204)
        get(f"/v1/access_group/{identity}", status=404)
        post("/key/generate", {"access_group_ids": [identity]}, status=400)


class TestAudit:
    def test_every_change_is_there(self):
        team = post("/team/new", {"team_alias": name("audited"), "max_budget": 1})["team_id"]
        post("/team/update", {"team_id": team, "max_budget": 2})
        post("/team/block", {"team_id": team})
        post("/team/delete", {"team_ids": [team]})
        found = get(f"/audit?object_id={team}&table_name=LiteLLM_TeamTable")
        assert [line["action"] for line in found["audit_logs"]] == ["deleted", "blocked", "updated", "created"]
        assert (found["total"], found["page"], found["total_pages"]) == (4, 1, 1)
        assert {line["changed_by"] for line in found["audit_logs"]} == {"default_user_id"}
        change = found["audit_logs"][2]
        assert change["before_value"]["limits"]["max_budget"] == 10**9
        assert change["updated_values"]["limits"]["max_budget"] == 2 * 10**9
        assert get(f"/audit/{change['id']}") == change
        (made,) = get(f"/audit?object_id={team}&table_name=LiteLLM_TeamTable&action=created")["audit_logs"]
        assert made["action"] == "created"
        page = get(f"/audit?object_id={team}&page=2&page_size=3")
        assert (len(page["audit_logs"]), page["total_pages"]) == (1, 2)
        assert get("/audit?end_date=2020-01-01")["total"] == 0

    def test_on_whose_behalf(self):
        answer = http("POST", f"{URL}/budget/new", {}, None, {"x-api-key": "no"})
        assert answer.status == 401
        from conftest import MASTER_KEY

        answer = http("POST", f"{URL}/budget/new", {}, MASTER_KEY, {"litellm-changed-by": "ada@example.com"})
        budget = answer.json()["budget_id"]
        (line,) = get(f"/audit?object_id={budget}")["audit_logs"]
        assert (line["changed_by"], line["table_name"]) == ("ada@example.com", "LiteLLM_BudgetTable")

    def test_no_secret_is_in_it(self):
        canary = "sk-canary-0123456789abcdef"
        credential = name("credential")
        post("/credentials", {"credential_name": credential, "credential_values": {"api_key": canary}})
        post("/key/generate", {"key": canary, "metadata": {"password": canary}})
        assert canary not in str(get("/audit?page_size=100"))

    def test_who_may_look(self):
        _, key = person()
        get("/audit", key, status=403)
        _, auditor = person("proxy_admin_viewer")
        assert get("/audit?page_size=1", auditor)["audit_logs"]
