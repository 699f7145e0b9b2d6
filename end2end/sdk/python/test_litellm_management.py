"""LiteLLM's documented examples for keys, teams, users and budgets, and the shapes that its programs rely on."""

import pytest
from conftest import MASTER_KEY, URL, sdk
from litellm_management import HELLO, call, get, name, person, post, sha256

from stack import http


class TestKeys:
    def test_the_documented_example(self):
        made = post(
            "/key/generate",
            {
                "models": ["gpt-4o", "gpt-4"],
                "duration": "20m",
                "metadata": {"user": "ishaan@berri.ai", "team": "core-infra"},
            },
        )
        assert made["key"].startswith("sk-")
        assert made["token"] == made["token_id"] == sha256(made["key"])
        assert made["key_name"] == f"sk-...{made['key'][-4:]}"
        assert made["expires"].endswith("Z")
        assert made["models"] == ["gpt-4o", "gpt-4"]
        assert made["metadata"] == {"user": "ishaan@berri.ai", "team": "core-infra"}
        assert (made["user_id"], made["team_id"], made["spend"]) == ("default_user_id", None, 0.0)

    def test_the_answer_has_every_field(self):
        made = post("/key/generate", {"models": ["gpt-4o"], "max_budget": 1, "duration": "30d"})
        assert made["max_budget"] == 1.0
        for field, value in {
            "key_alias": None,
            "budget_duration": None,
            "tpm_limit": None,
            "rpm_limit": None,
            "max_parallel_requests": None,
            "aliases": {},
            "config": {},
            "permissions": {},
            "model_max_budget": {},
            "budget_id": None,
            "litellm_budget_table": None,
            "tags": None,
            "guardrails": None,
            "organization_id": None,
            "created_by": "default_user_id",
            "updated_by": "default_user_id",
            "blocked": None,
            "soft_budget": None,
            "budget_limits": None,
            "allowed_routes": [],
            "allowed_cache_controls": [],
            "object_permission": None,
            "project_id": None,
        }.items():
            assert made[field] == value, field
        assert made["created_at"] and made["updated_at"]

    def test_every_limit_comes_back(self):
        given = {
            "max_budget": 0.000000001,
            "soft_budget": 12.34,
            "budget_duration": "30d",
            "budget_limits": [{"budget_duration": "1d", "max_budget": 1.5}],
            "tpm_limit": 1000,
            "rpm_limit": 10,
            "tpd_limit": 50000,
            "rpd_limit": 500,
            "max_parallel_requests": 3,
            "model_max_budget": {"gpt-4o": {"budget_limit": 0.1, "time_period": "1d"}},
            "model_rpm_limit": {"gpt-4o": 2},
            "model_tpm_limit": {"gpt-4o": 20},
        }
        key = post("/key/generate", given)["key"]
        info = get(f"/key/info?key={key}")["info"]
        assert {field: info[field] for field in given} == given

    def test_info_by_text_hash_and_for_itself(self):
        made = post("/key/generate", {"key_alias": name("alias")})
        by_text = get(f"/key/info?key={made['key']}")
        assert by_text["key"] == made["key"]
        assert by_text["info"]["key_alias"] == made["key_alias"]
        assert (by_text["info"]["spend"], by_text["info"]["expires"], by_text["info"]["blocked"]) == (0.0, None, None)
        assert "key" not in by_text["info"]
        assert get(f"/key/info?key={made['token']}")["info"] == by_text["info"]
        assert get("/key/info", made["key"])["info"]["key_alias"] == made["key_alias"]

    def test_info_of_others(self):
        mine, other = post("/key/generate"), post("/key/generate")
        assert get(f"/key/info?key={mine['key']}", mine["key"])["info"]["key_name"] == mine["key_name"]
        error = get(f"/key/info?key={other['key']}", mine["key"], status=403)["error"]
        assert (error["type"], error["code"]) == ("auth_error", "403")
        error = get("/key/info?key=sk-that-nobody-ever-made", status=404)["error"]
        assert (error["type"], error["code"]) == ("not_found_error", "404")

    def test_update(self):
        key = post("/key/generate", {"duration": "1h", "max_budget": 5, "rpm_limit": 7})["key"]
        updated = post("/key/update", {"key": key, "models": ["gpt-4o"], "metadata": {"a": 1}})
        assert (updated["key"], updated["models"], updated["metadata"]) == (key, ["gpt-4o"], {"a": 1})
        assert (updated["max_budget"], updated["rpm_limit"]) == (5.0, 7), "what was left out stays"
        updated = post("/key/update", {"key": key, "duration": "-1", "max_budget": None})
        assert (updated["expires"], updated["max_budget"]) == (None, None)
        alias = name("alias")
        post("/key/update", {"key": key, "key_alias": alias})
        assert post("/key/update", {"key_alias": alias, "tpm_limit": 9})["tpm_limit"] == 9
        assert get(f"/key/info?key={key}")["info"]["rpm_limit"] == 7

    def test_a_temporary_increase_comes_with_its_end(self):
        key = post("/key/generate", {"max_budget": 1})["key"]
        post("/key/update", {"key": key, "temp_budget_increase": 10}, status=400)
        until = "2090-01-01T00:00:00"
        updated = post("/key/update", {"key": key, "temp_budget_increase": 10, "temp_budget_expiry": until})
        assert (updated["temp_budget_increase"], updated["temp_budget_expiry"]) == (10.0, f"{until}.000Z")

    def test_block_and_unblock(self):
        made = post("/key/generate", {"models": ["gpt-4o"]})
        blocked = post("/key/block", {"key": made["key"]})
        assert (blocked["token"], blocked["blocked"]) == (made["token"], True)
        assert get(f"/key/info?key={made['key']}")["info"]["blocked"] is True
        with pytest.raises(Exception, match="blocked"):
            sdk(made["key"]).chat.completions.create(model="gpt-4o", messages=HELLO)
        assert post("/key/unblock", {"key": made["token"]})["blocked"] is False
        sdk(made["key"]).chat.completions.create(model="gpt-4o", messages=HELLO)

    def test_delete(self):
        one, two = post("/key/generate"), post("/key/generate", {"key_alias": name("alias")})
        assert post("/key/delete", {"keys": [one["key"]]}) == {"deleted_keys": [one["key"]]}
        assert post("/key/delete", {"key_aliases": [two["key_alias"]]}) == {"deleted_keys": [two["key_alias"]]}
        get(f"/key/info?key={one['key']}", status=404)
        post("/key/delete", {"keys": [one["key"]]}, status=404)
        post("/key/delete", {"keys": []}, status=400)

    def test_regenerate(self):
        made = post("/key/generate", {"key_alias": name("alias"), "max_budget": 3})
        new = post(f"/key/{made['key']}/regenerate", {"max_budget": 4})
        assert new["key"] != made["key"] and new["token"] == sha256(new["key"])
        assert (new["key_alias"], new["max_budget"]) == (made["key_alias"], 4.0)
        get("/key/info", made["key"], status=401)
        assert get("/key/info", new["key"])["info"]["max_budget"] == 4.0
        chosen = f"sk-{name('chosen-key')}"
        newer = post("/key/regenerate", {"key": new["token"], "new_key": chosen, "grace_period": "24h"})
        assert newer["key"] == chosen
        get("/key/info", new["key"])
        get("/key/info", chosen)

    def test_a_chosen_key(self):
        chosen = f"sk-{name('my-own-key')}"
        assert post("/key/generate", {"key": chosen})["key"] == chosen
        post("/key/generate", {"key": chosen}, status=409)
        assert "sk-" in post("/key/generate", {"key": "no-prefix-at-all-here"}, status=400)["error"]["message"]

    def test_a_user_who_is_not_known_yet(self):
        user = name("user")
        assert post("/key/generate", {"user_id": user})["user_id"] == user
        assert get(f"/user/info?user_id={user}")["user_info"]["user_role"] == "internal_user"

    def test_a_team_that_is_not_known(self):
        error = post("/key/generate", {"team_id": name("no-team")}, status=400)["error"]
        assert error["param"] == "team_id" and "no-team" in error["message"]

    def test_service_account(self):
        team = post("/team/new")["team_id"]
        made = post("/key/service-account/generate", {"team_id": team, "key_alias": name("robot")})
        assert (made["user_id"], made["team_id"]) == (None, team)
        post("/key/service-account/generate", {"key_alias": name("robot")}, status=400)

    def test_unknown_fields_are_refused_by_name(self):
        error = post("/key/generate", {"max_bugdet": 1}, status=400)["error"]
        assert "max_bugdet" in error["message"] and error["code"] == "400"

    def test_list(self):
        team = post("/team/new")["team_id"]
        made = [post("/key/generate", {"team_id": team, "key_alias": name("k")}) for _ in range(5)]
        page = get(f"/key/list?team_id={team}&size=2&page=2")
        assert (page["total_count"], page["current_page"], page["total_pages"]) == (5, 2, 3)
        assert page["keys"] == [made[2]["token"], made[1]["token"]], "newest first"
        full = get(f"/key/list?key_alias={made[0]['key_alias']}&return_full_object=true")["keys"]
        assert [key["token"] for key in full] == [made[0]["token"]]
        assert full[0]["key_alias"] == made[0]["key_alias"] and "key" not in full[0]
        post("/key/block", {"key": made[3]["key"]})
        assert get(f"/key/list?team_id={team}&status=revoked")["keys"] == [made[3]["token"]]
        assert get(f"/key/list?key_hash={made[4]['token']}")["keys"] == [made[4]["token"]]
        assert get(f"/key/list?team_id={team}&size=2&page=9")["keys"] == []
        get("/key/list?size=1000", status=400)
        get("/key/list?project_id=x", status=400)

    def test_aliases(self):
        alias = name("findable")
        post("/key/generate", {"key_alias": alias})
        assert get(f"/key/aliases?search={alias}")["aliases"] == [alias]

    def test_bulk_update(self):
        one, two = post("/key/generate"), post("/key/generate")
        done = post(
            "/key/bulk_update",
            {"keys": [{"key": one["key"], "max_budget": 2}, {"key": two["token"], "rpm_limit": 5}, {"key": "sk-x"}]},
        )
        assert (done["total_requested"], len(done["successful_updates"]), len(done["failed_updates"])) == (3, 2, 1)
        assert done["successful_updates"][0]["key_info"]["max_budget"] == 2.0
        assert "not found" in done["failed_updates"][0]["failed_reason"]

    def test_bulk_update_of_a_team(self):
        team = post("/team/new")["team_id"]
        keys = [post("/key/generate", {"team_id": team}) for _ in range(2)]
        body = {"team_id": team, "all_keys_in_team": True, "update_fields": {"max_budget": 3}}
        assert len(post("/team/key/bulk_update", body)["successful_updates"]) == 2
        assert get(f"/key/info?key={keys[0]['key']}")["info"]["max_budget"] == 3.0
        other = post("/key/generate")
        body = {"team_id": team, "key_ids": [other["token"]], "update_fields": {"max_budget": 3}}
        assert len(post("/team/key/bulk_update", body)["failed_updates"]) == 1

    def test_many_infos_and_health(self):
        one, two = post("/key/generate"), post("/key/generate")
        found = post("/v2/key/info", {"keys": [one["key"], two["key"], "sk-unknown"]})
        assert [info["token"] for info in found["info"]] == [one["token"], two["token"]]
        assert post("/key/health", key=one["key"])["key"] == "healthy"

    def test_rotation_on_schedule(self):
        made = post("/key/generate", {"auto_rotate": True, "rotation_interval": "30d"})
        assert (made["auto_rotate"], made["rotation_interval"]) == (True, "30d")
        assert made["key_rotation_at"] > made["created_at"]
        assert post("/key/update", {"key": made["key"], "auto_rotate": False})["auto_rotate"] is False


