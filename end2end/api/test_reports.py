"""Sums, and files of everything."""

import csv
import io
import json

import pytest
from stack import wait_until


@pytest.fixture(scope="module")
def calls(admin, provider):
    """A team whose key has made three calls."""
    team = admin.post("teams", {"name": "Reports"})["id"]
    key = admin.post("keys", {"team_id": team, "tags": ["report"]})
    for _ in range(3):
        assert provider.ask("mock-echo", key["key"]) == 200
    wait_until(
        lambda: len(admin.get(f"requests?team_id={team}")["items"]) == 3, 10, "the calls are in the ledger"
    )
    return {"team": team, "key": key["id"]}


def test_sums(admin, calls):
    report = admin.get(f"usage?by=team,model&team_id={calls['team']}")
    (line,) = report["items"]
    assert line["group"] == {"team": calls["team"], "model": "mock-echo"}
    assert (line["calls"], line["errors"]) == (3, 0)
    costs = [entry["cost"] for entry in admin.get(f"requests?team_id={calls['team']}")["items"]]
    assert round(sum(map(float, costs)), 9) == float(line["cost"]) > 0
    (line,) = admin.get("usage?by=tag&tag=report")["items"]
    assert line["group"] == {"tag": "report"} and line["calls"] >= 3
    assert len(admin.get("usage")["items"]) == 1
    for bad in ["by=nonsense", "by=day,day", "by=tag,customer", "by=day,key,user,team,model", "since=2099-01-01T00:00:00Z", "limit=0"]:
        admin.get(f"usage?{bad}", 400)


def test_requests_as_files(admin, calls):
    path = f"exports/requests?key={calls['key']}"
    answer = admin.call("GET", path)
    assert answer.headers["content-type"].startswith("text/csv")
    assert "tollgate-requests.csv" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert [row["team_id"] for row in rows] == [calls["team"]] * 3
    lines = admin.call("GET", f"{path}&format=jsonl").body.decode().splitlines()
    assert [json.loads(line)["id"] for line in lines] == [row["id"] for row in rows]


def test_the_audit_log_as_a_file(admin, calls):
    path = f"exports/audit-events?resource_kind=team&resource_id={calls['team']}"
    rows = list(csv.DictReader(io.StringIO(admin.call("GET", path).body.decode())))
    assert [row["action"] for row in rows] == ["team.create"]
    # An export is itself put down.
    assert admin.get("audit-events?limit=1")["items"][0]["action"] == "audit.export"


def test_sums_as_files(admin, calls):
    path = f"exports/usage?team_id={calls['team']}"
    (row,) = csv.DictReader(io.StringIO(admin.call("GET", f"{path}&by=team,key").body.decode()))
    assert (row["team"], row["key"], row["calls"]) == (calls["team"], calls["key"], "3")
    (row,) = csv.DictReader(io.StringIO(admin.call("GET", f"{path}&layout=focus&by=team").body.decode()))
    assert row["SubAccountId"] == calls["team"] and float(row["BilledCost"]) > 0
    admin.get(f"{path}&layout=focus&by=day", 400)


def test_who_may_not_see_may_not_export(admin, person, calls):
    _, api = person()
    api.get("exports/audit-events", 403)
    assert len(api.call("GET", "exports/requests").body.decode().splitlines()) == 1
    _, viewer = person("viewer")
    viewer.get("exports/requests", 403)
