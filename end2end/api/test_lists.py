"""Lists: every row once, whatever the order and the size of the page."""

from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture(scope="module")
def marked(admin):
    """Many teams that one search finds; some have the same name."""
    mark = "page-mark"
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: admin.post("teams", {"name": f"{mark} Name {i % 40:02} % _ ü"}), range(130)))
    return mark


@pytest.mark.parametrize("limit", [1, 7, 65, 130, 500])
@pytest.mark.parametrize("order", ["newest", "oldest", "name"])
def test_every_row_comes_once(admin, marked, limit, order):
    pages = admin.pages(f"teams?search={marked}&order={order}", limit)
    rows = [team for page in pages for team in page]
    assert len({team["id"] for team in rows}) == len(rows) == 130
    assert all(len(page) == limit for page in pages[:-1])
    key = {"newest": "created_at", "oldest": "created_at", "name": "name"}[order]
    values = [team[key].lower() for team in rows]
    assert values == sorted(values, reverse=order == "newest")


def test_rows_that_come_meanwhile_move_nothing(admin, marked):
    first = admin.get(f"teams?search={marked}&limit=50")
    admin.post("teams", {"name": f"{marked} new"})
    second = admin.get(f"teams?search={marked}&limit=500&cursor={first['next']}")
    assert len(first["items"]) + len(second["items"]) == 130
    assert not {team["id"] for team in first["items"]} & {team["id"] for team in second["items"]}


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "cursor=nonsense", "order=up", "blocked=perhaps", "unknown=1", "search=%00"]
)
def test_queries_are_checked(admin, query):
    assert admin.get(f"teams?{query}", 400)["field"] == query.split("=")[0]


def test_a_search_takes_every_sign_as_it_is(admin, name):
    odd = name("100% _sure\\ 'q\" ü")
    admin.post("teams", {"name": odd})
    from urllib.parse import quote

    assert [team["name"] for team in admin.get(f"teams?search={quote(odd)}")["items"]] == [odd]
    assert admin.get("teams?search=%25%25%25%25")["items"] == []