class TestTeams:
    def test_the_documented_examples(self):
        """A team with members, its key, and who may spend it."""
        user = name("user")
        team = post(
            "/team/new",
            {"team_alias": name("team"), "max_budget": 10.0, "members_with_roles": [{"role": "admin", "user_id": user}]},
        )
        assert team["max_budget"] == 10.0
        assert [(m["user_id"], m["role"]) for m in team["members_with_roles"]] == [(user, "admin")]
        added = post(
            "/team/member_add",
            {
                "team_id": team["team_id"],
                "max_budget_in_team": 0.5,
                "member": {"role": "user", "user_email": f"{name('mail')}@example.com"},
            },
        )
        assert len(added["members_with_roles"]) == 2
        (membership,) = added["updated_team_memberships"]
        assert membership["litellm_budget_table"]["max_budget"] == 0.5
        member = added["updated_users"][0]["user_id"]
        made = post("/key/generate", {"team_id": team["team_id"], "user_id": member})
        assert (made["team_id"], made["user_id"]) == (team["team_id"], member)

    def test_info(self):
        team = post("/team/new", {"team_alias": name("team"), "models": ["gpt-4o"], "team_member_budget": 2})["team_id"]
        user = name("user")
        post("/team/member_add", {"team_id": team, "member": [{"role": "user", "user_id": user}]})
        key = post("/key/generate", {"team_id": team})
        info = get(f"/team/info?team_id={team}")
        assert (info["team_id"], info["team_info"]["models"]) == (team, ["gpt-4o"])
        assert info["team_info"]["caller_edit_access"] == {"kind": "unrestricted"}
        assert [found["token"] for found in info["keys"]] == [key["token"]]
        (membership,) = info["team_memberships"]
        assert (membership["user_id"], membership["budget_source"]) == (user, "team_default")
        assert membership["litellm_budget_table"]["max_budget"] == 2.0
        get("/team/info?team_id=no-such-team", status=404)

    def test_update(self):
        team = post("/team/new", {"team_alias": "old", "max_budget": 1, "metadata": {"a": 1}})["team_id"]
        updated = post("/team/update", {"team_id": team, "team_alias": "new", "tpm_limit": 100})
        assert updated["team_id"] == team
        assert (updated["data"]["team_alias"], updated["data"]["tpm_limit"]) == ("new", 100)
        assert (updated["data"]["max_budget"], updated["data"]["metadata"]) == (1.0, {"a": 1})
        patched = call("PATCH", f"/team/{team}", {"max_budget": None})
        assert patched["data"]["max_budget"] is None

    def test_members(self):
        team = post("/team/new")["team_id"]
        user = name("user")
        post("/team/member_add", {"team_id": team, "member": {"role": "user", "user_id": user}})
        error = post(
            "/team/member_add", {"team_id": team, "member": {"role": "user", "user_id": user}}, status=400
        )["error"]
        assert error["type"] == "team_member_already_in_team"
        updated = post(
            "/team/member_update",
            {"team_id": team, "user_id": user, "role": "admin", "max_budget_in_team": 5, "rpm_limit": 3},
        )
        assert (updated["user_id"], updated["max_budget_in_team"], updated["rpm_limit"]) == (user, 5.0, 3)
        assert get(f"/team/info?team_id={team}")["team_info"]["members_with_roles"][0]["role"] == "admin"
        assert get(f"/user/info?user_id={user}")["user_info"]["teams"] == [team]
        key = post("/key/generate", {"team_id": team, "user_id": user})["key"]
        left = post("/team/member_delete", {"team_id": team, "user_id": user})
        assert left["members_with_roles"] == []
        get("/key/info", key, status=401)
        post("/team/member_delete", {"team_id": team, "user_id": user}, status=404)

    def test_many_members(self):
        team = post("/team/new")["team_id"]
        users = [name("user") for _ in range(3)]
        post("/team/member_add", {"team_id": team, "member": {"role": "user", "user_id": users[0]}})
        done = post(
            "/team/bulk_member_add",
            {"team_id": team, "members": [{"user_id": user, "role": "user"} for user in users]},
        )
        assert (done["total_requested"], done["successful_additions"], done["failed_additions"]) == (3, 2, 1)
        assert len(done["updated_team"]["members_with_roles"]) == 3

    def test_models(self):
        team = post("/team/new", {"models": ["gpt-4o"]})["team_id"]
        assert post("/team/model/add", {"team_id": team, "models": ["gpt-4", "gpt-4o"]})["models"] == ["gpt-4o", "gpt-4"]
        assert post("/team/model/delete", {"team_id": team, "models": ["gpt-4"]})["models"] == ["gpt-4o"]
        post("/team/model/delete", {"team_id": team, "models": ["gpt-4o"]}, status=400)

    def test_blocking_stops_its_keys(self):
        team = post("/team/new")["team_id"]
        key = post("/key/generate", {"team_id": team})["key"]
        assert post("/team/block", {"team_id": team})["blocked"] is True
        with pytest.raises(Exception, match="blocked"):
            sdk(key).chat.completions.create(model="gpt-4o", messages=HELLO)
        assert post("/team/unblock", {"team_id": team})["blocked"] is False
        sdk(key).chat.completions.create(model="gpt-4o", messages=HELLO)

    def test_delete(self):
        team = post("/team/new")["team_id"]
        key = post("/key/generate", {"team_id": team})["key"]
        assert post("/team/delete", {"team_ids": [team]}) == {"deleted_teams": [team]}
        get(f"/team/info?team_id={team}", status=404)
        get("/key/info", key, status=401)
        post("/team/delete", {"team_ids": [team]}, status=404)

    def test_lists(self):
        organisation = post("/organization/new", {"organization_alias": name("org")})["organization_id"]
        teams = [
            post("/team/new", {"team_alias": name("listed"), "organization_id": organisation})["team_id"] for _ in range(3)
        ]
        listed = get(f"/team/list?organization_id={organisation}")
        assert [team["team_id"] for team in listed] == teams[::-1]
        page = get(f"/v2/team/list?organization_id={organisation}&page=2&page_size=2")
        assert (page["total"], page["page"], page["page_size"], page["total_pages"]) == (3, 2, 2, 2)
        assert [team["team_id"] for team in page["teams"]] == [teams[0]]
        user = name("user")
        post("/team/member_add", {"team_id": teams[1], "member": {"role": "user", "user_id": user}})
        assert [team["team_id"] for team in get(f"/team/list?user_id={user}")] == [teams[1]]
        assert get("/team/available") == []

    def test_what_plain_members_may_do(self):
        team = post("/team/new")["team_id"]
        user, key = person(teams=[team])
        denied = post("/key/generate", {"team_id": team}, key, status=403)["error"]
        assert denied["type"] == "auth_error"
        permissions = ["/key/generate", "/key/info"]
        post("/team/permissions_update", {"team_id": team, "team_member_permissions": permissions})
        listed = get(f"/team/permissions_list?team_id={team}")
        assert listed["team_member_permissions"] == permissions
        assert set(permissions) < set(listed["all_available_permissions"])
        made = post("/key/generate", {"team_id": team}, key)
        assert (made["user_id"], made["team_id"]) == (user, team)

    def test_a_team_admin(self):
        team, other = post("/team/new")["team_id"], post("/team/new")["team_id"]
        _, key = person(teams=[{"team_id": team, "user_role": "admin"}])
        member = post("/user/new", {"user_id": name("user"), "auto_create_key": False})["user_id"]
        post("/team/member_add", {"team_id": team, "member": {"role": "user", "user_id": member}}, key)
        post("/team/update", {"team_id": team, "team_alias": "ours"}, key)
        post("/team/update", {"team_id": team, "max_budget": 1000}, key, status=403)
        get(f"/team/info?team_id={other}", key, status=403)
        post("/team/member_add", {"team_id": other, "member": {"role": "user", "user_id": member}}, key, status=403)
        assert [found["team_id"] for found in get("/team/list", key)] == [team]


