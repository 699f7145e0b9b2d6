"""Callers and providers that speak different dialects: the official SDKs, unmodified, whatever is behind the model."""

import json

import anthropic
import openai
import pytest
from conftest import URL, new_key, sdk

from stack import INPUT_COST, OUTPUT_COST, http, wait_until

HELLO = [{"role": "user", "content": "Count to sixteen."}]
SIXTEEN = "".join(f"{n} " for n in range(1, 17))
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"name": "get_weather", "description": "The weather in a city", "input_schema": SCHEMA}
FUNCTION = {
    "type": "function",
    "function": {"name": "get_weather", "description": "The weather in a city", "parameters": SCHEMA},
}
# Anthropic's dialect behind the model, and OpenAI's.
BEHIND = {"anthropic": "claude-", "openai": "mock-"}


@pytest.fixture(scope="module")
def key() -> str:
    return new_key()


@pytest.fixture(scope="module")
def claude(key: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=URL, api_key=key, max_retries=0, timeout=30)


@pytest.fixture(scope="module")
def gpt(key: str) -> openai.OpenAI:
    return sdk(key)


@pytest.fixture(params=BEHIND)
def behind(request) -> str:
    return BEHIND[request.param]


def cost(prompt: int, completion: int) -> float:
    return prompt * INPUT_COST + completion * OUTPUT_COST


class TestAnthropicInFront:
    def test_a_message(self, claude: anthropic.Anthropic, behind: str):
        raw = claude.messages.with_raw_response.create(
            model=f"{behind}echoless", max_tokens=100, system="Be brief.", messages=HELLO
        )
        answer = raw.parse()
        assert answer.type == "message" and answer.role == "assistant"
        assert answer.content[0].text == SIXTEEN
        assert (answer.stop_reason, answer.usage.input_tokens, answer.usage.output_tokens) == ("end_turn", 10, 16)
        assert float(raw.headers["x-litellm-response-cost"]) == pytest.approx(cost(10, 16), abs=1e-12)

    def test_a_stream(self, claude: anthropic.Anthropic, behind: str):
        with claude.messages.stream(model=f"{behind}x", max_tokens=100, messages=HELLO) as stream:
            assert "".join(stream.text_stream) == SIXTEEN
            answer = stream.get_final_message()
        assert (answer.stop_reason, answer.usage.input_tokens, answer.usage.output_tokens) == ("end_turn", 10, 16)

    def test_a_limit(self, claude: anthropic.Anthropic, behind: str):
        answer = claude.messages.create(model=f"{behind}x", max_tokens=3, messages=HELLO)
        assert (answer.stop_reason, answer.usage.output_tokens) == ("max_tokens", 3)

    def test_tools(self, claude: anthropic.Anthropic, behind: str):
        answer = claude.messages.create(model=f"{behind}x", max_tokens=100, messages=HELLO, tools=[TOOL])
        assert answer.stop_reason == "tool_use"
        (use,) = [part for part in answer.content if part.type == "tool_use"]
        assert (use.name, use.input) == ("get_weather", {"city": "Paris"})
        result = {"type": "tool_result", "tool_use_id": use.id, "content": "Sunny"}
        turn = [*HELLO, {"role": "assistant", "content": answer.content}, {"role": "user", "content": [result]}]
        answer = claude.messages.create(model=f"{behind}tool-less", max_tokens=100, messages=turn, tools=[TOOL])
        assert answer.content

    def test_tools_in_a_stream(self, claude: anthropic.Anthropic, behind: str):
        with claude.messages.stream(model=f"{behind}x", max_tokens=100, messages=HELLO, tools=[TOOL]) as stream:
            answer = stream.get_final_message()
        (use,) = [part for part in answer.content if part.type == "tool_use"]
        assert (use.name, use.input, answer.stop_reason) == ("get_weather", {"city": "Paris"}, "tool_use")

    def test_errors_have_anthropics_shape(self, claude: anthropic.Anthropic, behind: str):
        ask = {"max_tokens": 10, "messages": HELLO}
        with pytest.raises(anthropic.RateLimitError) as caught:
            claude.messages.create(model=f"{behind}status-429", **ask)
        assert caught.value.body["error"]["type"] == "rate_limit_error"
        with pytest.raises(anthropic.BadRequestError) as caught:
            claude.messages.create(model="no-such-model", **ask)
        assert caught.value.body["type"] == "error"
        with pytest.raises(anthropic.AuthenticationError):
            anthropic.Anthropic(base_url=URL, api_key="sk-unknown", max_retries=0).messages.create(
                model=f"{behind}x", **ask
            )

    def test_a_stream_that_breaks(self, claude: anthropic.Anthropic, behind: str):
        for fault in ("cut-after-3", "error-after-3"):
            with pytest.raises(anthropic.APIError):
                with claude.messages.stream(model=f"{behind}{fault}", max_tokens=100, messages=HELLO) as stream:
                    stream.get_final_message()

    def test_the_simulator(self, claude: anthropic.Anthropic):
        answer = claude.messages.create(model="simulator/echo", max_tokens=100, messages=HELLO)
        assert "Count to sixteen." in answer.content[0].text

    def test_what_can_be_said_in_both_arrives(self, claude: anthropic.Anthropic, last_request):
        image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
        text = {"type": "text", "text": "What is it?", "cache_control": {"type": "ephemeral"}}
        claude.messages.create(
            model="mock-x",
            max_tokens=50,
            temperature=0.5,
            stop_sequences=["x"],
            messages=[{"role": "user", "content": [image, text]}],
            metadata={"user_id": "someone"},
        )
        body = json.loads(last_request()["body"])
        assert body["messages"][0]["content"][0]["image_url"]["url"] == "data:image/png;base64,aGk="
        assert (body["temperature"], body["stop"], body["model"]) == (0.5, ["x"], "mock-x")


