"""The official SDK, unmodified: what works against OpenAI must work here."""

import json

import openai
import pytest

HELLO = [{"role": "user", "content": "Count to sixteen."}]
SIXTEEN = "".join(f"{n} " for n in range(1, 17))
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def test_chat(client: openai.OpenAI):
    answer = client.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert answer.choices[0].message.content == SIXTEEN
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (10, 16)
    assert answer.id.startswith("chatcmpl-mock-")


def test_chat_reports_its_cost(client: openai.OpenAI):
    raw = client.chat.completions.with_raw_response.create(model="mock-prompt-1000", messages=HELLO)
    # 1,000 tokens at $2 and 16 at $8 a million.
    assert float(raw.headers["x-litellm-response-cost"]) == pytest.approx(0.002128, abs=1e-12)
    assert raw.headers["x-tollgate-response-cost"] == raw.headers["x-litellm-response-cost"]
    assert raw.headers["x-litellm-call-id"]
    assert raw.headers["x-litellm-model-id"]


def test_what_the_provider_gets_is_what_the_client_sent(client: openai.OpenAI, last_request):
    client.chat.completions.create(
        model="gpt-4o", messages=HELLO, temperature=0.25, extra_body={"unknown_field": {"z": [1, 2.50], "a": "ü"}}
    )
    request = last_request()
    body = json.loads(request["body"])
    assert body["unknown_field"] == {"z": [1, 2.5], "a": "ü"}
    assert body["temperature"] == 0.25
    assert body["model"] == "gpt-4o"
    headers = dict(request["headers"])
    assert headers["authorization"] == "Bearer sk-upstream-0123456789abcdef"
    assert client.api_key not in json.dumps(request)


def test_stream_without_usage(client: openai.OpenAI):
    chunks = list(client.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True))
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == SIXTEEN
    assert all(c.usage is None for c in chunks), "usage that the client didn't ask for is hidden"
    assert all(c.choices for c in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_stream_with_usage(client: openai.OpenAI):
    stream = client.chat.completions.create(
        model="gpt-4o", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks[:-1]) == SIXTEEN
    assert all(c.usage is None for c in chunks[:-1])
    assert chunks[-1].choices == []
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (10, 16)


@pytest.mark.parametrize("model", ["mock-split-1+tokens-4", "mock-crlf", "mock-comments", "mock-multiline", "mock-no-done"])
def test_stream_in_unusual_form(client: openai.OpenAI, model: str):
    chunks = list(client.chat.completions.create(model=model, messages=HELLO, stream=True))
    text = "".join(c.choices[0].delta.content or "" for c in chunks)
    assert text == (SIXTEEN if "tokens" not in model else "1 2 3 4 ")


def test_tools(client: openai.OpenAI):
    answer = client.chat.completions.create(model="gpt-4o", messages=HELLO, tools=[WEATHER])
    assert answer.choices[0].finish_reason == "tool_calls"
    call = answer.choices[0].message.tool_calls[0]
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Paris"})
    messages = [
        *HELLO,
        answer.choices[0].message,
        {"role": "tool", "tool_call_id": call.id, "content": "sunny"},
    ]
    answer = client.chat.completions.create(model="gpt-4o", messages=messages, tools=[WEATHER])
    assert answer.choices[0].message.content == SIXTEEN


def test_tools_in_a_stream(client: openai.OpenAI):
    with client.chat.completions.stream(model="gpt-4o", messages=HELLO, tools=[WEATHER]) as stream:
        for _ in stream:
            pass
        answer = stream.get_final_completion()
    call = answer.choices[0].message.tool_calls[0]
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Paris"})


def test_vision(client: openai.OpenAI, last_request):
    pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    content = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": pixel, "detail": "low"}},
    ]
    answer = client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": content}])
    assert answer.usage.prompt_tokens == 110
    assert json.loads(last_request()["body"])["messages"][0]["content"] == content


def test_completions(client: openai.OpenAI):
    answer = client.completions.create(model="gpt-3.5-turbo-instruct", prompt="Count.")
    assert answer.choices[0].text == SIXTEEN
    chunks = list(client.completions.create(model="gpt-3.5-turbo-instruct", prompt="Count.", stream=True))
    assert "".join(c.choices[0].text for c in chunks) == SIXTEEN


@pytest.mark.parametrize("encoding", [None, "float", "base64"])
def test_embeddings(client: openai.OpenAI, encoding: str | None):
    options = {"encoding_format": encoding} if encoding else {}
    answer = client.embeddings.create(model="text-embedding-3-small", input=["a", "b"], **options)
    assert len(answer.data) == 2
    if encoding != "base64":
        assert answer.data[1].embedding[:2] == pytest.approx([2.0, 1.0])
    assert answer.usage.prompt_tokens == 10


def test_models(client: openai.OpenAI):
    names = {model.id for model in client.models.list()}
    assert {"gpt-4o", "text-embedding-3-small"} <= names
    assert client.models.retrieve("gpt-4o").id == "gpt-4o"


def test_without_the_v1(client: openai.OpenAI):
    bare = client.with_options(base_url=str(client.base_url).removesuffix("v1/"))
    assert bare.chat.completions.create(model="gpt-4o", messages=HELLO).choices[0].message.content == SIXTEEN
