"""What is no chat, with the official SDK: images, sound and moderation. The provider's books say what was used; the
price book says what that costs."""

import base64
import io
import os
import urllib.request

import openai
import pytest
from conftest import MASTER_KEY, MOCK_URL, URL, new_key, sdk

from stack import http

PICTURE = b"\x89PNG\r\n\x1a\n of the mock"
SECOND = 16_000


def books() -> dict:
    return http("GET", f"{MOCK_URL}/__mock/books").json()[-1]


def cost(raw) -> float:
    return float(raw.headers["x-litellm-response-cost"])


def sound(size: int) -> io.BytesIO:
    file = io.BytesIO(os.urandom(size))
    file.name = "speech.mp3"
    return file


def test_images(client: openai.OpenAI, last_request):
    raw = client.images.with_raw_response.generate(model="mock-image", prompt="a cat", n=2, size="1024x1024")
    images = raw.parse()
    assert [base64.b64decode(image.b64_json) for image in images.data] == [PICTURE] * 2
    assert (images.usage.input_tokens, images.usage.output_tokens) == (20, 544)
    # 20 tokens at $2 and 544 at $8 a million.
    assert cost(raw) == pytest.approx(0.004392, abs=1e-12)
    assert books()["images"] == 2


@pytest.mark.parametrize("mask", [False, True])
def test_image_edits(client: openai.OpenAI, mask: bool):
    files = {"image": ("a.png", PICTURE, "image/png")}
    if mask:
        files["mask"] = ("b.png", PICTURE, "image/png")
    raw = client.images.with_raw_response.edit(model="mock-image", prompt="a dog", **files)
    assert base64.b64decode(raw.parse().data[0].b64_json) == PICTURE
    assert cost(raw) == pytest.approx(0.002216, abs=1e-12)
    assert books()["path"] == "/v1/images/edits"


def test_image_variations(client: openai.OpenAI):
    images = client.images.create_variation(model="mock-image", image=("a.png", PICTURE, "image/png"), n=3)
    assert len(images.data) == 3


def test_speech(client: openai.OpenAI):
    with client.audio.speech.with_streaming_response.create(model="tts-1", input="Hëllo", voice="alloy") as answer:
        spoken = b"".join(answer.iter_bytes())
    assert spoken == ("Hëllo" * 100).encode()
    assert books()["characters"] == 5


@pytest.mark.parametrize("model", ["whisper-1", "my-whisper"])
@pytest.mark.parametrize("form", ["json", "text", "srt", "verbose_json"])
def test_transcriptions(client: openai.OpenAI, model: str, form: str):
    raw = client.audio.transcriptions.with_raw_response.create(model=model, file=sound(59 * SECOND), response_format=form)
    assert "Hello from the mock." in raw.text
    entry = books()
    # A minute of sound, the form around it included; the provider knows the model by its own name.
    assert (entry["seconds"], entry["model"]) == (60, "whisper-1")
    if form != "text":
        assert cost(raw) == pytest.approx(0.006, abs=1e-12)


def test_translations(client: openai.OpenAI):
    assert client.audio.translations.create(model="whisper-1", file=sound(SECOND)).text == "Hello from the mock."
    assert books()["path"] == "/v1/audio/translations"


def test_a_form_whose_model_comes_last():
    key, edge = new_key(), "edge-of-the-form"
    body = (
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n'.encode()
        + os.urandom(300_000).replace(b"\r", b"x")
        + f'\r\n--{edge}\r\nContent-Disposition: form-data; name="model"\r\n\r\nmy-whisper\r\n--{edge}--\r\n'.encode()
    )
    headers = {"authorization": f"Bearer {key}", "content-type": f"multipart/form-data; boundary={edge}"}
    request = urllib.request.Request(f"{URL}/v1/audio/transcriptions", body, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert b"Hello from the mock." in answer.read()
    assert books()["model"] == "whisper-1"


@pytest.mark.parametrize("model", [{}, {"model": "omni-moderation-latest"}])
def test_moderations(client: openai.OpenAI, model: dict):
    answer = client.moderations.create(input="Good morning", **model)
    assert answer.results[0].flagged is False
    assert books()["model"] == "omni-moderation-latest"


def test_limits_and_access():
    body = {"model": "tts-1", "input": "x" * 4000, "voice": "alloy"}
    # $0.06, and a cent is left.
    poor = sdk(new_key(max_budget=0.01))
    with pytest.raises(openai.APIStatusError) as refused:
        poor.audio.speech.create(**body)
    assert refused.value.type == "budget_exceeded"
    narrow = sdk(new_key(models=["gpt-4o"]))
    with pytest.raises(openai.PermissionDeniedError):
        narrow.audio.transcriptions.create(model="whisper-1", file=sound(1000))
    with pytest.raises(openai.BadRequestError) as refused:
        sdk(MASTER_KEY).images.generate(model="no-such-model", prompt="x")
    assert refused.value.type == "invalid_request_error"
