"""A client that leaves is charged what the provider reported."""

import json
import socket
import time

import pytest
from ledger import Ledger

from stack import Gateway, Mock, wait_until


def leave(gateway: Gateway, body: dict, key: str, read_until: bytes | None, reset: bool):
    """Sends a request and closes the connection after `read_until` arrived."""
    data = json.dumps(body).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        connection.sendall(head.encode() + data)
        if read_until is None:
            time.sleep(0.1)
        else:
            received = b""
            while read_until not in received:
                piece = connection.recv(4096)
                assert piece, received
                received += piece
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("include_usage", [False, True])
def test_in_the_middle_of_a_stream(gateway: Gateway, mock: Mock, ledger: Ledger, include_usage: bool, reset: bool):
    model = "mock-tokens-40+chunk-delay-10+prompt-1000+cached-400"
    body = {"model": model, "messages": [], "stream": True}
    if include_usage:
        body["stream_options"] = {"include_usage": True}
    leave(gateway, body, gateway.new_key(), b'"3 "', reset)
    [charge] = ledger.wait_for(1)
    assert charge["output_tokens"] == 40
    assert (charge["input_tokens"], charge["cache_read_tokens"]) == (1000, 400)
    # 600 tokens at $2, 400 at $0.50 and 40 at $8 a million, in nano-dollars.
    assert charge["cost_nanos"] == 600 * 2000 + 400 * 500 + 40 * 8000
    assert (charge["certainty"], charge["outcome"], charge["client_left"]) == ("measured", "success", 1)
    assert mock.books()[0]["outcome"] == "finished"
    ledger.balance(mock)


def test_before_the_answer(gateway: Gateway, mock: Mock, ledger: Ledger):
    leave(gateway, {"model": "mock-delay-500", "messages": []}, gateway.new_key(), None, reset=False)
    [charge] = ledger.wait_for(1)
    assert (charge["output_tokens"], charge["certainty"], charge["client_left"]) == (16, "measured", 1)


def test_many_at_once(gateway: Gateway, mock: Mock, ledger: Ledger):
    key = gateway.new_key()
    for number in range(50):
        body = {"model": f"mock-tokens-{20 + number}+chunk-delay-5", "messages": [], "stream": True}
        leave(gateway, body, key, b'"2 "', reset=number % 2 == 0)
    charges = ledger.wait_for(50)
    assert sorted(charge["output_tokens"] for charge in charges) == list(range(20, 70))
    ledger.balance(mock)
    wait_until(lambda: mock.stats()["concurrent"] == 0, 5, "no stream is left open")
