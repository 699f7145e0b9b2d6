"""Budgets under many calls at once: what is spent and what is set aside never go beyond the limit, and nobody is refused
who could have been served."""

import json
import os
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from ledger import Ledger
from load import Load

from stack import Answer, Gateway, Mock

# Nano-dollars, of the models `mock-*`.
INPUT, OUTPUT = 2_000, 8_000
MAX_TOKENS = 40
AFFORDABLE, CALLS = 37, 200


def body(model: str, stream: bool = False, **more) -> bytes:
    ask = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": MAX_TOKENS, **more}
    return json.dumps({**ask, "stream": True} if stream else ask).encode()


def worth(ask: bytes) -> int:
    """What is set aside for a call: each byte may be a token of the prompt."""
    return len(ask) * INPUT + MAX_TOKENS * OUTPUT


def dollars(nanos: int) -> float:
    return float(Decimal(nanos) / 10**9)


def chat(gateway: Gateway, key: str, ask: bytes) -> Answer:
    return gateway.call("POST", "/v1/chat/completions", ask, key, timeout=60)


def at_once(gateway: Gateway, key: str, asks: list[bytes]) -> list[Answer]:
    barrier = threading.Barrier(len(asks))

    def call(ask: bytes) -> Answer:
        barrier.wait(30)
        return chat(gateway, key, ask)

    with ThreadPoolExecutor(len(asks)) as pool:
        return list(pool.map(call, asks))


def post(gateway: Gateway, path: str, fields: dict) -> dict:
    answer = gateway.call("POST", f"/api/v1/{path}", fields)
    assert answer.status in (200, 201), answer.body
    return answer.json()


def limited(gateway: Gateway, level: str, limit: int, model: str) -> tuple[str, dict]:
    """A key whose calls are limited at this level, and what its calls have to say beside."""
    fields = {"max_budget": dollars(limit)}
    if level == "key":
        return gateway.new_key(**fields), {}
    if level == "window":
        return gateway.new_key(budget_limits=[{"budget_duration": "1h", **fields}]), {}
    if level == "model":
        return gateway.new_key(model_max_budget={model: {"budget_limit": fields["max_budget"], "time_period": "1d"}}), {}
    if level == "budget":
        budget = gateway.call("POST", "/budget/new", {"budget_id": "shared", **fields})
        assert budget.status == 200, budget.body
        return gateway.new_key(budget_id="shared"), {}
    if level == "customer":
        assert gateway.call("POST", "/customer/new", {"user_id": "customer-1", **fields}).status == 200
        return gateway.new_key(), {"user": "customer-1"}
    if level == "tag":
        assert gateway.call("POST", "/tag/new", {"name": "tag-1", **fields}).status == 200
        return gateway.new_key(), {"metadata": {"tags": ["tag-1"]}}
    if level == "user":
        assert gateway.call("POST", "/user/new", {"user_id": "user-1", "auto_create_key": False, **fields}).status == 200
        return gateway.new_key(user_id="user-1"), {}
    if level == "organisation":
        answer = gateway.call("POST", "/organization/new", {"organization_alias": "acme", **fields})
        assert answer.status == 200, answer.body
        team = gateway.call("POST", "/team/new", {"organization_id": answer.json()["organization_id"]})
        return gateway.new_key(team_id=team.json()["team_id"]), {}
    if level == "team":
        team = gateway.call("POST", "/team/new", fields).json()["team_id"]
        return gateway.new_key(team_id=team), {}
    assert level == "member"
    team = gateway.call("POST", "/team/new", {}).json()["team_id"]
    assert gateway.call("POST", "/user/new", {"user_id": "user-2", "auto_create_key": False}).status == 200
    member = {"role": "user", "user_id": "user-2"}
    added = gateway.call(
        "POST", "/team/member_add", {"team_id": team, "member": member, "max_budget_in_team": fields["max_budget"]}
    )
    assert added.status == 200, added.body
    return gateway.new_key(team_id=team, user_id="user-2"), {}