class TestUsers:
    def test_the_documented_example(self):
        email = f"{name('krrish')}@berri.ai"
        made = post(
            "/user/new",
            {"user_email": email, "user_role": "internal_user", "max_budget": 10, "budget_duration": "30d"},
        )
        assert made["key"].startswith("sk-") and made["token"] == sha256(made["key"])
        assert (made["user_email"], made["user_role"], made["max_budget"]) == (email, "internal_user", 10.0)
        assert get("/key/info", made["key"])["info"]["user_id"] == made["user_id"]
        assert get("/users/me", made["key"])["user_email"] == email

    def test_without_a_key(self):
        made = post("/user/new", {"auto_create_key": False})
        assert made["key"] is None
        assert get(f"/user/info?user_id={made['user_id']}")["keys"] == []

    def test_with_teams(self):
        teams = [post("/team/new")["team_id"] for _ in range(2)]
        made = post("/user/new", {"teams": [teams[0], {"team_id": teams[1], "max_budget_in_team": 2}]})
        assert made["teams"] == teams
        (membership,) = get(f"/team/info?team_id={teams[1]}")["team_memberships"]
        assert (membership["budget_source"], membership["litellm_budget_table"]["max_budget"]) == ("custom", 2.0)
        post("/user/new", {"teams": [name("no-team")]}, status=400)

    def test_what_is_refused(self):
        post("/user/new", {"password": "a long enough password"}, status=400)
        post("/user/new", {"user_role": "team"}, status=400)
        user = post("/user/new")["user_id"]
        post("/user/new", {"user_id": user}, status=409)
        alias = post("/key/generate", {"key_alias": name("taken")})["key_alias"]
        again = name("user")
        post("/user/new", {"user_id": again, "key_alias": alias}, status=409)
        get(f"/user/info?user_id={again}", status=404)

    def test_info(self):
        team = post("/team/new", {"team_alias": name("team")})
        user, key = person(teams=[team["team_id"]])
        info = get(f"/user/info?user_id={user}")
        assert (info["user_id"], info["user_info"]["user_id"]) == (user, user)
        assert [found["token"] for found in info["keys"]] == [sha256(key)]
        assert [found["team_alias"] for found in info["teams"]] == [team["team_alias"]]
        assert get("/user/info", key)["user_id"] == user
        assert get(f"/v2/user/info?user_id={user}")["teams"] == [team["team_id"]]
        assert get("/user/info")["user_id"] == "default_user_id"
        other, _ = person()
        get(f"/user/info?user_id={other}", key, status=403)

    def test_update(self):
        user, _ = person(max_budget=5)
        updated = post("/user/update", {"user_id": user, "user_role": "internal_user_viewer", "models": ["gpt-4o"]})
        assert updated["user_id"] == user
        assert updated["data"]["user_role"] == "internal_user_viewer"
        assert (updated["data"]["models"], updated["data"]["max_budget"]) == (["gpt-4o"], 5.0)
        email = f"{name('mail')}@example.com"
        post("/user/update", {"user_id": user, "user_email": email})
        assert post("/user/update", {"user_email": email, "max_budget": None})["data"]["max_budget"] is None

    def test_bulk_update(self):
        users = [person()[0] for _ in range(2)]
        done = post(
            "/user/bulk_update",
            {"users": [{"user_id": user, "max_budget": 3} for user in users] + [{"user_id": "nobody-here"}]},
        )
        assert (done["total_requested"], done["successful_updates"], done["failed_updates"]) == (3, 2, 1)
        assert done["results"][0]["updated_user"]["max_budget"] == 3.0
        assert done["results"][2]["success"] is False

    def test_delete(self):
        user, key = person()
        assert post("/user/delete", {"user_ids": [user]}) == 1
        get("/key/info", key, status=401)
        post("/user/delete", {"user_ids": [user]}, status=404)

    def test_list(self):
        team = post("/team/new")["team_id"]
        email = f"{name('findable')}@example.com"
        one, _ = person(teams=[team], user_email=email)
        two, _ = person("proxy_admin_viewer", teams=[team])
        page = get(f"/user/list?team={team}&page_size=1")
        assert (page["total"], page["page"], page["page_size"], page["total_pages"]) == (2, 1, 1, 2)
        assert (page["users"][0]["user_id"], page["users"][0]["key_count"]) == (two, 1)
        assert [user["user_id"] for user in get(f"/user/list?user_email={email}")["users"]] == [one]
        viewers = get(f"/user/list?team={team}&role=proxy_admin_viewer")
        assert (viewers["total"], viewers["users"][0]["user_id"]) == (1, two)
        assert get(f"/user/list?user_ids={one},{two}")["total"] == 2

    def test_roles(self):
        roles = get("/user/available_roles")
        assert set(roles) == {"proxy_admin", "proxy_admin_viewer", "internal_user", "internal_user_viewer"}
        assert roles["proxy_admin"]["ui_label"]

    def test_what_a_person_may_do(self):
        user, key = person()
        mine = post("/key/generate", {"key_alias": name("mine")}, key)
        assert mine["user_id"] == user
        assert set(get("/key/list", key)["keys"]) == {sha256(key), mine["token"]}
        post("/key/delete", {"keys": [mine["key"]]}, key)
        post("/user/new", {}, key, status=403)
        post("/team/new", {}, key, status=403)
        get("/budget/list", key, status=403)
        viewer, viewers_key = person("internal_user_viewer")
        assert get("/user/info", viewers_key)["user_id"] == viewer
        post("/key/generate", {}, viewers_key, status=403)
        _, auditors_key = person("proxy_admin_viewer")
        assert get(f"/user/info?user_id={user}", auditors_key)["user_id"] == user
        post("/user/update", {"user_id": user, "max_budget": 1}, auditors_key, status=403)


