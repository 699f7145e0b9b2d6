import os
import sys
from pathlib import Path

import openai
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from stack import http  # noqa: E402

URL = os.environ["TOLLGATE_URL"]
MASTER_KEY = os.environ["TOLLGATE_MASTER_KEY"]
MOCK_URL = os.environ["TOLLGATE_MOCK_URL"]


def new_key(**fields) -> str:
    answer = http("POST", f"{URL}/key/generate", fields, MASTER_KEY)
    assert answer.status == 200, answer.body
    return answer.json()["key"]


def sdk(key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{URL}/v1", api_key=key, max_retries=0, timeout=30)


@pytest.fixture(scope="session")
def client() -> openai.OpenAI:
    return sdk(new_key())


@pytest.fixture
def last_request():
    """Returns the newest request that the provider got."""

    def last() -> dict:
        return http("GET", f"{MOCK_URL}/__mock/requests").json()[-1]

    return last
