"""A request that is sent again is not done again."""

from concurrent.futures import ThreadPoolExecutor


def count(admin, mark: str) -> int:
    return len(admin.get(f"teams?search={mark}&limit=500")["items"])


def test_the_same_again_gives_the_same_answer(admin, name):
    mark, key = name("once"), {"idempotency-key": name("key")}
    first = admin.call("POST", "teams", {"name": mark}, key)
    again = admin.call("POST", "teams", {"name": mark}, key)
    assert (first.status, first.body) == (again.status, again.body) == (201, first.body)
    for header in ["etag", "location", "content-type"]:
        assert first.headers[header] == again.headers[header]
    assert "idempotent-replayed" not in first.headers and again.headers["idempotent-replayed"] == "true"
    assert count(admin, mark) == 1
    problem = admin.post("teams", {"name": f"{mark} other"}, 422, headers=key)
    assert problem["type"] == "/api/problems/idempotency-key-reused"
    assert count(admin, mark) == 1


def test_a_new_key_is_shown_again_to_whoever_made_it(admin, name, person):
    header = {"idempotency-key": name("key")}
    first = admin.post("keys", {}, headers=header)
    assert admin.post("keys", {}, headers=header)["key"] == first["key"]
    rotated = admin.post(f"keys/{first['id']}/rotate", status=200, headers=header)
    assert rotated["key"] != first["key"]
    assert admin.post(f"keys/{first['id']}/rotate", status=200, headers=header)["key"] == rotated["key"]
    # Another person's key of the same name is another key.
    _, other = person("admin")
    assert other.post("keys", {}, headers=header)["id"] != first["id"]


def test_of_many_at_once_one_is_done(admin, name):
    mark, key = name("once"), {"idempotency-key": name("key")}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: admin.call("POST", "teams", {"name": mark}, key), range(16)))
    assert {answer.status for answer in answers} <= {201, 409}
    assert len({answer.body for answer in answers if answer.status == 201}) == 1
    assert count(admin, mark) == 1


def test_what_was_refused_can_be_tried_again(admin, name):
    mark, key = name("budget"), {"idempotency-key": name("key")}
    admin.post("teams", {"name": mark, "budget_id": mark}, 400, headers=key)
    admin.post("budgets", {"id": mark, "name": mark})
    admin.post("teams", {"name": mark, "budget_id": mark}, headers=key)
    for bad in ["", " ", "x" * 256]:
        admin.post("teams", {"name": mark}, 400, headers={"idempotency-key": bad})
    assert count(admin, mark) == 1


def test_an_answer_of_any_size(admin, name):
    metadata = {f"key {i}": "ü" * 50 for i in range(500)}
    body, key = {"name": name("large"), "metadata": metadata}, {"idempotency-key": name("key")}
    first = admin.post("teams", body, headers=key)
    assert first["metadata"] == metadata
    assert admin.post("teams", body, headers=key) == first
