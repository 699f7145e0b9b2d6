"""Providers that don't count: what a call probably used is charged, and the charge says that it is an estimate."""

import pytest
from ledger import Ledger

from stack import Gateway, Mock, wait_until

PROMPT = "Count from one to thirty, in figures, with a space after each."
# As the mock counts: each number is a token, and a space another or a part of it.
TOKENS = 30


def ask(gateway: Gateway, model: str, stream: bool, **fields):
    body = {"model": f"mock-{model}+tokens-{TOKENS}", "messages": [{"role": "user", "content": PROMPT}], **fields}
    return gateway.call("POST", "/v1/chat/completions", {**body, "stream": stream}, gateway.new_key())


def cost(charge: dict) -> int:
    fresh = charge["input_tokens"] - charge["cache_read_tokens"]
    return fresh * 2000 + charge["cache_read_tokens"] * 500 + charge["output_tokens"] * 8000


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_without_a_count(gateway: Gateway, mock: Mock, ledger: Ledger, stream: bool):
    assert ask(gateway, "no-usage", stream).status == 200
    [charge] = ledger.wait_for(1)
    assert (charge["certainty"], charge["outcome"]) == ("estimated", "success")
    assert TOKENS <= charge["output_tokens"] <= 2 * TOKENS + 2
    assert 10 <= charge["input_tokens"] <= 25
    assert charge["cost_nanos"] == cost(charge) > 0
    ledger.balance(mock)


@pytest.mark.parametrize("stream", [False, True])
def test_an_estimate_keeps_to_what_was_set_aside(gateway: Gateway, ledger: Ledger, stream: bool):
    assert ask(gateway, "no-usage", stream, max_tokens=7).status == 200
    [charge] = ledger.wait_for(1)
    assert charge["certainty"] == "estimated" and charge["output_tokens"] <= 7


@pytest.mark.parametrize("reset", ["", "+rst"])
def test_a_stream_that_breaks_off(gateway: Gateway, mock: Mock, ledger: Ledger, reset: str):
    ask(gateway, f"cut-after-20{reset}", True)
    [charge] = ledger.wait_for(1)
    assert (charge["certainty"], charge["outcome"]) == ("estimated", "upstream_broken")
    assert 20 <= charge["output_tokens"] <= 42
    assert charge["cost_nanos"] == cost(charge) > 0
    ledger.balance(mock)


def test_a_stream_that_breaks_off_with_a_count_so_far(gateway: Gateway, ledger: Ledger):
    ask(gateway, "usage-each+cut-after-20+prompt-1000+cached-400", True)
    [charge] = ledger.wait_for(1)
    assert (charge["certainty"], charge["outcome"]) == ("partial", "upstream_broken")
    assert (charge["input_tokens"], charge["cache_read_tokens"], charge["output_tokens"]) == (1000, 400, 20)
    assert charge["cost_nanos"] == cost(charge)


@pytest.mark.parametrize("place", ["usage-each", "usage-on-last", "usage-always"])
def test_wherever_the_count_is(gateway: Gateway, mock: Mock, ledger: Ledger, place: str):
    assert ask(gateway, f"{place}+prompt-1000+cached-400+reasoning-8", True).status == 200
    [charge] = ledger.wait_for(1)
    # Once, however often it was told.
    assert (charge["certainty"], charge["output_tokens"], charge["reasoning_tokens"]) == ("measured", TOKENS + 8, 8)
    assert charge["cost_nanos"] == 600 * 2000 + 400 * 500 + (TOKENS + 8) * 8000
    ledger.balance(mock)


def test_what_failed_is_not_estimated(gateway: Gateway, mock: Mock, ledger: Ledger):
    ask(gateway, "status-500", True)
    ask(gateway, "error-after-3", True)
    charges = ledger.wait_for(2)
    assert [charge["cost_nanos"] for charge in charges] == [0, 0]
    wait_until(lambda: mock.stats()["concurrent"] == 0, 5, "no stream is left open")