class TestBudgets:
    def test_the_documented_example(self):
        budget = post("/budget/new", {"budget_id": name("budget"), "max_budget": 10, "budget_duration": "30d"})
        assert (budget["max_budget"], budget["budget_duration"]) == (10.0, "30d")
        key = post("/key/generate", {"budget_id": budget["budget_id"]})
        assert key["budget_id"] == budget["budget_id"]
        assert key["litellm_budget_table"]["max_budget"] == 10.0

    def test_info_update_list_delete(self):
        one = post("/budget/new", {"max_budget": 1, "model_max_budget": {"gpt-4o": {"max_budget": 0.5}}})
        assert one["model_max_budget"] == {"gpt-4o": {"budget_limit": 0.5, "time_period": None}}
        updated = post("/budget/update", {"budget_id": one["budget_id"], "tpm_limit": 100})
        assert (updated["max_budget"], updated["tpm_limit"]) == (1.0, 100)
        (found,) = post("/budget/info", {"budgets": [one["budget_id"]]})
        assert found == updated
        assert one["budget_id"] in [budget["budget_id"] for budget in get("/budget/list")]
        settings = {field["field_name"]: field for field in get(f"/budget/settings?budget_id={one['budget_id']}")}
        assert (settings["max_budget"]["field_value"], settings["max_budget"]["field_type"]) == (1.0, "Float")
        post("/budget/delete", {"id": one["budget_id"]})
        assert post("/budget/info", {"budgets": [one["budget_id"]]}) == []
        post("/budget/update", {"budget_id": one["budget_id"]}, status=404)
        post("/budget/new", {"max_budget": -1}, status=400)
        post("/key/generate", {"budget_id": name("no-budget")}, status=400)


