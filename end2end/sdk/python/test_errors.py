"""Each refusal and each fault raises the class that a program written for OpenAI expects."""

import openai
import pytest
from conftest import MASTER_KEY, URL, new_key, sdk

from stack import http

HELLO = [{"role": "user", "content": "Hello"}]


def chat(client: openai.OpenAI, model: str = "gpt-4o"):
    return client.chat.completions.create(model=model, messages=HELLO)


def test_wrong_key():
    with pytest.raises(openai.AuthenticationError) as error:
        chat(sdk("sk-this-key-was-never-made"))
    assert error.value.body["type"] == "token_not_found_in_db"
    assert "sk-this-key-was-never-made" not in str(error.value)


def test_blocked_key():
    key = new_key()
    chat(sdk(key))
    assert http("POST", f"{URL}/key/block", {"key": key}, MASTER_KEY).status == 200
    with pytest.raises(openai.AuthenticationError, match="blocked") as error:
        chat(sdk(key))
    assert error.value.body["type"] == "auth_error"
    assert http("POST", f"{URL}/key/unblock", {"key": key}, MASTER_KEY).status == 200
    chat(sdk(key))


def test_deleted_key():
    key = new_key()
    chat(sdk(key))
    assert http("POST", f"{URL}/key/delete", {"keys": [key]}, MASTER_KEY).status == 200
    with pytest.raises(openai.AuthenticationError):
        chat(sdk(key))


def test_expired_key():
    import time

    key = new_key(duration="1s")
    time.sleep(1.1)
    with pytest.raises(openai.AuthenticationError) as error:
        chat(sdk(key))
    assert error.value.body["type"] == "expired_key"


def test_unknown_model(client: openai.OpenAI):
    with pytest.raises(openai.BadRequestError, match="no-such-model") as error:
        chat(client, "no-such-model")
    assert error.value.body["type"] == "invalid_request_error"


def test_model_that_the_key_may_not_call():
    with pytest.raises(openai.PermissionDeniedError) as error:
        chat(sdk(new_key(models=["text-embedding-3-small"])))
    assert error.value.body["type"] == "key_model_access_denied"
    assert error.value.body["param"] == "model"


@pytest.mark.parametrize(
    ("status", "class_"),
    [
        (400, openai.BadRequestError),
        (404, openai.NotFoundError),
        (409, openai.ConflictError),
        (422, openai.UnprocessableEntityError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors_of_the_provider(client: openai.OpenAI, status: int, class_: type, stream: bool):
    with pytest.raises(class_) as error:
        client.chat.completions.create(model=f"mock-status-{status}+retry-after-3", messages=HELLO, stream=stream)
    assert error.value.status_code == status
    assert "The mock was asked for status" in error.value.body["message"]
    assert error.value.response.headers["retry-after"] == "3"


@pytest.mark.parametrize("model", ["mock-html", "mock-broken-body", "mock-no-answer", "mock-no-answer+rst", "mock-claim-more-9"])
def test_broken_answers_of_the_provider(client: openai.OpenAI, model: str):
    with pytest.raises(openai.InternalServerError):
        chat(client, model)


@pytest.mark.parametrize("model", ["mock-cut-after-3", "mock-cut-after-3+rst", "mock-error-after-3"])
def test_errors_in_the_middle_of_a_stream(client: openai.OpenAI, model: str):
    text = ""
    with pytest.raises(openai.APIError):
        for chunk in client.chat.completions.create(model=model, messages=HELLO, stream=True):
            text += chunk.choices[0].delta.content or ""
    assert text == "1 2 3 ", "what arrived before the fault is handed on"