class TestOpenAiInFront:
    def test_chat(self, gpt: openai.OpenAI):
        raw = gpt.chat.completions.with_raw_response.create(
            model="claude-x", messages=[{"role": "system", "content": "Be brief."}, *HELLO]
        )
        answer = raw.parse()
        assert answer.choices[0].message.content == SIXTEEN
        assert (answer.choices[0].finish_reason, answer.object) == ("stop", "chat.completion")
        assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (10, 16)
        assert float(raw.headers["x-litellm-response-cost"]) == pytest.approx(cost(10, 16), abs=1e-12)

    @pytest.mark.parametrize("usage", [True, False])
    def test_a_stream(self, gpt: openai.OpenAI, usage: bool):
        more = {"stream_options": {"include_usage": True}} if usage else {}
        chunks = list(gpt.chat.completions.create(model="claude-x", messages=HELLO, stream=True, **more))
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == SIXTEEN
        counted = [chunk.usage for chunk in chunks if chunk.usage]
        assert [(u.prompt_tokens, u.completion_tokens) for u in counted] == ([(10, 16)] if usage else [])
        assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"

    def test_tools(self, gpt: openai.OpenAI, last_request):
        answer = gpt.chat.completions.create(model="claude-x", messages=HELLO, tools=[FUNCTION])
        (call,) = answer.choices[0].message.tool_calls
        assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Paris"})
        assert answer.choices[0].finish_reason == "tool_calls"
        body = json.loads(last_request()["body"])
        assert body["tools"][0] == TOOL and "max_tokens" in body
        headers = dict(last_request()["headers"])
        assert headers["x-api-key"] == "sk-upstream-0123456789abcdef" and headers["anthropic-version"] == "2023-06-01"
        assert "authorization" not in headers and gpt.api_key not in json.dumps(headers)

    def test_tools_in_a_stream(self, gpt: openai.OpenAI):
        stream = gpt.chat.completions.create(model="claude-x", messages=HELLO, tools=[FUNCTION], stream=True)
        deltas = [chunk.choices[0].delta for chunk in stream if chunk.choices]
        calls = [call for delta in deltas for call in delta.tool_calls or []]
        assert calls[0].function.name == "get_weather"
        assert json.loads("".join(call.function.arguments or "" for call in calls)) == {"city": "Paris"}

    def test_errors(self, gpt: openai.OpenAI):
        with pytest.raises(openai.RateLimitError):
            gpt.chat.completions.create(model="claude-status-429", messages=HELLO)
        with pytest.raises(openai.InternalServerError):
            gpt.chat.completions.create(model="claude-status-529", messages=HELLO)

    def test_what_would_be_lost_is_refused(self, gpt: openai.OpenAI):
        with pytest.raises(openai.BadRequestError) as caught:
            gpt.chat.completions.create(model="claude-x", messages=HELLO, logit_bias={"1": 5})
        assert caught.value.param == "logit_bias" and "drop_params" in caught.value.message

    def test_what_the_provider_does_not_have(self, gpt: openai.OpenAI):
        with pytest.raises(openai.BadRequestError):
            gpt.embeddings.create(model="claude-x", input="x")


def test_the_ledger_knows_what_was_counted(behind: str):
    """The same cost, streamed or not, in whichever dialect, to the nano-dollar."""
    key = new_key()
    both = [anthropic.Anthropic(base_url=URL, api_key=key, max_retries=0), sdk(key)]
    both[0].messages.create(model=f"{behind}cached-4", max_tokens=20, messages=HELLO)
    with both[0].messages.stream(model=f"{behind}cached-4", max_tokens=20, messages=HELLO) as stream:
        stream.get_final_message()
    both[1].chat.completions.create(model=f"{behind}cached-4", max_tokens=20, messages=HELLO)
    list(both[1].chat.completions.create(model=f"{behind}cached-4", max_tokens=20, messages=HELLO, stream=True))

    def logged():
        rows = http("GET", f"{URL}/spend/logs?api_key={key}", key=key).json()
        return rows if len(rows) == 4 else None

    rows = wait_until(logged, 10, "the calls are in the ledger")
    assert len({row["spend"] for row in rows}) == 1, rows
    assert rows[0]["spend"] == pytest.approx(6 * INPUT_COST + 4 * 0.000_000_5 + 16 * OUTPUT_COST, abs=1e-12)
    assert {row["call_type"] for row in rows} == {"anthropic_messages", "acompletion"}
