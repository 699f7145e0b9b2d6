import itertools
import os
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stack import UPSTREAM_KEY, Answer, http  # noqa: E402

URL = os.environ["TOLLGATE_URL"]
MASTER_KEY = os.environ["TOLLGATE_MASTER_KEY"]
NUMBERS = itertools.count(1)


class Api:
    """The API, as the holder of a key sees it."""

    def __init__(self, key: str | None):
        self.key = key

    def call(self, method: str, path: str, body=None, headers=None) -> Answer:
        return http(method, f"{URL}/api/v1/{path}", body, self.key, headers)

    def get(self, path: str, status: int = 200):
        return self._json(self.call("GET", path), status)

    def post(self, path: str, body=None, status: int = 201, headers=None):
        return self._json(self.call("POST", path, body, headers), status)

    def patch(self, path: str, body, status: int = 200, tag: str | None = None):
        return self._json(self.call("PATCH", path, body, {"if-match": tag} if tag else None), status)

    def delete(self, path: str, status: int = 204, tag: str | None = None):
        return self._json(self.call("DELETE", path, None, {"if-match": tag} if tag else None), status)

    def pages(self, path: str, limit: int) -> list[list[dict]]:
        """Every page of a list."""
        pages, cursor = [], None
        sign = "&" if "?" in path else "?"
        while True:
            page = self.get(f"{path}{sign}limit={limit}" + (f"&cursor={quote(cursor)}" if cursor else ""))
            pages.append(page["items"])
            cursor = page["next"]
            if not cursor:
                return pages

    @staticmethod
    def _json(answer: Answer, status: int):
        assert answer.status == status, (answer.status, answer.body[:2000])
        if status >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            problem = answer.json()
            assert problem["status"] == status and problem["type"].startswith("/api/problems/")
            assert problem["request_id"] == answer.headers["x-request-id"]
            return problem
        return answer.json() if answer.body else None


@pytest.fixture(scope="session")
def admin() -> Api:
    return Api(MASTER_KEY)


@pytest.fixture
def name():
    """Makes names that no other test has."""
    return lambda what: f"{what}-{next(NUMBERS)}-{os.getpid()}"


@pytest.fixture
def person(admin, name):
    """Makes a person, and the API as it is for their key."""

    def make(role: str = "member", **fields) -> tuple[dict, Api]:
        user = admin.post("users", {"id": name("user"), "role": role, **fields})
        key = admin.post("keys", {"user_id": user["id"], "key_type": "management"})
        return user, Api(key["key"])

    return make


class Provider:
    """The mock provider, and calls through the gateway to it."""

    def __init__(self):
        self.url = f"{os.environ['TOLLGATE_MOCK_URL']}/v1"
        self.key = UPSTREAM_KEY

    def ask(self, model: str, key: str = MASTER_KEY) -> int:
        body = {"model": model, "messages": [{"role": "user", "content": "Hello"}]}
        return http("POST", f"{URL}/v1/chat/completions", body, key).status


@pytest.fixture(scope="session")
def provider() -> Provider:
    return Provider()
