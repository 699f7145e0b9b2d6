"""Callers and providers that speak different dialects: the official SDKs, unmodified, whatever is behind the model."""

import json

import anthropic
import openai
import pytest
from conftest import URL, new_key, sdk
from google import genai
from google.genai import errors, types

from stack import INPUT_COST, OUTPUT_COST, http, wait_until

HELLO = [{"role": "user", "content": "Count to sixteen."}]
SIXTEEN = "".join(f"{n} " for n in range(1, 17))
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {"name": "get_weather", "description": "The weather in a city"}
TOOL = {**WEATHER, "input_schema": SCHEMA}
FUNCTION = {"type": "function", "function": {**WEATHER, "parameters": SCHEMA}}
DECLARED = types.Tool(function_declarations=[{**WEATHER, "parameters_json_schema": SCHEMA}])
PARIS = {"city": "Paris"}

# What the models' names begin with, by what their provider speaks.
BEHIND = {"openai": "mock-", "compatible": "like-", "anthropic": "claude-", "gemini": "gemini-", "bedrock": "nova-", "azure": "azure-"}


@pytest.fixture(scope="module")
def key() -> str:
    return new_key()


def anthropic_sdk(key: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=URL, api_key=key, max_retries=0, timeout=30)


def google_sdk(key: str) -> genai.Client:
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=URL, timeout=30_000))


@pytest.fixture(scope="module")
def claude(key: str) -> anthropic.Anthropic:
    return anthropic_sdk(key)


@pytest.fixture(scope="module")
def gpt(key: str) -> openai.OpenAI:
    return sdk(key)


@pytest.fixture(scope="module")
def google(key: str) -> genai.Client:
    return google_sdk(key)


@pytest.fixture(params=BEHIND)
def behind(request) -> str:
    return BEHIND[request.param]


def cost(prompt: int, completion: int) -> float:
    return prompt * INPUT_COST + completion * OUTPUT_COST