LEVELS = ["key", "window", "model", "budget", "user", "team", "member", "organisation", "customer", "tag"]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("level", LEVELS)
def test_exactly_as_many_as_are_affordable(gateway: Gateway, mock: Mock, ledger: Ledger, level: str, stream: bool):
    model = "mock-delay-4000+tokens-20"
    more = {"customer": {"user": "customer-1"}, "tag": {"metadata": {"tags": ["tag-1"]}}}.get(level, {})
    ask = body(model, stream, **more)
    each = worth(ask)
    limit = AFFORDABLE * each + each // 2
    key, said = limited(gateway, level, limit, "mock-*" if level == "model" else model)
    assert said == more
    # Whatever has to be looked up is there before.
    assert chat(gateway, key, body("mock-status-400")).status == 400

    answers = at_once(gateway, key, [ask] * CALLS)
    assert Counter(answer.status for answer in answers) == {200: AFFORDABLE, 402: CALLS - AFFORDABLE}
    refused = next(answer for answer in answers if answer.status == 402)
    error = refused.json()["error"]
    assert (error["type"], error["code"]) == ("budget_exceeded", "402")
    assert error["message"].startswith("Budget has been exceeded!"), error
    for word in ("limit $", "spent $", "held by calls under way $", "this call may cost $"):
        assert word in error["message"]
    # Those under way may use less than they hold.
    assert refused.headers["retry-after"] == "1"
    assert mock.stats()["calls"] == AFFORDABLE + 1, "a refused call reaches nobody"

    # What they did not use serves later ones, until less than one call's worth is left.
    quick = body("mock-tokens-20+prompt-10", stream, **more)
    quick += b" " * (len(ask) - len(quick))
    while (answer := chat(gateway, key, quick)).status == 200:
        pass
    assert answer.status == 402, answer.body
    spent = sum(charge["cost_nanos"] for charge in ledger.balance(mock))
    assert limit - each < spent <= limit


def test_of_several_models_retried(gateway: Gateway, mock: Mock, ledger: Ledger):
    """Calls of different worth, some of which fail: never beyond the limit, and the rest is of no use to any of them."""
    models = ["mock-tokens-20", "gpt-4o", "mock-status-500", "mock-delay-20+tokens-40", "mock-tokens-5"]
    asks = [body(model, stream) for model in models for stream in (False, True)]
    limit = 60 * worth(asks[0])
    key = gateway.new_key(max_budget=dollars(limit))
    seed = random.Random(7)

    def until_refused(_):
        count = 0
        while True:
            status = chat(gateway, key, seed.choice(asks)).status
            if status == 402:
                return count
            assert status in (200, 500)
            count += 1

    with ThreadPoolExecutor(16) as pool:
        served = sum(pool.map(until_refused, range(16)))
    spent = sum(charge["cost_nanos"] for charge in ledger.balance(mock))
    assert spent <= limit
    assert served > 60
    for ask in asks:
        if b"gpt-4o" not in ask:
            status = chat(gateway, key, ask).status
            assert status == (200 if limit - spent >= worth(ask) else 402), (limit, spent, ask)
            if status == 200:
                break


