"""Two who change the same thing: the second is told, and nothing is lost."""

from concurrent.futures import ThreadPoolExecutor


def test_two_administrators_edit_the_same_team(admin, person):
    anna, as_anna = person("admin")
    _, as_bert = person("admin")
    team = admin.post("teams", {"name": "Blue", "models": ["gpt-4o"]})["id"]
    path = f"teams/{team}"
    seen_by_anna = as_anna.call("GET", path).headers["etag"]
    seen_by_bert = as_bert.call("GET", path).headers["etag"]
    assert seen_by_anna == seen_by_bert == '"1"'

    after = as_anna.patch(path, {"models": ["gpt-4o", "mock-*"]}, tag=seen_by_anna)
    problem = as_bert.patch(path, {"models": ["gpt-4o", "o3"]}, 412, tag=seen_by_bert)
    assert problem["type"] == "/api/problems/changed-meanwhile"
    assert problem["changed_by"] == anna["id"] and problem["changed_at"] == after["updated_at"]
    assert problem["current_version"] == 2 and anna["id"] in problem["detail"]
    assert admin.get(path)["models"] == ["gpt-4o", "mock-*"]

    # With what Anna did before his eyes, Bert does it again.
    answer = as_bert.call("GET", path)
    models = answer.json()["models"] + ["o3"]
    assert as_bert.patch(path, {"models": models}, tag=answer.headers["etag"])["models"] == ["gpt-4o", "mock-*", "o3"]
    # The deletion of what was changed meanwhile is refused like its change.
    as_anna.delete(path, 412, tag='"2"')


def test_changes_of_different_fields_do_not_undo_each_other(admin, person):
    _, other = person("admin")
    team = admin.post("teams", {"name": "Blue"})["id"]
    with ThreadPoolExecutor(8) as pool:
        changes = [{"name": "Green"}, {"tags": ["x"]}, {"models": ["gpt-4o"]}, {"limits": {"rpm_limit": 5}}]
        changes += [{"metadata": {f"key-{i}": i}} for i in range(12)]
        callers = [admin, other] * len(changes)
        done = list(pool.map(lambda pair: pair[0].patch(f"teams/{team}", pair[1]), zip(callers, changes)))
    assert sorted(one["version"] for one in done) == list(range(2, 2 + len(changes)))
    after = admin.get(f"teams/{team}")
    assert (after["name"], after["tags"], after["models"]) == ("Green", ["x"], ["gpt-4o"])
    assert after["limits"]["rpm_limit"] == 5
    assert after["metadata"] == {f"key-{i}": i for i in range(12)}


def test_of_many_with_the_same_tag_one_wins(admin):
    team = admin.post("teams", {"name": "Blue"})["id"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda i: admin.call("PATCH", f"teams/{team}", {"name": f"name {i}"}, {"if-match": '"1"'}), range(8)
            )
        )
    assert sorted(answer.status for answer in answers) == [200] + [412] * 7
    (winner,) = [answer.json() for answer in answers if answer.status == 200]
    assert admin.get(f"teams/{team}")["name"] == winner["name"]


def test_of_many_with_the_same_id_one_is_made(admin, name):
    id = name("team")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: admin.call("POST", "teams", {"id": id, "name": f"{i}"}), range(8)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 7