class TestAnthropicInFront:
    def test_a_message(self, claude: anthropic.Anthropic, behind: str):
        raw = claude.messages.with_raw_response.create(
            model=f"{behind}tokens-16", max_tokens=100, system="Be brief.", messages=HELLO
        )
        answer = raw.parse()
        assert answer.type == "message" and answer.role == "assistant" and answer.id
        assert answer.content[0].text == SIXTEEN
        assert (answer.stop_reason, answer.usage.input_tokens, answer.usage.output_tokens) == ("end_turn", 10, 16)
        assert float(raw.headers["x-litellm-response-cost"]) == pytest.approx(cost(10, 16), abs=1e-12)

    def test_a_stream(self, claude: anthropic.Anthropic, behind: str):
        with claude.messages.stream(model=f"{behind}tokens-16", max_tokens=100, messages=HELLO) as stream:
            assert "".join(stream.text_stream) == SIXTEEN
            answer = stream.get_final_message()
        assert (answer.stop_reason, answer.usage.input_tokens, answer.usage.output_tokens) == ("end_turn", 10, 16)

    def test_a_limit(self, claude: anthropic.Anthropic, behind: str):
        answer = claude.messages.create(model=f"{behind}tokens-16", max_tokens=3, messages=HELLO)
        assert (answer.stop_reason, answer.usage.output_tokens) == ("max_tokens", 3)

    def test_tools(self, claude: anthropic.Anthropic, behind: str):
        ask = {"model": f"{behind}tokens-16", "max_tokens": 100, "tools": [TOOL]}
        answer = claude.messages.create(messages=HELLO, **ask)
        assert answer.stop_reason == "tool_use"
        (use,) = [part for part in answer.content if part.type == "tool_use"]
        assert (use.name, use.input) == ("get_weather", PARIS)
        result = {"type": "tool_result", "tool_use_id": use.id, "content": "Sunny"}
        turn = [*HELLO, {"role": "assistant", "content": answer.content}, {"role": "user", "content": [result]}]
        answer = claude.messages.create(messages=turn, **ask)
        assert (answer.content[0].text, answer.stop_reason) == (SIXTEEN, "end_turn")

    def test_tools_in_a_stream(self, claude: anthropic.Anthropic, behind: str):
        ask = {"model": f"{behind}tokens-16", "max_tokens": 100, "messages": HELLO, "tools": [TOOL]}
        with claude.messages.stream(**ask) as stream:
            answer = stream.get_final_message()
        (use,) = [part for part in answer.content if part.type == "tool_use"]
        assert (use.name, use.input, answer.stop_reason) == ("get_weather", PARIS, "tool_use")

    def test_errors_have_anthropics_shape(self, claude: anthropic.Anthropic, behind: str):
        ask = {"max_tokens": 10, "messages": HELLO}
        with pytest.raises(anthropic.RateLimitError) as caught:
            claude.messages.create(model=f"{behind}status-429", **ask)
        assert caught.value.body["error"]["type"] == "rate_limit_error"
        with pytest.raises(anthropic.BadRequestError) as caught:
            claude.messages.create(model="no-such-model", **ask)
        assert caught.value.body["type"] == "error"
        with pytest.raises(anthropic.AuthenticationError):
            anthropic_sdk("sk-unknown").messages.create(model=f"{behind}tokens-16", **ask)

    def test_a_stream_that_breaks(self, claude: anthropic.Anthropic, behind: str):
        for fault in ("cut-after-3", "error-after-3"):
            ask = {"model": f"{behind}{fault}", "max_tokens": 100, "messages": HELLO}
            with pytest.raises(anthropic.APIError), claude.messages.stream(**ask) as stream:
                stream.get_final_message()

    def test_a_count(self, claude: anthropic.Anthropic, behind: str):
        ask = {"model": f"{behind}tokens-16", "system": "Be brief.", "messages": HELLO, "tools": [TOOL]}
        raw = claude.messages.with_raw_response.count_tokens(**ask)
        by_provider = behind in ("claude-", "gemini-")
        assert raw.headers["x-tollgate-counted-by"] == ("provider" if by_provider else "estimate")
        count = raw.parse().input_tokens
        assert count == 10 if by_provider else 20 < count < 80

    def test_what_can_be_said_in_both_arrives(self, claude: anthropic.Anthropic, last_request):
        image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
        text = {"type": "text", "text": "What is it?", "cache_control": {"type": "ephemeral"}}
        claude.messages.create(
            model="mock-tokens-16",
            max_tokens=50,
            extra_body={"temperature": 0.5},
            stop_sequences=["x"],
            messages=[{"role": "user", "content": [image, text]}],
            metadata={"user_id": "someone"},
        )
        body = json.loads(last_request()["body"])
        assert body["messages"][0]["content"][0]["image_url"]["url"] == "data:image/png;base64,aGk="
        assert (body["temperature"], body["stop"], body["model"]) == (0.5, ["x"], "mock-tokens-16")

    def test_the_same_dialect_passes_untouched(self, claude: anthropic.Anthropic, last_request):
        body = {"model": "claude-tokens-2", "max_tokens": 9, "messages": HELLO, "something": {"new": 1.50}}
        text = json.dumps(body)
        answer = http("POST", f"{URL}/v1/messages", text.encode(), headers={"x-api-key": claude.api_key})
        assert answer.status == 200
        assert last_request()["body"] == text.replace("claude-", "mock-")