def test_nobody_is_refused_who_can_be_served(gateway: Gateway, mock: Mock, ledger: Ledger):
    """Failing providers and clients that leave: what is set aside for them comes back."""
    models = ["mock-tokens-5", "mock-status-500", "mock-cut-after-4", "mock-chunk-delay-1+tokens-8", "mock-status-429"]
    # More, when there is time.
    calls = int(os.environ.get("TOLLGATE_CALLS", "3000"))
    limit = calls * 1_000_000
    key = gateway.new_key(max_budget=dollars(limit))
    loads = [Load(gateway.url, key, models, calls // 3, threads=16, leave=leave, max_tokens=MAX_TOKENS) for leave in (0, 0, 5)]
    results = sum((load.join() for load in loads), Counter())
    assert 402 not in results and results[200] > calls // 3, results
    ledger.balance(mock)
    # With the limit at what was spent and one call's worth, one call fits: nothing is set aside any more.
    ask = body("mock-tokens-5")
    spent = sum(charge["cost_nanos"] for charge in ledger.charges())
    for beyond, status in ((worth(ask) - 1, 402), (worth(ask), 200)):
        update = {"key": key, "max_budget": dollars(spent + beyond)}
        assert gateway.call("POST", "/key/update", update).status == 200
        assert chat(gateway, key, ask).status == status, (spent, beyond)


def test_what_was_spent_outlives_the_process(gateway: Gateway, mock: Mock, ledger: Ledger):
    ask = body("mock-tokens-20")
    limit = 3 * worth(ask)
    key = gateway.new_key(max_budget=dollars(limit), budget_duration="30d")
    team = gateway.call("POST", "/team/new", {}).json()["team_id"]
    for kill in (True, False):
        assert chat(gateway, key, ask).status == 200
        gateway.kill() if kill else gateway.stop()
        gateway.start()
    spent = sum(charge["cost_nanos"] for charge in ledger.balance(mock))
    assert spent > 0
    update = {"key": key, "max_budget": dollars(spent + worth(ask) - 1)}
    assert gateway.call("POST", "/key/update", update).status == 200
    refused = chat(gateway, key, ask)
    assert refused.status == 402
    assert f"spent ${Decimal(spent).scaleb(-9).normalize():f}," in refused.json()["error"]["message"]
    # A key that was moved to a team still has spent what it spent; the team has not.
    assert gateway.call("POST", "/key/update", {"key": key, "team_id": team}).status == 200
    assert chat(gateway, key, ask).status == 402
    assert chat(gateway, gateway.new_key(team_id=team), ask).status == 200


def test_a_raised_limit_is_in_force_at_once(gateway: Gateway, mock: Mock):
    ask = body("mock-tokens-20")
    key = gateway.new_key(max_budget=0)
    assert chat(gateway, key, ask).status == 402
    assert gateway.call("POST", "/key/update", {"key": key, "max_budget": 1}).status == 200
    assert chat(gateway, key, ask).status == 200
    increase = {"temp_budget_increase": 5, "temp_budget_expiry": "1h", "max_budget": 0}
    assert gateway.call("POST", "/key/update", {"key": key, **increase}).status == 200
    assert chat(gateway, key, ask).status == 200
    assert mock.stats()["calls"] == 2


def test_an_answer_of_any_length_is_kept_within_the_budget(gateway: Gateway, mock: Mock, ledger: Ledger):
    """Without a limit of the client's own, the provider is told how much is affordable."""
    ask = json.dumps({"model": "mock-tokens-5000", "messages": [{"role": "user", "content": "Write"}]}).encode()
    limit = len(ask) * INPUT + 1000 * OUTPUT
    key = gateway.new_key(max_budget=dollars(limit))
    answer = chat(gateway, key, ask)
    assert answer.status == 200
    assert answer.json()["choices"][0]["finish_reason"] == "length"
    assert answer.json()["usage"]["completion_tokens"] == 1000
    assert chat(gateway, key, ask).status == 402, "too little is left for an answer"
    assert sum(charge["cost_nanos"] for charge in ledger.balance(mock)) <= limit
    # Nobody else is told anything.
    assert chat(gateway, gateway.new_key(), ask).json()["usage"]["completion_tokens"] == 5000


def test_a_model_without_a_price_and_a_budget(gateway: Gateway):
    config = gateway.directory / "config.yaml"
    params = f"{{model: openai/nobody-knows, api_base: {gateway.mock_url}/v1, api_key: sk-upstream-0123456789abcdef}}"
    text = config.read_text()
    config.write_text(text.replace("model_list:\n", f"model_list:\n  - model_name: free\n    litellm_params: {params}\n"))
    gateway.stop()
    gateway.start()
    ask = body("free")
    assert chat(gateway, gateway.new_key(), ask).status == 200
    answer = chat(gateway, gateway.new_key(max_budget=100), ask)
    assert (answer.status, answer.json()["error"]["type"]) == (400, "model_without_price")


def test_a_blocked_customer(gateway: Gateway, mock: Mock):
    key = gateway.new_key()
    customer = {"user_id": "customer-9", "max_budget": 1}
    assert gateway.call("POST", "/customer/new", customer).status == 200
    ask = body("mock-tokens-5", user="customer-9")
    assert chat(gateway, key, ask).status == 200
    assert gateway.call("POST", "/customer/block", {"user_ids": ["customer-9"]}).status == 200
    assert chat(gateway, key, ask).status == 401
    assert gateway.call("POST", "/customer/unblock", {"user_ids": ["customer-9"]}).status == 200
    assert chat(gateway, key, ask).status == 200
    assert mock.stats()["calls"] == 2


def test_limits_of_the_configuration(gateway: Gateway):
    ask = body("mock-tokens-20")
    limit = worth(ask) * 3 // 2
    config = gateway.directory / "config.yaml"
    settings = f"litellm_settings:\n  max_budget: {Decimal(limit).scaleb(-9):f}\n  budget_exceeded_status_code: 429\n"
    config.write_text(config.read_text() + settings)
    gateway.stop()
    gateway.start()
    # Each costs 180,000 nano-dollars, and a third may cost more than is left.
    statuses = [chat(gateway, key, ask) for key in (gateway.new_key(), gateway.new_key(), gateway.new_key())]
    assert [answer.status for answer in statuses] == [200, 200, 429]
    error = statuses[2].json()["error"]
    assert error["type"] == "budget_exceeded" and "gateway: limit $" in error["message"], error
