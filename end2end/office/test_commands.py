"""`tollgate export …`: what the REST API gives, at the command line."""

import csv
import io
import json

import pytest
from commands import run

from stack import Gateway, wait_until

HELLO = {"model": "mock-echo", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture(scope="module")
def team(gateway: Gateway) -> str:
    """A team whose key has made three calls, one of which failed; beside it, the master key has made one."""
    team = gateway.call("POST", "/api/v1/teams", {"id": "blue", "name": "Blue"}).json()["id"]
    key = gateway.new_key(team_id=team)
    for model, status in [("mock-echo", 200), ("mock-echo", 200), ("mock-status-500", 500)]:
        assert gateway.call("POST", "/v1/chat/completions", HELLO | {"model": model}, key).status == status
    assert gateway.call("POST", "/v1/chat/completions", HELLO).status == 200
    wait_until(lambda: len(requests(gateway)) == 4, 10, "the calls are in the ledger")
    return team


def requests(gateway: Gateway) -> list[dict]:
    return gateway.call("GET", "/api/v1/requests").json()["items"]


def rows(text: bytes) -> list[dict]:
    return list(csv.DictReader(io.StringIO(text.decode())))


def last_line_of_the_audit_log(gateway: Gateway) -> dict:
    return gateway.call("GET", "/api/v1/audit-events?limit=1").json()["items"][0]


def test_charges(gateway: Gateway, team: str):
    told = run(gateway, "export", "charges", "--team", team).stdout
    assert len(rows(told)) == 3
    assert told == gateway.call("GET", f"/api/v1/exports/requests?team_id={team}").body
    told = run(gateway, "export", "charges", "--team", team, "--format", "jsonl").stdout
    assert told == gateway.call("GET", f"/api/v1/exports/requests?team_id={team}&format=jsonl").body
    assert len(rows(run(gateway, "export", "charges").stdout)) == 4
    (failed,) = rows(run(gateway, "export", "charges", "--status", "failed", "--model", "mock-status-500").stdout)
    assert (failed["status"], failed["team_id"]) == ("500", team)
    (masters,) = rows(run(gateway, "export", "charges", "--key", "master_key").stdout)
    assert masters["key_id"] == "master_key"
    assert rows(run(gateway, "export", "charges", "--until", "2020-01-01T00:00:00Z").stdout) == []


def test_usage(gateway: Gateway, team: str):
    told = run(gateway, "export", "usage", "--by", "team,model", "--team", team).stdout
    assert told == gateway.call("GET", f"/api/v1/exports/usage?by=team,model&team_id={team}").body
    assert {(row["team"], row["model"], row["calls"]) for row in rows(told)} == {
        (team, "mock-echo", "2"),
        (team, "mock-status-500", "1"),
    }
    told = run(gateway, "export", "usage", "--focus", "--by", "team").stdout
    assert {row["SubAccountId"] for row in rows(told)} == {team, ""}
    (whole,) = map(json.loads, run(gateway, "export", "usage", "--format", "jsonl").stdout.splitlines())
    assert whole["calls"] == 4
    for wrong in [["--by", "nonsense"], ["--by", "tag,customer"], ["--focus", "--by", "day"], ["--since", "yesterday"]]:
        assert run(gateway, "export", "usage", *wrong, status=1).stdout == b""


def test_the_ledger_balances(gateway: Gateway, team: str):
    told = run(gateway, "ledger", "verify").stdout.decode()
    assert "rows of usage_hours" in told and "The ledger balances: 4 charges, $" in told, told


def test_into_a_file(gateway: Gateway, team: str, tmp_path):
    file = tmp_path / "charges.csv"
    assert run(gateway, "export", "charges", "-o", str(file)).stdout == b""
    written = file.read_bytes()
    assert len(rows(written)) == 4
    # What is there already is not overwritten.
    told = run(gateway, "export", "charges", "-o", str(file), "--team", team, status=1)
    assert b"exists" in told.stderr and file.read_bytes() == written


def test_an_export_is_in_the_audit_log(gateway: Gateway, team: str):
    run(gateway, "export", "charges", "--team", team)
    line = last_line_of_the_audit_log(gateway)
    assert (line["action"], line["actor_kind"]) == ("request.export", "system")
    assert line["after"]["team"] == team
    run(gateway, "export", "usage", "--team", team)
    line = last_line_of_the_audit_log(gateway)
    assert (line["action"], line["actor_kind"]) == ("request.export", "system")
    run(gateway, "export", "charges", "--format", "xml", status=1)
    assert last_line_of_the_audit_log(gateway)["id"] == line["id"]