class TestChatInFront:
    def test_an_answer(self, gpt: openai.OpenAI, behind: str):
        raw = gpt.chat.completions.with_raw_response.create(
            model=f"{behind}tokens-16", messages=[{"role": "system", "content": "Be brief."}, *HELLO]
        )
        answer = raw.parse()
        assert answer.choices[0].message.content == SIXTEEN
        assert (answer.choices[0].finish_reason, answer.object) == ("stop", "chat.completion")
        assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (10, 16)
        assert float(raw.headers["x-litellm-response-cost"]) == pytest.approx(cost(10, 16), abs=1e-12)

    @pytest.mark.parametrize("usage", [True, False])
    def test_a_stream(self, gpt: openai.OpenAI, behind: str, usage: bool):
        more = {"stream_options": {"include_usage": True}} if usage else {}
        chunks = list(gpt.chat.completions.create(model=f"{behind}tokens-16", messages=HELLO, stream=True, **more))
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == SIXTEEN
        counted = [chunk.usage for chunk in chunks if chunk.usage]
        assert [(u.prompt_tokens, u.completion_tokens) for u in counted] == ([(10, 16)] if usage else [])
        if usage:
            assert counted[0].cost == pytest.approx(cost(10, 16), abs=1e-12)
        assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"

    def test_tools(self, gpt: openai.OpenAI, behind: str):
        ask = {"model": f"{behind}tokens-16", "tools": [FUNCTION]}
        answer = gpt.chat.completions.create(messages=HELLO, **ask)
        message = answer.choices[0].message
        (call,) = message.tool_calls
        assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", PARIS)
        assert answer.choices[0].finish_reason == "tool_calls"
        result = {"role": "tool", "tool_call_id": call.id, "content": "Sunny"}
        answer = gpt.chat.completions.create(messages=[*HELLO, message, result], **ask)
        assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == (SIXTEEN, "stop")

    def test_tools_in_a_stream(self, gpt: openai.OpenAI, behind: str):
        ask = {"model": f"{behind}tokens-16", "messages": HELLO, "tools": [FUNCTION]}
        deltas = [chunk.choices[0].delta for chunk in gpt.chat.completions.create(stream=True, **ask) if chunk.choices]
        calls = [call for delta in deltas for call in delta.tool_calls or []]
        assert calls[0].function.name == "get_weather"
        assert json.loads("".join(call.function.arguments or "" for call in calls)) == PARIS

    def test_errors(self, gpt: openai.OpenAI, behind: str):
        with pytest.raises(openai.RateLimitError):
            gpt.chat.completions.create(model=f"{behind}status-429", messages=HELLO)
        with pytest.raises(openai.InternalServerError):
            gpt.chat.completions.create(model=f"{behind}status-503", messages=HELLO)
        for fault in ("cut-after-3", "error-after-3"):
            with pytest.raises(openai.APIError):
                list(gpt.chat.completions.create(model=f"{behind}{fault}", messages=HELLO, stream=True))

    def test_how_anthropic_is_asked(self, gpt: openai.OpenAI, last_request):
        gpt.chat.completions.create(model="claude-tokens-16", messages=HELLO, tools=[FUNCTION])
        body = json.loads(last_request()["body"])
        assert body["tools"][0] == TOOL and "max_tokens" in body
        headers = dict(last_request()["headers"])
        assert headers["x-api-key"] == "sk-upstream-0123456789abcdef" and headers["anthropic-version"] == "2023-06-01"
        assert "authorization" not in headers and gpt.api_key not in json.dumps(headers)

    def test_what_would_be_lost_is_refused(self, gpt: openai.OpenAI):
        with pytest.raises(openai.BadRequestError) as caught:
            gpt.chat.completions.create(model="claude-tokens-16", messages=HELLO, logit_bias={"1": 5})
        assert caught.value.param == "logit_bias" and "drop_params" in caught.value.message

    def test_tags_are_the_gateways_own(self, gpt: openai.OpenAI, last_request):
        more = {"tags": ["red"], "metadata": {"tags": ["blue"]}}
        gpt.chat.completions.create(model="claude-tokens-16", messages=HELLO, extra_body=more)
        assert "red" not in last_request()["body"] and "blue" not in last_request()["body"]

    def test_what_the_provider_does_not_have(self, gpt: openai.OpenAI):
        with pytest.raises(openai.BadRequestError):
            gpt.embeddings.create(model="claude-tokens-16", input="x")


