"""Reads the gateway's ledger as the gateway wrote it: from its database."""

import sqlite3
from collections import Counter

from stack import Gateway, Mock, wait_until


class Ledger:
    def __init__(self, gateway: Gateway):
        self.gateway = gateway

    def charges(self) -> list[dict]:
        database = sqlite3.connect(f"file:{self.gateway.database()}?mode=ro", uri=True, timeout=10)
        database.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in database.execute("SELECT * FROM charges ORDER BY started_at, id")]
        finally:
            database.close()

    def wait_for(self, count: int, seconds: float = 10) -> list[dict]:
        """The ledger, once it has at least `count` charges."""
        return wait_until(
            lambda: len(charges := self.charges()) >= count and charges, seconds, f"{count} charges in the ledger", 0.1
        )

    def balance(self, mock: Mock, seconds: float = 10) -> list[dict]:
        """Waits until the ledger has every call that the mock served, and asserts that it has each once, with the
        tokens that the mock reported, and no other but those whose fate the gateway couldn't know."""
        served = {entry["request_id"]: entry for entry in mock.books()}
        assert None not in served, "each call that reaches the provider carries its charge's id"
        assert len(served) == mock.stats()["calls"], "no id is used for two calls"

        def complete():
            charges = self.charges()
            return charges if served.keys() <= {charge["id"] for charge in charges} else None

        try:
            charges = wait_until(complete, seconds, "every call is in the ledger", 0.1)
        except TimeoutError:
            missing = served.keys() - {charge["id"] for charge in self.charges()}
            raise AssertionError(f"{len(missing)} of {len(served)} calls are not in the ledger") from None
        twice = [id for id, count in Counter(charge["id"] for charge in charges).items() if count > 1]
        assert not twice
        for charge in charges:
            entry = served.get(charge["id"])
            if entry is None:
                # Killed between its note in the journal and the write to the provider's socket: it may have gone out.
                assert (charge["outcome"], charge["certainty"]) == ("interrupted", "unknown"), charge
                continue
            assert charge["upstream_model"] == entry["model"]
            if charge["outcome"] == "success" and entry["usage_reported"]:
                counted = (charge["input_tokens"], charge["output_tokens"])
                assert counted == (entry["prompt_tokens"], entry["completion_tokens"]), (charge, entry)
                assert charge["certainty"] == "measured"
            elif charge["outcome"] == "success":
                assert charge["certainty"] == "estimated", charge
        return charges
