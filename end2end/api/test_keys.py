"""Keys: made, used, changed, exchanged, blocked, deleted; each in force with the next call."""

import pytest
from conftest import Api


def works(key: str, provider) -> bool:
    return provider.ask("mock-echo", key) == 200


def test_a_whole_life(admin, name, provider):
    alias = name("alias")
    made = admin.post("keys", {"alias": alias, "limits": {"max_budget": "0.25"}, "user_id": None, "tags": ["x"]})
    key, path = made.pop("key"), f"keys/{made['id']}"
    assert key.startswith("sk-") and made["hint"].endswith(key[-4:])
    assert works(key, provider)
    shown = admin.get(path)
    assert "key" not in shown and shown["limits"]["max_budget"] == "0.25"
    assert admin.get(f"keys?alias={alias}")["items"][0]["id"] == made["id"]
    admin.post("keys", {"alias": alias}, 409)

    changed = admin.patch(path, {"models": ["gpt-4o"], "alias": None}, tag='"1"')
    assert (changed["models"], changed["alias"], changed["version"]) == (["gpt-4o"], None, 2)
    assert not works(key, provider)
    problem = admin.patch(path, {"models": []}, 412, tag='"1"')
    assert (problem["current_version"], problem["changed_by"]) == (2, "master_key")
    admin.patch(path, {"models": []}, tag='"2"')
    assert works(key, provider)

    assert admin.post(f"{path}/block", status=200)["status"] == "blocked"
    assert not works(key, provider)
    assert admin.get("keys?status=blocked")["items"][0]["id"] == made["id"]
    assert admin.post(f"{path}/unblock", status=200)["status"] == "active"
    assert works(key, provider)

    admin.delete(path, 412, tag='"1"')
    admin.delete(path)
    assert not works(key, provider)
    assert admin.get(path)["status"] == "deleted"
    admin.patch(path, {"models": []}, 404)
    admin.delete(path, 404)


def test_exchange(admin, provider):
    made = admin.post("keys", {})
    path = f"keys/{made['id']}"
    second = admin.post(f"{path}/rotate", {"grace_seconds": 60}, status=200)
    assert second["id"] == made["id"] and second["old_key_works_until"]
    assert works(made["key"], provider) and works(second["key"], provider)
    third = admin.post(f"{path}/rotate", status=200)
    assert not works(made["key"], provider) and not works(second["key"], provider)
    assert works(third["key"], provider)
    admin.post(f"{path}/rotate", {"grace_seconds": -1}, status=400)
    admin.post(f"{path}/rotate", {"key": third["key"]}, status=409)
    admin.post(f"{path}/collect", status=404)
    admin.post("keys/00000000-0000-7000-8000-000000000000/rotate", status=404)


def test_rotation_by_itself_is_kept(admin):
    made = admin.post("keys", {"rotation": {"interval_seconds": 3600}})
    rotation = admin.get(f"keys/{made['id']}")["rotation"]
    assert (rotation["interval_seconds"], rotation["grace_seconds"], rotation["pending"]) == (3600, 1800, False)
    assert admin.patch(f"keys/{made['id']}", {"rotation": None})["rotation"] is None
    admin.post("keys", {"rotation": {"interval_seconds": 1}}, 400)


def test_a_key_of_ones_own_choice(admin, name, provider):
    text = f"sk-{name('chosen-by-hand')}"
    made = admin.post("keys", {"key": text})
    assert made["key"] == text and works(text, provider)
    admin.post("keys", {"key": text}, 409)
    for bad in ["short", "sk-x", "pk-0123456789abcdef"]:
        assert admin.post("keys", {"key": bad}, 400)["field"] == "key"
    admin.post("keys", {"expires_at": "2001-01-01T00:00:00Z"}, 400)
    admin.post("keys", {"expires_at": "tomorrow"}, 400)


def test_filters(admin, name):
    team = admin.post("teams", {"name": "A"})["id"]
    user = admin.post("users", {"id": name("user")})["id"]
    of_team = admin.post("keys", {"team_id": team})["id"]
    of_user = admin.post("keys", {"user_id": user, "expires_at": "2099-01-01T00:00:00.000Z"})["id"]
    ids = lambda query: [key["id"] for key in admin.get(f"keys?{query}")["items"]]  # noqa: E731
    assert ids(f"team_id={team}") == [of_team]
    assert ids(f"user_id={user}") == [of_user]
    assert ids(f"user_id={user}&expires_before=2098-01-01T00:00:00Z") == []
    assert ids(f"user_id={user}&expires_before=2100-01-01T00:00:00Z") == [of_user]
    assert ids(f"user_id={user}&team_id={team}") == []


@pytest.mark.parametrize("key_type", ["default", "llm_api", "management", "read_only"])
def test_whoever_asks_is_told_who_they_are(admin, name, key_type):
    made = admin.post("keys", {"key_type": key_type, "user_id": None, "limits": {"rpm_limit": 7}})
    me = Api(made["key"]).get("me")
    assert (me["kind"], me["user"], me["key"]["id"]) == ("key", None, made["id"])
    assert me["key"]["limits"]["rpm_limit"] == 7 and me["key"]["usage"]["calls"] == 0
    Api(made["key"]).get("teams", 403)


def test_me_of_a_person_and_of_the_master_key(admin, person):
    user, api = person()
    team = admin.post("teams", {"name": "Blue", "members": [{"user_id": user["id"], "role": "admin"}]})
    me = api.get("me")
    assert (me["kind"], me["user"]["id"]) == ("user", user["id"])
    (membership,) = me["memberships"]
    assert (membership["team_id"], membership["name"], membership["role"]) == (team["id"], "Blue", "admin")
    me = admin.get("me")
    assert (me["kind"], me["user"], me["key"], me["memberships"]) == ("master_key", None, None, [])
    Api(None).get("me", 401)
    Api("sk-nobodys-key-at-all").get("me", 401)