class TestResponsesInFront:
    def test_a_response(self, gpt: openai.OpenAI, behind: str):
        raw = gpt.responses.with_raw_response.create(
            model=f"{behind}tokens-16", instructions="Be brief.", input="Count to sixteen."
        )
        answer = raw.parse()
        assert (answer.output_text, answer.status) == (SIXTEEN, "completed")
        assert (answer.usage.input_tokens, answer.usage.output_tokens) == (10, 16)
        assert float(raw.headers["x-litellm-response-cost"]) == pytest.approx(cost(10, 16), abs=1e-12)

    def test_a_stream(self, gpt: openai.OpenAI, behind: str):
        with gpt.responses.stream(model=f"{behind}tokens-16", input="Count to sixteen.") as stream:
            text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
            answer = stream.get_final_response()
        assert (text, answer.output_text, answer.status) == (SIXTEEN, SIXTEEN, "completed")
        assert (answer.usage.input_tokens, answer.usage.output_tokens) == (10, 16)

    def test_a_limit(self, gpt: openai.OpenAI, behind: str):
        answer = gpt.responses.create(model=f"{behind}tokens-16", input="Count.", max_output_tokens=3)
        assert (answer.status, answer.usage.output_tokens) == ("incomplete", 3)
        assert answer.incomplete_details.reason == "max_output_tokens"

    def test_tools(self, gpt: openai.OpenAI, behind: str):
        tool = {"type": "function", **WEATHER, "parameters": SCHEMA}
        ask = {"model": f"{behind}tokens-16", "tools": [tool]}
        answer = gpt.responses.create(input=HELLO, **ask)
        (call,) = [item for item in answer.output if item.type == "function_call"]
        assert (call.name, json.loads(call.arguments)) == ("get_weather", PARIS)
        with gpt.responses.stream(input=HELLO, **ask) as stream:
            streamed = stream.get_final_response()
        (call,) = [item for item in streamed.output if item.type == "function_call"]
        assert (call.name, json.loads(call.arguments)) == ("get_weather", PARIS)
        said = {"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments}
        result = {"type": "function_call_output", "call_id": call.call_id, "output": "Sunny"}
        answer = gpt.responses.create(input=[*HELLO, said, result], **ask)
        assert answer.output_text == SIXTEEN

    def test_errors(self, gpt: openai.OpenAI, behind: str):
        with pytest.raises(openai.RateLimitError):
            gpt.responses.create(model=f"{behind}status-429", input="x")
        for fault in ("cut-after-3", "error-after-3"):
            events = []
            try:
                events += gpt.responses.create(model=f"{behind}{fault}", input="x", stream=True)
            except openai.APIError:
                continue
            assert events[-1].type in ("error", "response.failed"), events[-1]

    def test_what_only_openai_knows(self, gpt: openai.OpenAI):
        with pytest.raises(openai.BadRequestError) as caught:
            gpt.responses.create(model="claude-tokens-16", input="x", previous_response_id="resp_1")
        assert caught.value.param == "previous_response_id"

    def test_the_providers_own_are_used(self, gpt: openai.OpenAI, last_request):
        gpt.responses.create(model="mock-tokens-16", input="x", previous_response_id="resp_1")
        assert last_request()["path"] == "/v1/responses"
        gpt.responses.create(model="like-tokens-16", input="x")
        assert last_request()["path"] == "/v1/chat/completions"


class TestGoogleInFront:
    def test_an_answer(self, google: genai.Client, behind: str):
        config = {"system_instruction": "Be brief.", "temperature": 0.5}
        answer = google.models.generate_content(
            model=f"{behind}tokens-16", contents="Count to sixteen.", config=config
        )
        assert (answer.text, answer.candidates[0].finish_reason) == (SIXTEEN, types.FinishReason.STOP)
        counted = answer.usage_metadata
        assert (counted.prompt_token_count, counted.candidates_token_count) == (10, 16)
        assert float(answer.sdk_http_response.headers["x-litellm-response-cost"]) == pytest.approx(
            cost(10, 16), abs=1e-12
        )

    def test_a_stream(self, google: genai.Client, behind: str):
        chunks = list(
            google.models.generate_content_stream(model=f"{behind}tokens-16", contents="Count to sixteen.")
        )
        assert "".join(chunk.text or "" for chunk in chunks) == SIXTEEN
        counted = chunks[-1].usage_metadata
        assert (counted.prompt_token_count, counted.candidates_token_count) == (10, 16)
        assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP

    def test_a_limit(self, google: genai.Client, behind: str):
        config = {"max_output_tokens": 3}
        answer = google.models.generate_content(model=f"{behind}tokens-16", contents="Count.", config=config)
        assert answer.candidates[0].finish_reason == types.FinishReason.MAX_TOKENS

    def test_tools(self, google: genai.Client, behind: str):
        config = types.GenerateContentConfig(tools=[DECLARED])
        ask = {"model": f"{behind}tokens-16", "config": config}
        answer = google.models.generate_content(contents="The weather?", **ask)
        (call,) = answer.function_calls
        assert (call.name, call.args) == ("get_weather", PARIS)
        chunks = list(google.models.generate_content_stream(contents="The weather?", **ask))
        (call,) = [call for chunk in chunks for call in chunk.function_calls or []]
        assert (call.name, call.args) == ("get_weather", PARIS)
        turn = [
            types.UserContent("The weather?"),
            answer.candidates[0].content,
            types.UserContent(types.Part.from_function_response(name="get_weather", response={"sky": "blue"})),
        ]
        answer = google.models.generate_content(contents=turn, **ask)
        assert answer.text == SIXTEEN

    def test_errors(self, google: genai.Client, behind: str):
        with pytest.raises(errors.ClientError) as caught:
            google.models.generate_content(model=f"{behind}status-429", contents="x")
        assert (caught.value.code, caught.value.status) == (429, "RESOURCE_EXHAUSTED")
        stranger = google_sdk("sk-unknown")
        with pytest.raises(errors.ClientError) as caught:
            stranger.models.generate_content(model=f"{behind}tokens-16", contents="x")
        assert (caught.value.code, caught.value.status) == (401, "UNAUTHENTICATED")

    def test_a_count(self, google: genai.Client, behind: str):
        count = google.models.count_tokens(model=f"{behind}tokens-16", contents="Count to sixteen.").total_tokens
        assert count == 10 if behind in ("claude-", "gemini-") else 3 < count < 20

    def test_a_key_in_the_address_and_a_list_for_a_stream(self, key: str, behind: str):
        body = {"contents": [{"role": "user", "parts": [{"text": "Count."}]}]}
        place = f"{URL}/v1beta/models/{behind}tokens-16:streamGenerateContent?key={key}"
        answer = http("POST", place, body)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
        parts = [part for chunk in answer.json() for part in chunk["candidates"][0].get("content", {}).get("parts", [])]
        assert "".join(part.get("text", "") for part in parts) == SIXTEEN
        answer = http("POST", f"{place}&alt=sse", body)
        assert answer.body.startswith(b"data: {")


def test_the_ledger_knows_what_was_counted(behind: str):
    """The same cost, streamed or not, in whichever dialect, to the nano-dollar."""
    key = new_key()
    model = f"{behind}cached-4"
    ours, theirs, googles = sdk(key), anthropic_sdk(key), google_sdk(key)
    theirs.messages.create(model=model, max_tokens=20, messages=HELLO)
    with theirs.messages.stream(model=model, max_tokens=20, messages=HELLO) as stream:
        stream.get_final_message()
    ours.chat.completions.create(model=model, max_tokens=20, messages=HELLO)
    list(ours.chat.completions.create(model=model, max_tokens=20, messages=HELLO, stream=True))
    ours.responses.create(model=model, input="x")
    list(ours.responses.create(model=model, input="x", stream=True))
    googles.models.generate_content(model=model, contents="x")
    list(googles.models.generate_content_stream(model=model, contents="x"))

    def logged():
        rows = http("GET", f"{URL}/spend/logs?api_key={key}", key=key).json()
        return rows if len(rows) == 8 else None

    rows = wait_until(logged, 10, "the calls are in the ledger")
    assert len({row["spend"] for row in rows}) == 1, rows
    assert rows[0]["spend"] == pytest.approx(6 * INPUT_COST + 4 * 0.000_000_5 + 16 * OUTPUT_COST, abs=1e-12)
    kinds = {"anthropic_messages", "acompletion", "aresponses", "agenerate_content"}
    assert {row["call_type"] for row in rows} == kinds
