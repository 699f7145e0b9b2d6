"""Measures, in one run on one machine: the mock provider alone, nginx as a plain reverse proxy before it, and Tollgate
before it with key authentication, prices and the ledger on. Prints a table.

Needs wrk and nginx. Loopback addresses only.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from stack import UPSTREAM_KEY, Gateway, Mock, Process, free_port, http, program, scratch, wait_until  # noqa: E402

CHUNKS = 50
CHUNK_DELAY = 20


class Nginx(Process):
    def __init__(self, directory: Path, mock_url: str):
        path = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        prefix = directory / "nginx"
        prefix.mkdir()
        port = free_port()
        config = (HERE / "nginx.conf").read_text()
        config = config.replace("MOCK_ADDRESS", urlsplit(mock_url).netloc).replace("PORT", str(port))
        (prefix / "nginx.conf").write_text(config)
        super().__init__([path, "-p", str(prefix), "-c", "nginx.conf", "-e", "stderr"], directory / "nginx.log")
        self.url = f"http://127.0.0.1:{port}"

        def ready():
            self.check()
            try:
                return http("GET", f"{self.url}/v1/models").status == 200
            except OSError:
                return False

        wait_until(ready, 10, "nginx is ready")

    def worker_pids(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]


@dataclass
class Target:
    name: str
    url: str
    key: str
    processes: list[Process]
    runs: dict = field(default_factory=dict)

    def pids(self) -> list[int]:
        pids = [process.pid for process in self.processes]
        for process in self.processes:
            if isinstance(process, Nginx):
                pids += process.worker_pids()
        return pids

    def cpu_seconds(self) -> float:
        total = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def resident_mib(self) -> float:
        """What the processes hold; pages that they share are counted once each."""
        kib = 0
        for pid in self.pids():
            kib += int(re.search(r"Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text())[1])
        return kib / 1024


def wrk(target: Target, connections: int, seconds: int) -> dict:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(HERE / "post.lua")]
    before = target.cpu_seconds()
    done = subprocess.run(
        [*command, f"{target.url}/v1/chat/completions", "--", target.key], check=True, capture_output=True, text=True
    )
    cpu = target.cpu_seconds() - before
    result = json.loads(done.stdout.strip().splitlines()[-1])
    if result["bad_status"] or result["broken"]:
        raise SystemExit(f"{target.name}: {result['bad_status']} answers weren't 2xx, {result['broken']} were broken")
    result["rate"] = result["calls"] / result["micros"] * 1e6
    result["cpu_us"] = cpu / result["calls"] * 1e6
    result["mib"] = target.resident_mib()
    return result


def probe(target: Target, streams: int, rounds: int) -> dict:
    command = [program("TOLLGATE_PROBE_BIN", "tollgate-stream-probe"), "--address", urlsplit(target.url).netloc]
    command += ["--key", target.key, "--model", f"mock-tokens-{CHUNKS}+chunk-delay-{CHUNK_DELAY}"]
    # The starts are spread over the length of a stream, as they would be in use.
    command += ["--tokens", str(CHUNKS), "--streams", str(streams), "--rounds", str(rounds)]
    command += ["--ramp-ms", str(CHUNKS * CHUNK_DELAY)]
    before = target.cpu_seconds()
    result = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    cpu = target.cpu_seconds() - before
    if result["failed"]:
        raise SystemExit(f"{target.name}: {result['failed']} streams failed: {result['errors']}")
    first = result["first_byte_us"]
    return {
        "p50": first["p50"],
        "p99": first["p99"],
        "cpu_us": cpu / result["frames"] * 1e6,
        "streams": result["finished"],
        "mib": target.resident_mib(),
    }


def median(runs: list[dict]) -> dict:
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def table(title: str, header: list[str], rows: list[list[str]]):
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    print(f"\n{title}")
    for row in [header, *rows]:
        print("  " + "  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))))


def micros(value: float) -> str:
    return f"{value:,.0f} µs"


def added(value: float, base: float) -> str:
    return f"{value - base:+,.0f} µs"


def report(targets: list[Target], connections: list[int], streams: list[int]) -> dict:
    numbers: dict = {}
    for count in connections:
        results = {target.name: median(target.runs["calls", count]) for target in targets}
        base = results[targets[0].name]
        rows = []
        for name, r in results.items():
            rows.append(
                [name, f"{r['rate']:,.0f}", micros(r["p50"]), micros(r["p99"]), added(r["p50"], base["p50"])]
                + [added(r["p99"], base["p99"]), f"{r['cpu_us']:.1f} µs", f"{r['mib']:.1f} MiB"]
            )
        header = ["", "calls/s", "p50", "p99", "p50 added", "p99 added", "processor/call", "memory"]
        table(f"Chat completions, {count} connection{'s' * (count > 1)}", header, rows)
        ratio = results["Tollgate"]["cpu_us"] / results["nginx"]["cpu_us"]
        print(f"  Processor time of Tollgate: {ratio:.2f} times nginx's")
        numbers[f"calls_{count}"] = {**results, "cpu_ratio": ratio}
    for count in streams:
        results = {target.name: median(target.runs["streams", count]) for target in targets}
        base = results[targets[0].name]
        rows = [
            [name, micros(r["p50"]), micros(r["p99"]), added(r["p50"], base["p50"]), added(r["p99"], base["p99"])]
            + [f"{r['cpu_us']:.1f} µs", f"{r['mib']:.1f} MiB"]
            for name, r in results.items()
        ]
        header = ["", "first p50", "first p99", "p50 added", "p99 added", "processor/chunk", "memory"]
        title = f"Streams of {CHUNKS} tokens, one each {CHUNK_DELAY} ms, {count} at a time, to the first byte; none lost"
        table(title, header, rows)
        numbers[f"streams_{count}"] = results
    return numbers


def check_ledger(gateway: Gateway, served: int):
    """Every call of the run must be in the ledger: it was on."""

    def count() -> int:
        database = sqlite3.connect(f"file:{gateway.database()}?mode=ro", uri=True, timeout=10)
        try:
            return database.execute("SELECT count(*) FROM charges").fetchone()[0]
        finally:
            database.close()

    start = time.monotonic()
    try:
        wait_until(lambda: count() >= served, 60, "all calls are in the ledger", 0.2)
    except TimeoutError:
        pass
    charges = count()
    print(f"\nLedger: {charges:,} charges for {served:,} calls through Tollgate, {time.monotonic() - start:.1f} s after the last.")
    if charges != served:
        raise SystemExit("the ledger doesn't balance")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement (default: 3)")
    parser.add_argument("--rounds", type=int, default=3, help="each measurement's median of N is shown (default: 3)")
    parser.add_argument("--connections", type=int, nargs="*", default=[1, 32])
    parser.add_argument("--streams", type=int, nargs="*", default=[8, 512])
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    options = parser.parse_args()
    for tool in ("wrk", "nginx"):
        if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin"):
            raise SystemExit(f"{tool} is missing: on Debian, `apt-get install {tool}`")
    with scratch() as directory:
        processes: list[Process] = []
        try:
            run(Path(directory), options, processes)
        finally:
            for process in reversed(processes):
                process.stop()


def run(directory: Path, options: argparse.Namespace, processes: list[Process]):
    mock = Mock(directory)
    processes.append(mock)
    nginx = Nginx(directory, mock.url)
    processes.append(nginx)
    gateway = Gateway(directory, mock.url)
    processes.append(gateway)
    targets = [
        Target("straight to the mock", mock.url, UPSTREAM_KEY, [mock]),
        Target("nginx", nginx.url, UPSTREAM_KEY, [nginx]),
        Target("Tollgate", gateway.url, gateway.new_key(key_alias="bench"), [gateway]),
    ]
    served = 0
    for number in range(options.rounds + 1):
        for target in targets:
            before = mock.stats()["calls"]
            # Round 0 warms up.
            seconds = options.seconds if number else 1
            for count in options.connections:
                result = wrk(target, count, seconds)
                if number:
                    target.runs.setdefault(("calls", count), []).append(result)
            for count in options.streams if number else []:
                target.runs.setdefault(("streams", count), []).append(probe(target, count, 2))
            # wrk leaves calls behind when its time is up: let them end.
            wait_until(lambda: mock.stats()["concurrent"] == 0, 10, "all calls have ended")
            if target.name == "Tollgate":
                served += mock.stats()["calls"] - before
        print("warm" if number == 0 else f"round {number} of {options.rounds} done", file=sys.stderr, flush=True)
    version = subprocess.run([nginx.popen.args[0], "-v"], capture_output=True, text=True).stderr.strip()
    print(f"{os.cpu_count()} processors shared by wrk, the mock provider and what is measured.")
    print(f"Each figure is the median of {options.rounds} runs of {options.seconds} s. {version}: one worker, keep-alive")
    print("upstream, no log. Tollgate: virtual keys, prices and the ledger (SQLite) on.")
    numbers = report(targets, options.connections, options.streams)
    check_ledger(gateway, served)
    if options.json:
        options.json.write_text(json.dumps(numbers, indent=2) + "\n")


if __name__ == "__main__":
    main()
