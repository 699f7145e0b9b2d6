"""Streams between dialects: metered by what the provider says, whatever the caller is told of it."""

import json

import pytest
from ledger import Ledger

from stack import Gateway, Mock, wait_until

INPUT, OUTPUT = 2_000, 8_000
BEHIND = ["like-", "claude-", "gemini-", "nova-"]
SAID = {"role": "user", "content": "Count."}


def chat(model: str, limit: int) -> tuple[str, dict]:
    return "/v1/chat/completions", {"model": model, "messages": [SAID], "max_tokens": limit, "stream": True}


def messages(model: str, limit: int) -> tuple[str, dict]:
    return "/v1/messages", {"model": model, "messages": [SAID], "max_tokens": limit, "stream": True}


def responses(model: str, limit: int) -> tuple[str, dict]:
    return "/v1/responses", {"model": model, "input": "Count.", "max_output_tokens": limit, "stream": True}


def generate(model: str, limit: int) -> tuple[str, dict]:
    body = {"contents": [{"role": "user", "parts": [{"text": "Count."}]}], "generationConfig": {"maxOutputTokens": limit}}
    return f"/v1beta/models/{model}:streamGenerateContent?alt=sse", body


FRONTS = [chat, messages, responses, generate]


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("behind", BEHIND)
def test_a_stream_that_outgrows_its_reservation(gateway: Gateway, mock: Mock, ledger: Ledger, front, behind: str):
    path, body = front(f"{behind}tokens-2000+over+chunk-delay-1", 40)
    body = json.dumps(body).encode()
    limit = len(body) * INPUT + 640 * OUTPUT
    key = gateway.new_key(max_budget=limit / 1e9)
    answer = gateway.call("POST", path, body, key)
    assert answer.status == 200, answer.body
    assert b"budget" in answer.body[-1200:], answer.body[-600:]
    [charge] = ledger.wait_for(1)
    assert charge["outcome"] == "interrupted" and 40 < charge["output_tokens"] < 700, charge
    assert charge["cost_nanos"] <= limit
    wait_until(lambda: mock.stats()["concurrent"] == 0, 5, "the provider's connection is closed")


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("behind", BEHIND)
def test_a_stream_that_breaks_off(gateway: Gateway, mock: Mock, ledger: Ledger, front, behind: str):
    path, body = front(f"{behind}cut-after-20+tokens-60", 100)
    answer = gateway.call("POST", path, body, gateway.new_key())
    assert answer.status == 200 and b"broke off" in answer.body[-800:], answer.body[-400:]
    [charge] = ledger.wait_for(1)
    assert charge["outcome"] == "upstream_broken" and charge["certainty"] in ("estimated", "partial"), charge
    assert 20 <= charge["output_tokens"] <= 44, charge
    ledger.balance(mock)


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("behind", BEHIND)
def test_however_the_bytes_come(gateway: Gateway, mock: Mock, ledger: Ledger, front, behind: str):
    for split in (1, 7, 64):
        path, body = front(f"{behind}tokens-9+split-{split}", 100)
        answer = gateway.call("POST", path, body, gateway.new_key())
        assert answer.status == 200 and b"9 " in answer.body, answer.body
    for charge in ledger.wait_for(3):
        assert (charge["input_tokens"], charge["output_tokens"], charge["certainty"]) == (10, 9, "measured")
    ledger.balance(mock)


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("behind", BEHIND)
def test_an_answer_without_a_count(gateway: Gateway, ledger: Ledger, front, behind: str):
    path, body = front(f"{behind}no-usage+tokens-30", 100)
    assert gateway.call("POST", path, body, gateway.new_key()).status == 200
    [charge] = ledger.wait_for(1)
    assert (charge["certainty"], charge["outcome"]) == ("estimated", "success")
    assert 30 <= charge["output_tokens"] <= 62, charge
