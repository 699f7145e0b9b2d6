"""Limits in shadow: nobody is refused, and it is told who would have been; the same limit enforced refuses as many, and
so does a replay of the calls on record."""

import json
import time
from decimal import Decimal

from stack import Gateway

CALLS = 12
MAX_TOKENS = 40
INPUT, OUTPUT = 2_000, 8_000


def body() -> bytes:
    messages = [{"role": "user", "content": "Hello"}]
    return json.dumps({"model": "mock-echo", "messages": messages, "max_tokens": MAX_TOKENS}).encode()


def dollars(nanos: int) -> str:
    return str(Decimal(nanos) / 10**9)


def make(gateway: Gateway, limits: dict) -> tuple[str, str]:
    made = gateway.call("POST", "/api/v1/keys", {"limits": limits})
    assert made.status == 201, made.body
    return made.json()["id"], made.json()["key"]


def statuses(gateway: Gateway, key: str) -> list[int]:
    return [gateway.call("POST", "/v1/chat/completions", body(), key, timeout=60).status for _ in range(CALLS)]


def get(gateway: Gateway, path: str) -> dict:
    answer = gateway.call("GET", f"/api/v1/{path}")
    assert answer.status == 200, answer.body
    return answer.json()


def until(condition) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


def spent(gateway: Gateway, key: str) -> tuple[int, Decimal]:
    items = get(gateway, f"usage?key={key}")["items"]
    return (items[0]["calls"], Decimal(items[0]["cost"])) if items else (0, Decimal(0))


def test_a_shadow_the_limit_itself_and_the_past_agree(gateway: Gateway) -> None:
    # What one call costs is asked for once; a limit for a few calls and what they reserve.
    probe, key = make(gateway, {})
    assert gateway.call("POST", "/v1/chat/completions", body(), key).status == 200
    until(lambda: spent(gateway, probe)[0] == 1)
    cost = int(spent(gateway, probe)[1] * 10**9)
    worth = len(body()) * INPUT + MAX_TOKENS * OUTPUT
    assert 0 < cost <= worth
    limit = {"max_budget": dollars(4 * cost + worth), "budget_duration": "30d"}

    enforced, key = make(gateway, limit)
    found = statuses(gateway, key)
    refused = found.count(402)
    assert 0 < refused < CALLS and found == [200] * (CALLS - refused) + [402] * refused

    shadowed, key = make(gateway, {"shadow": limit})
    assert statuses(gateway, key) == [200] * CALLS, "a limit in shadow refuses nobody"
    until(lambda: spent(gateway, shadowed)[0] == CALLS)

    def shadow() -> list[dict]:
        return get(gateway, f"budget-events/shadow?account_kind=key&account_id={shadowed}")["items"]

    until(lambda: shadow() and shadow()[0]["calls"] == refused)
    told = shadow()[0]
    assert told["account"] == {"kind": "key", "id": shadowed, "model": None}
    assert told["limit_name"] == "budget a month"
    assert Decimal(told["saved"]) * 10**9 == refused * cost
    events = get(gateway, f"budget-events?kind=shadow&account_id={shadowed}")["items"]
    assert len(events) == refused
    assert {event["asked"] for event in events} == {dollars(worth)}
    for event in events:
        assert get(gateway, f"requests/{event['request_id']}")["cost"] == event["cost"]

    answer = gateway.call("POST", "/api/v1/limits/replay", {"account": f"key:{shadowed}", "limits": limit})
    assert answer.status == 200, answer.body
    played = answer.json()
    assert (played["calls"], played["refused"], played["complete"]) == (CALLS, refused, True)
    assert Decimal(played["saved"]) * 10**9 == refused * cost
    assert played["first"]["request_id"] == events[-1]["request_id"], "the first that the shadow told of"
    # What was refused is no charge: played to what was really called, the limit refuses nothing.
    answer = gateway.call("POST", "/api/v1/limits/replay", {"account": f"key:{enforced}", "limits": limit})
    assert (answer.json()["calls"], answer.json()["refused"]) == (CALLS - refused, 0)


def test_marks_are_told_once(gateway: Gateway) -> None:
    worth = len(body()) * INPUT + MAX_TOKENS * OUTPUT
    limits = {"max_budget": dollars(100 * worth), "soft_budget": "0.000000001"}
    id, key = make(gateway, limits)
    assert statuses(gateway, key) == [200] * CALLS
    until(lambda: get(gateway, f"budget-events?account_id={id}")["items"])
    until(lambda: spent(gateway, id)[0] == CALLS)
    events = get(gateway, f"budget-events?account_id={id}")["items"]
    assert [event["kind"] for event in events] == ["soft_limit"]
