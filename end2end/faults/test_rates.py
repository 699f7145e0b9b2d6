"""Rate limits: never exceeded, and used up when there is demand."""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from test_budgets import at_once, body, chat

from stack import Gateway, Mock


def test_requests_a_minute(gateway: Gateway, mock: Mock):
    key = gateway.new_key(rpm_limit=100)
    begun = time.monotonic()
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: chat(gateway, key, body("mock-tokens-5")), range(400)))
    assert time.monotonic() - begun < 55, "all of it was in one minute"
    assert Counter(answer.status for answer in answers) == {200: 100, 429: 300}
    refused = next(answer for answer in answers if answer.status == 429)
    error = refused.json()["error"]
    assert (error["type"], error["code"]) == ("throttling_error", "429")
    assert "100 of 100 requests a minute" in error["message"]
    assert 1 <= int(refused.headers["retry-after"]) <= 62
    served = [answer for answer in answers if answer.status == 200]
    assert {answer.headers["x-ratelimit-limit-requests"] for answer in served} == {"100"}
    left = sorted(int(answer.headers["x-ratelimit-remaining-requests"]) for answer in served)
    assert left == list(range(100))
    assert mock.stats()["calls"] == 100


def test_tokens_a_minute(gateway: Gateway, mock: Mock):
    limit = 10_000
    key = gateway.new_key(tpm_limit=limit)
    ask = body("mock-tokens-20")
    begun = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: chat(gateway, key, ask), range(1000)))
    assert time.monotonic() - begun < 55, "all of it was in one minute"
    used = sum(json.loads(answer.body)["usage"]["total_tokens"] for answer in answers if answer.status == 200)
    assert {answer.status for answer in answers} == {200, 429}
    assert 0.95 * limit <= used <= limit
    assert sum(entry["prompt_tokens"] + entry["completion_tokens"] for entry in mock.books()) == used


def test_calls_at_once(gateway: Gateway, mock: Mock):
    team = gateway.call("POST", "/team/new", {"max_parallel_requests": 5}).json()["team_id"]
    key = gateway.new_key(team_id=team)
    for _ in range(2):
        answers = at_once(gateway, key, [body("mock-delay-3000")] * 30)
        assert Counter(answer.status for answer in answers) == {200: 5, 429: 25}
        refused = next(answer for answer in answers if answer.status == 429)
        assert "5 of 5 calls at once" in refused.json()["error"]["message"]
        assert refused.headers["retry-after"] == "1"
    assert mock.stats()["calls"] == 10


def test_a_limit_for_one_model(gateway: Gateway):
    key = gateway.new_key(model_rpm_limit={"gpt-4o": 2})
    statuses = [chat(gateway, key, body("gpt-4o")).status for _ in range(4)]
    assert statuses == [200, 200, 429, 429]
    assert chat(gateway, key, body("mock-tokens-5")).status == 200


def test_what_failed_before_a_provider_was_asked_does_not_count(gateway: Gateway):
    key = gateway.new_key(rpm_limit=2)
    for _ in range(5):
        assert chat(gateway, key, body("no-such-model")).status == 400
    assert [chat(gateway, key, body("mock-tokens-5")).status for _ in range(3)] == [200, 200, 429]
