"""What happens instead of refusing: another deployment, a cheaper model, a slower pace; and streams that are ended."""

import json
import socket
import time

import pytest
from ledger import Ledger
from test_budgets import INPUT, OUTPUT, at_once, body, chat, dollars, worth

from stack import MASTER_KEY, UPSTREAM_KEY, Gateway, Mock, wait_until

GROUP = """\
  - model_name: group
    litellm_params: {{model: openai/mock-tokens-5, api_base: {mock}/v1, api_key: {key}, {prices}, {first}}}
    model_info: {{id: first}}
  - model_name: group
    litellm_params: {{model: openai/mock-tokens-6, api_base: {mock}/v1, api_key: {key}, {prices}, {second}}}
    model_info: {{id: second}}
"""
PRICES = "input_cost_per_token: 0.000002, output_cost_per_token: 0.000008"


def configure(gateway: Gateway, models: str = "", settings: str = ""):
    """Starts the gateway again with more models and settings."""
    config = gateway.directory / "config.yaml"
    config.write_text(config.read_text().replace("model_list:\n", f"model_list:\n{models}") + settings)
    gateway.stop()
    gateway.start()


def group(gateway: Gateway, first: str, second: str) -> str:
    return GROUP.format(mock=gateway.mock_url, key=UPSTREAM_KEY, prices=PRICES, first=first, second=second)


def test_another_deployment_is_tried(gateway: Gateway, mock: Mock):
    configure(gateway, group(gateway, "rpm: 3", "rpm: 4"))
    key = gateway.new_key()
    answers = [chat(gateway, key, body("group")) for _ in range(9)]
    assert [answer.status for answer in answers] == [200] * 7 + [429] * 2
    used = [answer.headers["x-litellm-model-id"] for answer in answers[:7]]
    assert (used.count("first"), used.count("second")) == (3, 4)
    error = answers[7].json()["error"]
    assert error["type"] == "throttling_error" and "for deployment " in error["message"], error
    assert mock.stats()["calls"] == 7


@pytest.mark.parametrize("limit", ["max_parallel_requests: 2", "tpm: 200", "otpm: 80", "rpd: 2"])
def test_every_limit_of_a_deployment(gateway: Gateway, mock: Mock, limit: str):
    mock.script("delay-1500")
    configure(gateway, group(gateway, limit, "weight: 0"))
    answers = at_once(gateway, gateway.new_key(), [body("group")] * 4)
    # Of the other one, which has no weight, nobody wants an answer.
    assert sorted(answer.status for answer in answers) == [200, 200, 429, 429], [a.body for a in answers]


def test_a_deployments_budget(gateway: Gateway, mock: Mock, ledger: Ledger):
    ask = body("group")
    amount = f"{dollars(2 * worth(ask)):.9f}"
    configure(gateway, group(gateway, f"max_budget: {amount}, budget_duration: 1d", "rpm: 2"))
    key = gateway.new_key()
    while (answer := chat(gateway, key, ask)).status == 200:
        pass
    # The last one explains.
    assert answer.status in (402, 429), answer.body
    charges = ledger.balance(mock)
    spent = {id: [c["cost_nanos"] for c in charges if c["deployment_id"] == id] for id in ("first", "second")}
    assert len(spent["second"]) == 2 and len(spent["first"]) > 2
    assert worth(ask) < sum(spent["first"]) <= 2 * worth(ask)
    # It is still spent after a restart.
    gateway.kill()
    gateway.start()
    assert [chat(gateway, key, ask).status for _ in range(3)][2] in (402, 429)
    assert sum(c["cost_nanos"] for c in ledger.charges() if c["deployment_id"] == "first") <= 2 * worth(ask)


def test_limits_of_a_deployment_in_the_database(gateway: Gateway, mock: Mock):
    params = {"model": "openai/mock-tokens-5", "api_base": f"{mock.url}/v1", "api_key": UPSTREAM_KEY}
    made = gateway.call("POST", "/model/new", {"model_name": "stored", "litellm_params": {**params, "rpm": 2}})
    assert made.status == 200, made.body
    key = gateway.new_key()
    assert [chat(gateway, key, body("stored")).status for _ in range(3)] == [200, 200, 429]
    # Changed limits hold for the next call.
    id = made.json()["model_id"]
    update = {"model_info": {"id": id}, "litellm_params": {**params, "rpm": 3}}
    assert gateway.call("POST", "/model/update", update).status == 200
    assert [chat(gateway, key, body("stored")).status for _ in range(2)] == [200, 429]


