"""What the gateway promises to stay under. Measured on an optimised build only: set TOLLGATE_MEASURE=1."""

import json
import os
import subprocess
import time
from urllib.parse import urlsplit

import pytest
from ledger import Ledger
from load import Load

from stack import MASTER_KEY, Gateway, Mock, program

measured = pytest.mark.skipif(os.environ.get("TOLLGATE_MEASURE") != "1", reason="TOLLGATE_MEASURE isn't 1")


def probe(url: str, key: str, model: str, tokens: int, streams: int, rounds: int) -> dict:
    command = [program("TOLLGATE_PROBE_BIN", "tollgate-stream-probe"), "--address", urlsplit(url).netloc, "--key", key]
    command += ["--model", model, "--tokens", str(tokens), "--streams", str(streams), "--rounds", str(rounds)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=300).stdout)


@pytest.mark.parametrize("form", ["", "+split-7", "+usage-always"])
def test_512_streams_lose_no_frame(gateway: Gateway, mock: Mock, ledger: Ledger, form: str):
    model = f"mock-tokens-60+chunk-delay-20{form}"
    report = probe(gateway.url, gateway.new_key(), model, tokens=60, streams=512, rounds=2)
    assert report["failed"] == 0, report
    assert report["finished"] == 1024
    # The first chunk, the tokens, the finish and [DONE].
    assert report["frames"] == 1024 * 63
    assert mock.stats()["max_concurrent"] == 512
    assert len(ledger.balance(mock, seconds=30)) == 1024


def first_answer(gateway: Gateway) -> float:
    """Seconds from the process's start to its first answer to a call."""
    while True:
        gateway.check()
        try:
            body = {"model": "gpt-4o", "messages": []}
            if gateway.call("POST", "/v1/chat/completions", body, MASTER_KEY, timeout=5).status == 200:
                return time.monotonic() - gateway.started_at
        except OSError:
            time.sleep(0.002)


@measured
def test_starts_in_half_a_second(gateway: Gateway, mock: Mock):
    times = []
    for _ in range(5):
        gateway.stop()
        gateway.start(wait=False)
        times.append(first_answer(gateway))
    print("start to first answer:", [f"{seconds:.3f} s" for seconds in times])
    assert sorted(times)[2] < 0.5


@measured
def test_first_start_in_half_a_second(directory, mock: Mock):
    """With an empty directory: the database is made too."""
    gateway = Gateway(directory, mock.url)
    seconds = first_answer(gateway)
    gateway.stop()
    print(f"first start: ready in {seconds:.3f} s")
    assert seconds < 0.5


@measured
def test_memory(gateway: Gateway, mock: Mock):
    key = gateway.new_key()
    # A page and a call, so that what is made at first use is there.
    assert gateway.call("GET", "/ui/sign-in", key=None).status == 200
    assert gateway.call("POST", "/v1/chat/completions", {"model": "gpt-4o", "messages": []}, key).status == 200
    time.sleep(2)
    idle = gateway.resident_mib()
    most = idle
    load = Load(gateway.url, key, ["gpt-4o", "mock-tokens-100"], 10_000, threads=64)
    while load.left > 0:
        time.sleep(0.05)
        most = max(most, gateway.resident_mib())
    load.join()
    command = [program("TOLLGATE_PROBE_BIN", "tollgate-stream-probe"), "--address", f"127.0.0.1:{gateway.port}"]
    command += ["--key", key, "--model", "mock-tokens-50+chunk-delay-20", "--tokens", "50", "--rounds", "3"]
    streams = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while streams.poll() is None:
        time.sleep(0.05)
        most = max(most, gateway.resident_mib())
    print(f"resident: idle {idle:.1f} MiB, at most {most:.1f} MiB under load")
    assert idle < 40
    assert most < 80
