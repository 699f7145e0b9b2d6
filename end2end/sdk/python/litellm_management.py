"""What the tests of LiteLLM's management routes share."""

import hashlib
import itertools
import os
import time

from conftest import MASTER_KEY, URL

from stack import http

COUNT = itertools.count()
HELLO = [{"role": "user", "content": "Hello"}]


def name(prefix: str) -> str:
    """A name that no other test has."""
    return f"{prefix}-{os.getpid()}-{time.time_ns() % 10**9}-{next(COUNT)}"


def call(method: str, path: str, body=None, key: str = MASTER_KEY, status: int = 200):
    answer = http(method, URL + path, body, key)
    assert answer.status == status, (answer.status, answer.body)
    return answer.json() if answer.body else None


def post(path: str, body=None, key: str = MASTER_KEY, status: int = 200):
    return call("POST", path, {} if body is None else body, key, status)


def get(path: str, key: str = MASTER_KEY, status: int = 200):
    return call("GET", path, None, key, status)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def person(role: str = "internal_user", **fields) -> tuple[str, str]:
    """A new user's id and key."""
    made = post("/user/new", {"user_id": name("user"), "user_role": role, **fields})
    return made["user_id"], made["key"]