def test_a_persons_limits_hold_for_all_their_keys(gateway: Gateway):
    configure(gateway, settings="  user_rate_limits:\n    john.doe@company.com: {requests_per_minute: 3, tokens_per_day: 100000}\n")
    user = {"user_id": "john", "user_email": "john.doe@company.com", "auto_create_key": False}
    assert gateway.call("POST", "/user/new", user).status == 200
    team = gateway.call("POST", "/team/new", {}).json()["team_id"]
    member = {"team_id": team, "member": {"role": "user", "user_id": "john"}}
    assert gateway.call("POST", "/team/member_add", member).status == 200
    personal, shared = gateway.new_key(user_id="john"), gateway.new_key(user_id="john", team_id=team)
    statuses = [chat(gateway, key, body("mock-tokens-5")).status for key in (personal, shared, personal, shared, personal)]
    assert statuses == [200, 200, 200, 429, 429]
    # Somebody else's key of the same team is not concerned.
    assert chat(gateway, gateway.new_key(team_id=team), body("mock-tokens-5")).status == 200


def test_what_tokens_are(gateway: Gateway):
    configure(gateway, settings="  token_rate_limit_type: output\n")
    key = gateway.new_key(tpm_limit=60)
    ask = body("mock-tokens-20+prompt-1000")
    # 40 are set aside, 20 used.
    assert [chat(gateway, key, ask).status for _ in range(4)] == [200, 200, 429, 429]
    answer = gateway.call("GET", "/key/info", key=key)
    assert answer.status == 200


@pytest.mark.parametrize("period", ["hour", "day"])
def test_long_rates_survive_a_restart(gateway: Gateway, mock: Mock, period: str):
    rates = [{"kind": "requests", "period": period, "limit": 4}, {"kind": "output_tokens", "period": period, "limit": 1000}]
    key = gateway.new_key(rate_limits=rates)
    info = gateway.call("GET", f"/key/info?key={key}").json()["info"]
    assert info["rate_limits"] == rates
    assert [chat(gateway, key, body("mock-tokens-20")).status for _ in range(2)] == [200, 200]
    gateway.kill()
    gateway.start()
    answer = chat(gateway, key, body("mock-tokens-20"))
    assert answer.status == 200
    assert answer.headers["x-ratelimit-remaining-requests"] == "1"
    # 40 are set aside for this one.
    assert answer.headers["x-ratelimit-remaining-output-tokens"] == str(1000 - 2 * 20 - 40)
    gateway.stop()
    gateway.start()
    assert [chat(gateway, key, body("mock-tokens-20")).status for _ in range(2)] == [200, 429]
    assert mock.stats()["calls"] == 4


def events(answer) -> list:
    lines = [line[6:] for line in answer.body.decode().splitlines() if line.startswith("data: ")]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def longer(tokens: int, chunk: str = "") -> bytes:
    """A stream that is longer than it was asked to be: the mock keeps to `max_completion_tokens` alone."""
    ask = {"model": f"mock-tokens-{tokens}+over{chunk}", "messages": [], "max_tokens": 40, "stream": True}
    return json.dumps(ask).encode()


@pytest.mark.parametrize("counted", ["", "+usage-each"], ids=["guessed", "counted"])
def test_a_stream_that_outgrows_its_reservation(gateway: Gateway, mock: Mock, ledger: Ledger, counted: str):
    ask = longer(2000, f"+chunk-delay-1{counted}")
    set_aside = len(ask) * INPUT + 40 * OUTPUT
    limit = set_aside + 600 * OUTPUT
    key = gateway.new_key(max_budget=dollars(limit))
    answer = chat(gateway, key, ask)
    assert answer.status == 200
    *_, last, error, done = events(answer)
    assert done == "[DONE]"
    assert error["error"]["type"] == "budget_exceeded" and error["error"]["code"] == "402", error
    assert last["choices"][0]["delta"]["content"]
    [charge] = ledger.wait_for(1)
    assert (charge["outcome"], charge["certainty"]) == ("interrupted", "partial" if counted else "estimated")
    assert 40 < charge["output_tokens"] < 700
    assert charge["cost_nanos"] <= limit
    wait_until(lambda: mock.stats()["concurrent"] == 0, 5, "the provider's connection is closed")
    # What was set aside beyond it came back.
    assert chat(gateway, key, body("mock-tokens-5")).status == (200 if limit - charge["cost_nanos"] >= worth(body("mock-tokens-5")) else 402)


def test_a_stream_that_is_paid_for_goes_on(gateway: Gateway, mock: Mock, ledger: Ledger):
    ask = longer(2000)
    key = gateway.new_key(max_budget=1)
    answer = chat(gateway, key, ask)
    assert events(answer)[-1] == "[DONE]" and b"budget_exceeded" not in answer.body
    [charge] = ledger.wait_for(1)
    assert (charge["output_tokens"], charge["certainty"]) == (2000, "measured")
    ledger.balance(mock)


