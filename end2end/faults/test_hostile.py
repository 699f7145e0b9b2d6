"""Clients that send nonsense, too much, or too slowly get a clear answer in OpenAI's shape, and the process lives."""

import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack import CONFIG, Answer, Gateway, Mock


def assert_refused(answer: Answer, *statuses: int):
    assert answer.status in statuses, (answer.status, answer.body[:500])
    error = answer.json()["error"]
    assert isinstance(error["message"], str) and error["message"]
    assert isinstance(error["type"], str) and error["type"]
    assert error["code"] == str(answer.status)
    assert "param" in error


def assert_serves(gateway: Gateway, key: str):
    answer = gateway.call("POST", "/v1/chat/completions", {"model": "gpt-4o", "messages": []}, key)
    assert answer.status == 200, answer.body


def raw(gateway: Gateway, data: bytes, seconds: float = 20, then: bytes = b"") -> bytes:
    """Sends bytes and returns whatever comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=seconds) as connection:
        try:
            connection.sendall(data)
            if then:
                connection.sendall(then)
        except (BrokenPipeError, ConnectionResetError):
            pass  # It answered without reading everything: see what it said.
        received = b""
        try:
            while piece := connection.recv(65536):
                received += piece
                if is_whole(received):
                    break
        except ConnectionResetError:
            pass
        return received


def is_whole(received: bytes) -> bool:
    head, separator, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    return bool(separator and length) and len(body) >= int(length[1])


def parse(received: bytes) -> Answer:
    head, separator, body = received.partition(b"\r\n\r\n")
    assert separator, f"no answer: {received!r}"
    return Answer(int(head.split(b" ")[1]), {}, body)


def head(key: str, *lines: str) -> bytes:
    lines = ["POST /v1/chat/completions HTTP/1.1", "host: x", f"authorization: Bearer {key}", *lines]
    return "\r\n".join([*lines, "", ""]).encode()


@pytest.fixture
def key(gateway: Gateway) -> str:
    return gateway.new_key()


BODIES = {
    "empty": b"",
    "cut off": b'{"model": "gpt-4o", "messages": [{"role": ',
    "not JSON": b"model=gpt-4o",
    "a list": b'["gpt-4o"]',
    "a number": b"42",
    "invalid UTF-8": b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "\xff\xfe"}]}',
    "invalid UTF-8 in the model": b'{"model": "gpt\xc3\x28", "messages": []}',
    "no model": b'{"messages": []}',
    "the model is a number": b'{"model": 4, "messages": []}',
    "the model is empty": b'{"model": "", "messages": []}',
    "two objects": b'{"model": "gpt-4o"} {"model": "gpt-4o"}',
    "NUL bytes": b"\0" * 100,
    "nested deeply": b'{"model": "gpt-4o", "messages": ' + b"[" * 200_000,
    "stream is a text": b'{"model": "gpt-4o", "stream": "yes", "messages": []}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_bodies(gateway: Gateway, mock: Mock, key: str, body: bytes):
    assert_refused(gateway.call("POST", "/v1/chat/completions", body, key), 400, 422)
    assert mock.stats()["calls"] == 0, "it isn't handed on"
    assert_serves(gateway, key)


class TestLimits:
    @pytest.fixture
    def gateway(self, directory: Path, mock: Mock) -> Iterator[Gateway]:
        gateway = Gateway(directory, mock.url, config=CONFIG + "  max_request_size_mb: 1\n")
        yield gateway
        assert gateway.stop() == 0

    def test_a_body_over_the_limit(self, gateway: Gateway, key: str):
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "x" * 1_100_000}]}
        assert_refused(gateway.call("POST", "/v1/chat/completions", body, key), 413)
        body["messages"][0]["content"] = "x" * 900_000
        assert gateway.call("POST", "/v1/chat/completions", body, key).status == 200

    def test_a_length_over_the_limit_is_refused_unread(self, gateway: Gateway, key: str):
        start = time.monotonic()
        assert_refused(parse(raw(gateway, head(key, "content-length: 99999999999") + b"{")), 413)
        assert time.monotonic() - start < 2
        assert_serves(gateway, key)

    def test_chunks_over_the_limit(self, gateway: Gateway, key: str):
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        received = raw(gateway, head(key, "transfer-encoding: chunked"), then=chunk * 40)
        assert_refused(parse(received), 413)
        assert_serves(gateway, key)


def test_huge_headers(gateway: Gateway, key: str):
    for filler in (["x-filler: " + "x" * 100_000], [f"x-filler-{n}: {'x' * 1000}" for n in range(100)]):
        assert_refused(parse(raw(gateway, head(key, *filler, "content-length: 2") + b"{}")), 431)
        assert_serves(gateway, key)
    # What doesn't even fit the buffer is refused without words.
    for filler in (["x-filler: " + "x" * 2_000_000], [f"x-filler-{n}: x" for n in range(5000)]):
        assert parse(raw(gateway, head(key, *filler, "content-length: 2") + b"{}")).status == 431
        assert_serves(gateway, key)


@pytest.mark.parametrize(
    "data",
    [
        b"\0\1\2\3\r\n\r\n",
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 200,
    ],
)
def test_what_isnt_http(gateway: Gateway, key: str, data: bytes):
    received = raw(gateway, data)
    assert received == b"" or received.startswith(b"HTTP/1.1 4"), received
    assert_serves(gateway, key)


def test_wrong_routes_and_methods(gateway: Gateway, key: str):
    assert_refused(gateway.call("GET", "/v1/chat/completions", key=key), 405)
    assert_refused(gateway.call("GET", "/v1/no/such/route", key=key), 404)
    assert_refused(gateway.call("POST", "/v1/chat/completions", {"model": "gpt-4o"}, key=None), 401)
    assert_refused(gateway.call("POST", "/v1/chat/completions", {"model": "gpt-4o"}, key="not a key \x80"), 401)


class TestSlowClients:
    """Connections that send next to nothing are ended, and meanwhile others are served."""

    @pytest.fixture
    def gateway(self, directory: Path, mock: Mock) -> Iterator[Gateway]:
        gateway = Gateway(directory, mock.url, env={"KEEPALIVE_TIMEOUT": "3"})
        yield gateway
        assert gateway.stop() == 0

    def hold(self, gateway: Gateway, key: str, start: bytes, piece: bytes, seconds: float) -> list[bytes]:
        """Opens 100 connections that send `start` and then `piece` each second; returns what they were told."""
        connections = {socket.create_connection(("127.0.0.1", gateway.port)): b"" for _ in range(100)}
        for connection in connections:
            connection.sendall(start)
            connection.setblocking(False)
        waiting = list(connections)
        end = time.monotonic() + seconds
        slowest = 0.0
        while waiting and time.monotonic() < end:
            before = time.monotonic()
            assert_serves(gateway, key)
            slowest = max(slowest, time.monotonic() - before)
            time.sleep(1)
            for connection in list(waiting):
                try:
                    if piece:
                        connection.sendall(piece)
                    while received := connection.recv(65536):
                        connections[connection] += received
                    waiting.remove(connection)
                except BlockingIOError:
                    pass
                except OSError:
                    waiting.remove(connection)
        for connection in connections:
            connection.close()
        assert not waiting, f"{len(waiting)} connections are still open after {seconds} s"
        assert slowest < 1, "others are served meanwhile"
        return list(connections.values())

    def test_a_head_that_never_ends(self, gateway: Gateway, key: str):
        for answer in self.hold(gateway, key, head(key)[:-2], b"", 20):
            assert_refused(parse(answer), 408)

    def test_a_head_that_trickles(self, gateway: Gateway, key: str):
        self.hold(gateway, key, head(key)[:-2], b"x", 20)

    def test_a_body_that_never_comes(self, gateway: Gateway, key: str):
        for answer in self.hold(gateway, key, head(key, "content-length: 10000") + b'{"model":', b"", 60):
            assert_refused(parse(answer), 408)

    def test_a_body_that_trickles(self, gateway: Gateway, key: str):
        self.hold(gateway, key, head(key, "content-length: 10000") + b'{"model":', b" ", 90)

    def test_a_connection_that_says_nothing(self, gateway: Gateway, key: str):
        assert set(self.hold(gateway, key, b"", b"", 20)) == {b""}


def test_clients_that_do_not_read(gateway: Gateway, mock: Mock, key: str):
    """Answers that nobody reads don't fill the memory."""
    assert_serves(gateway, key)
    before = gateway.resident_mib()
    data = b'{"model": "mock-huge-30000000", "stream": true, "messages": []}'
    connections = [socket.create_connection(("127.0.0.1", gateway.port)) for _ in range(10)]
    for connection in connections:
        connection.sendall(head(key, f"content-length: {len(data)}") + data)
    most = 0.0
    for _ in range(30):
        time.sleep(0.1)
        most = max(most, gateway.resident_mib())
    assert most - before < 100, f"{most:.0f} MiB for 10 unread answers of 30 MB"
    assert_serves(gateway, key)
    for connection in connections:
        connection.close()
