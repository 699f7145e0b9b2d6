"""Kill -9: nothing that reached a provider is lost, nothing is counted twice."""

import os
import random

from ledger import Ledger
from load import Load

from stack import Gateway, Mock, wait_until

CALLS = 1000
# More, when there is time.
ROUNDS = int(os.environ.get("TOLLGATE_ROUNDS", "5"))
# Calls that are at every stage when the kill comes: plain ones, slow ones, long streams, failing ones.
MODELS = ["mock-tokens-5", "mock-delay-30", "mock-chunk-delay-3+tokens-30", "mock-status-500", "mock-cut-after-4", "gpt-4o"]


def test_kill_in_the_middle_of_a_thousand_calls(gateway: Gateway, mock: Mock, ledger: Ledger):
    key = gateway.new_key()
    for seed in range(ROUNDS):
        start = mock.stats()["calls"]
        load = Load(gateway.url, key, MODELS, CALLS)
        when = start + random.Random(seed).randint(CALLS // 10, CALLS * 9 // 10)
        wait_until(lambda: mock.stats()["calls"] >= when, 120, f"{when} calls were served", 0.005)
        assert load.left > 0, "the kill comes in the middle"
        gateway.kill()
        results = load.join()
        assert results["broken"] > 0
        wait_until(lambda: mock.stats()["concurrent"] == 0, 10, "the mock noticed")
        gateway.start()
        charges = ledger.balance(mock)
        # Noted in the journal and perhaps never sent: balance() has looked at each.
        unsent = len(charges) - mock.stats()["calls"]
        print(f"round {seed}: killed at {when - start} of {CALLS}, {dict(results)}, {len(charges)} charges, {unsent} unsent")
    # And it goes on as if nothing had happened.
    assert Load(gateway.url, key, MODELS, CALLS).join().total() == CALLS
    ledger.balance(mock)


def test_killed_while_it_starts(gateway: Gateway, mock: Mock, ledger: Ledger):
    """The journal's replay may be killed too."""
    key = gateway.new_key()
    load = Load(gateway.url, key, MODELS, CALLS)
    wait_until(lambda: mock.stats()["calls"] >= CALLS // 2, 60, "half of the calls were served", 0.005)
    gateway.kill()
    load.join()
    for milliseconds in (2, 5, 10, 20, 40, 80):
        gateway.start(wait=False)
        try:
            gateway.popen.wait(milliseconds / 1000)
        except Exception:  # still running: as it should
            pass
        gateway.kill()
    gateway.start()
    ledger.balance(mock)


def test_stopped_politely(gateway: Gateway, mock: Mock, ledger: Ledger):
    """SIGTERM lets the calls in flight end."""
    load = Load(gateway.url, gateway.new_key(), ["mock-delay-200", "mock-chunk-delay-10+tokens-20"], 64, threads=64)
    wait_until(lambda: mock.stats()["calls"] == 64, 20, "all calls are in flight", 0.005)
    assert gateway.stop() == 0
    assert load.join() == {200: 64}
    assert len(ledger.balance(mock)) == 64
    gateway.start()
    assert len(ledger.balance(mock)) == 64