def test_a_stream_that_keeps_to_its_limit_is_never_cut(gateway: Gateway, mock: Mock):
    """With a budget for exactly what it may cost."""
    for tokens in (40, 4000):
        ask = {"model": f"mock-tokens-{tokens}", "messages": [], "max_tokens": tokens, "stream": True}
        ask = json.dumps(ask).encode()
        key = gateway.new_key(max_budget=dollars(len(ask) * INPUT + tokens * OUTPUT))
        answer = chat(gateway, key, ask)
        assert answer.status == 200 and b"budget_exceeded" not in answer.body


def test_a_cheaper_model_is_called(gateway: Gateway, mock: Mock, ledger: Ledger):
    ask = body("mock-tokens-20")
    budgets = {"mock-tokens-20": {"budget_limit": dollars(worth(ask)), "time_period": "1d"}}
    fallbacks = {"mock-tokens-20": ["no-such-model", "gpt-4o"]}
    key = gateway.new_key(model_max_budget=budgets, budget_fallbacks=fallbacks)
    first, second = chat(gateway, key, ask), chat(gateway, key, ask)
    assert (first.status, second.status) == (200, 200)
    assert first.headers["x-litellm-attempted-fallbacks"] == "0" and "x-tollgate-fallback-from" not in first.headers
    assert second.headers["x-litellm-attempted-fallbacks"] == "1"
    assert second.headers["x-tollgate-fallback-from"] == "mock-tokens-20"
    assert second.headers["x-litellm-model-group"] == "gpt-4o"
    charges = ledger.balance(mock)
    assert [(c["model"], c["instead_of"]) for c in charges] == [("mock-tokens-20", None), ("gpt-4o", "mock-tokens-20")]
    # A team's list holds for its keys that have none; a key that may not call the other model does not.
    team = {"model_max_budget": budgets, "budget_fallbacks": fallbacks}
    team = gateway.call("POST", "/team/new", team).json()["team_id"]
    key = gateway.new_key(team_id=team)
    assert [chat(gateway, key, ask).status for _ in range(2)] == [200, 200]
    narrow = gateway.new_key(team_id=team, models=["mock-tokens-20"])
    refused = chat(gateway, narrow, ask)
    assert refused.status == 402 and "model mock-tokens-20" in refused.json()["error"]["message"]
    # In force on the next call.
    assert gateway.call("POST", "/team/update", {"team_id": team, "budget_fallbacks": {}}).status == 200
    assert chat(gateway, key, ask).status == 402


@pytest.mark.parametrize(
    "fields",
    [{"budget_fallbacks": {"a": "b"}}, {"budget_fallbacks": ["a"]}, {"throttle_on_budget_exceeded": "yes"}, {"cancel_on_disconnect": 1}],
)
def test_choices_that_can_not_be_acted_on(gateway: Gateway, fields: dict):
    answer = gateway.call("POST", "/key/generate", fields)
    assert answer.status == 400, answer.body
    assert next(iter(fields)) in answer.body.decode()


def test_a_key_that_is_slowed_down(gateway: Gateway, mock: Mock):
    text = (gateway.directory / "config.yaml").read_text()
    (gateway.directory / "config.yaml").write_text(text + "litellm_settings:\n  budget_exceeded_throttle_percentage: 0.1\n")
    gateway.stop()
    gateway.start()
    ask = body("mock-tokens-20")
    fields = {"max_budget": dollars(worth(ask)), "rpm_limit": 40}
    slow, plain = gateway.new_key(throttle_on_budget_exceeded=True, **fields), gateway.new_key(**fields)
    assert [chat(gateway, plain, ask).status for _ in range(2)] == [200, 402]
    answers = [chat(gateway, slow, ask) for _ in range(6)]
    # Beyond the budget a tenth of 40 a minute is left.
    assert [answer.status for answer in answers] == [200] * 4 + [429] * 2
    assert answers[0].headers["x-ratelimit-limit-requests"] == "40"
    assert answers[3].headers["x-ratelimit-limit-requests"] == "4"
    message = answers[4].json()["error"]["message"]
    assert "4 of 4 requests a minute" in message and "because the budget is used up" in message, message
    # Other budgets refuse as ever.
    team = gateway.call("POST", "/team/new", {"max_budget": dollars(worth(ask))}).json()["team_id"]
    key = gateway.new_key(team_id=team, throttle_on_budget_exceeded=True, rpm_limit=40)
    assert [chat(gateway, key, ask).status for _ in range(2)] == [200, 402]