class TestCustomers:
    @pytest.mark.parametrize("prefix", ["/customer", "/end_user"])
    def test_their_life(self, prefix: str):
        customer = name("customer")
        made = post(f"{prefix}/new", {"user_id": customer, "alias": "Ada", "max_budget": 5, "allowed_model_region": "eu"})
        assert (made["user_id"], made["alias"], made["blocked"], made["spend"]) == (customer, "Ada", False, 0.0)
        assert (made["allowed_model_region"], made["litellm_budget_table"]["max_budget"]) == ("eu", 5.0)
        assert get(f"{prefix}/info?end_user_id={customer}") == made
        updated = post(f"{prefix}/update", {"user_id": customer, "default_model": "gpt-4o"})
        assert (updated["default_model"], updated["alias"]) == ("gpt-4o", "Ada")
        assert customer in [found["user_id"] for found in get(f"{prefix}/list")]
        other = name("not-known-yet")
        blocked = post(f"{prefix}/block", {"user_ids": [customer, other]})["blocked_users"]
        assert [(found["user_id"], found["blocked"]) for found in blocked] == [(customer, True), (other, True)]
        (found,) = post(f"{prefix}/unblock", {"user_ids": [customer]})["blocked_users"]
        assert found["blocked"] is False
        assert post(f"{prefix}/delete", {"user_ids": [customer, other]})["deleted_customers"] == 2
        get(f"{prefix}/info?end_user_id={customer}", status=404)

    def test_a_budget_of_its_own_or_a_shared_one(self):
        budget = post("/budget/new", {"max_budget": 7})["budget_id"]
        made = post("/customer/new", {"user_id": name("customer"), "budget_id": budget})
        assert made["litellm_budget_table"]["budget_id"] == budget
        post("/customer/new", {"user_id": name("customer"), "budget_id": budget, "max_budget": 1}, status=400)


class TestTags:
    def test_their_life(self):
        tag = name("tag")
        made = post("/tag/new", {"name": tag, "description": "For tests", "models": ["gpt-4o"], "max_budget": 3})
        assert tag in made["message"] and made["tag"]["models"] == ["gpt-4o"]
        assert made["tag"]["litellm_budget_table"]["max_budget"] == 3.0
        assert post("/tag/info", {"names": [tag]})[tag]["description"] == "For tests"
        post("/tag/update", {"name": tag, "description": "Changed"})
        assert tag in [found["name"] for found in get("/tag/list")]
        assert post("/tag/info", {"names": [tag]})[tag]["description"] == "Changed"
        post("/tag/delete", {"name": tag})
        post("/tag/info", {"names": [tag]}, status=404)


class TestOrganisations:
    def test_their_life(self):
        made = post(
            "/organization/new",
            {"organization_alias": name("org"), "models": ["gpt-4o"], "max_budget": 100, "metadata": {"a": 1}},
        )
        organisation = made["organization_id"]
        assert made["litellm_budget_table"]["max_budget"] == 100.0
        team = post("/team/new", {"organization_id": organisation})["team_id"]
        added = post(
            "/organization/member_add",
            {"organization_id": organisation, "member": {"role": "org_admin", "user_id": name("user")}},
        )
        user = added["updated_users"][0]["user_id"]
        info = get(f"/organization/info?organization_id={organisation}")
        assert [found["team_id"] for found in info["teams"]] == [team]
        assert [(found["user_id"], found["user_role"]) for found in info["members"]] == [(user, "org_admin")]
        changed = call("PATCH", "/organization/update", {"organization_id": organisation, "max_budget": 50})
        assert (changed["max_budget"], changed["models"], changed["metadata"]) == (50.0, ["gpt-4o"], {"a": 1})
        assert organisation in [found["organization_id"] for found in get("/organization/list")]
        body = {"organization_id": organisation, "user_id": user, "role": "internal_user"}
        assert call("PATCH", "/organization/member_update", body)["user_role"] == "internal_user"
        call("DELETE", "/organization/member_delete", {"organization_id": organisation, "user_id": user})
        call("DELETE", "/organization/delete", {"organization_ids": [organisation]}, status=409)
        post("/team/delete", {"team_ids": [team]})
        (gone,) = call("DELETE", "/organization/delete", {"organization_ids": [organisation]})
        assert gone["organization_id"] == organisation
        get(f"/organization/info?organization_id={organisation}", status=404)

    def test_an_organisations_administrator(self):
        mine = post("/organization/new", {"organization_alias": name("org")})["organization_id"]
        other = post("/organization/new", {"organization_alias": name("org")})["organization_id"]
        user, key = person()
        post("/organization/member_add", {"organization_id": mine, "member": {"role": "org_admin", "user_id": user}})
        team = post("/team/new", {"organization_id": mine, "team_alias": name("team")}, key)
        assert team["members_with_roles"][0]["user_id"] == user
        post("/team/new", {"organization_id": other}, key, status=403)
        assert [found["organization_id"] for found in get("/organization/list", key)] == [mine]
        call("PATCH", "/organization/update", {"organization_id": mine, "max_budget": 10**6}, key, status=403)