def test_a_customer_of_the_master_key(gateway: Gateway):
    """Its chain is remembered, and changes are in force on the next call all the same."""
    ask = body("mock-tokens-5", user="customer-1")
    assert [chat(gateway, MASTER_KEY, ask).status for _ in range(3)] == [200] * 3
    assert gateway.call("POST", "/customer/new", {"user_id": "customer-1", "rpm_limit": 1}).status == 200
    assert [chat(gateway, MASTER_KEY, ask).status for _ in range(2)][1] == 429
    assert gateway.call("POST", "/customer/update", {"user_id": "customer-1", "rpm_limit": 50}).status == 200
    assert chat(gateway, MASTER_KEY, ask).status == 200
    assert chat(gateway, MASTER_KEY, body("mock-tokens-5", user="customer-2")).status == 200


def test_a_limit_for_each_key(gateway: Gateway):
    configure(gateway, settings="  global_max_parallel_requests: 100\n  max_parallel_requests: 2\n")
    answers = at_once(gateway, gateway.new_key(), [body("mock-delay-1500")] * 5)
    assert sorted(answer.status for answer in answers) == [200, 200, 429, 429, 429]
    answers = at_once(gateway, gateway.new_key(max_parallel_requests=4), [body("mock-delay-1500")] * 5)
    assert sorted(answer.status for answer in answers) == [200, 200, 200, 200, 429]


def leave(gateway: Gateway, key: str, ask: dict, until: bytes | None):
    data = json.dumps(ask).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        connection.sendall(head.encode() + data)
        received = b""
        while until is not None and until not in received:
            received += connection.recv(4096)
        if until is None:
            time.sleep(0.3)


def test_a_client_that_takes_its_call_along(gateway: Gateway, mock: Mock, ledger: Ledger):
    ask = {"model": "mock-tokens-2000+chunk-delay-10", "messages": [], "stream": True}
    begun = time.monotonic()
    leave(gateway, gateway.new_key(cancel_on_disconnect=True), ask, b'"5 "')
    [charge] = ledger.wait_for(1)
    assert time.monotonic() - begun < 10
    assert (charge["outcome"], charge["certainty"], charge["client_left"]) == ("interrupted", "estimated", 1)
    assert 5 <= charge["output_tokens"] < 100
    assert charge["cost_nanos"] == charge["input_tokens"] * INPUT + charge["output_tokens"] * OUTPUT
    wait_until(lambda: mock.stats()["concurrent"] == 0, 5, "the provider's connection is closed")
    # Nothing stays set aside.
    limited = gateway.new_key(cancel_on_disconnect=True, max_parallel_requests=1)
    leave(gateway, limited, ask, b'"5 "')
    wait_until(lambda: chat(gateway, limited, body("mock-tokens-5")).status == 200, 5, "the place is free again")


def test_a_whole_answer_that_nobody_waits_for(gateway: Gateway, mock: Mock, ledger: Ledger):
    leave(gateway, gateway.new_key(cancel_on_disconnect=True), {"model": "mock-delay-5000", "messages": []}, None)
    [charge] = ledger.wait_for(1, 4)
    assert (charge["outcome"], charge["certainty"], charge["output_tokens"]) == ("interrupted", "estimated", 0)


def test_drain_is_what_holds_where_nobody_says_otherwise(gateway: Gateway, mock: Mock, ledger: Ledger):
    configure(gateway, settings="  cancel_on_disconnect: true\n")
    ask = {"model": "mock-tokens-60+chunk-delay-10", "messages": [], "stream": True}
    leave(gateway, gateway.new_key(cancel_on_disconnect=False), ask, b'"5 "')
    [charge] = ledger.wait_for(1)
    assert (charge["output_tokens"], charge["certainty"]) == (60, "measured")
    leave(gateway, gateway.new_key(), ask, b'"5 "')
    assert ledger.wait_for(2)[1]["certainty"] == "estimated"


def test_a_limit_that_is_null(gateway: Gateway, mock: Mock):
    """The provider gets each field once."""
    ask = {"model": "mock-tokens-5", "messages": [], "max_completion_tokens": None, "stream_options": None, "stream": True}
    key = gateway.new_key(max_budget=1)
    assert chat(gateway, key, json.dumps(ask).encode()).status == 200
    [sent] = mock.requests()
    text = sent["body"] if isinstance(sent["body"], str) else json.dumps(sent["body"])
    assert text.count('max_completion_tokens') == 1 and text.count('stream_options') == 1, text