class TestErrors:
    def test_their_shape(self):
        error = http("POST", f"{URL}/key/generate", b"{not json", MASTER_KEY)
        assert error.status == 400
        assert set(error.json()["error"]) == {"message", "type", "param", "code"}
        assert error.json()["error"]["code"] == "400"
        assert http("POST", f"{URL}/key/generate", {}).json()["error"]["type"] == "auth_error"
        error = http("PUT", f"{URL}/key/generate", {}, MASTER_KEY)
        assert (error.status, error.json()["error"]["code"]) == (405, "405")

    def test_a_key_that_may_only_call_models_manages_nothing(self):
        user, _ = person("proxy_admin")
        key = post("/key/generate", {"user_id": user, "key_type": "llm_api"})["key"]
        post("/key/generate", {}, key, status=403)
        reader = post("/key/generate", {"user_id": user, "key_type": "read_only"})["key"]
        get("/team/list", reader)
        post("/team/new", {}, reader, status=403)

    def test_who_is_here_is_not_told_to_those_who_may_not_know(self):
        team = post("/team/new")["team_id"]
        _, key = person(teams=[team])
        email = f"{name('known')}@example.com"
        post("/user/new", {"user_email": email, "auto_create_key": False})
        for address in [email, f"{name('unknown')}@example.com"]:
            for path, body in [
                ("/team/member_add", {"team_id": team, "member": {"role": "user", "user_email": address}}),
                ("/team/member_update", {"team_id": team, "user_email": address, "role": "admin"}),
                ("/team/member_delete", {"team_id": team, "user_email": address}),
                ("/team/new", {"members_with_roles": [{"role": "user", "user_email": address}]}),
            ]:
                assert post(path, body, key, status=403)["error"]["type"] == "auth_error", path
