"""Years of use: a million charges, a hundred thousand lines of the audit log, thousands of keys and people. Every list
answers at once, and files of everything are written in little memory.

An unoptimised program gets a tenth of that and five times the time: set TOLLGATE_BIN to an optimised one to measure."""

import csv
import io
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request

import pytest
from dashboard import Dashboard

from stack import MASTER_KEY, OPENER, Gateway, Mock, program, scratch

measured = pytest.mark.skipif(os.environ.get("TOLLGATE_MEASURE") != "1", reason="TOLLGATE_MEASURE isn't 1")
pytestmark = measured

OPTIMISED = "/debug/" not in program("TOLLGATE_BIN", "tollgate")
CHARGES, LINES = (1_000_000, 100_000) if OPTIMISED else (100_000, 10_000)
PAGE_MS = 100 if OPTIMISED else 500
# Sums are no lists: they go through a month's rollups.
REPORT_MS = 1000
ROUNDS = 20
PASSWORD = "correct horse battery staple 7!"


@pytest.fixture(scope="module")
def full() -> Iterator[Gateway]:
    """A gateway that was used for long."""
    with scratch() as directory:
        directory = Path(directory)
        (directory / "data").mkdir()
        fill = [program("TOLLGATE_FILL_BIN", "examples/fill"), f"sqlite://{directory}/data/tollgate.db"]
        begun = time.monotonic()
        subprocess.run([*fill, str(CHARGES), str(LINES)], check=True)
        size = (directory / "data/tollgate.db").stat().st_size / 2**20
        print(f"filled in {time.monotonic() - begun:.0f} s: {CHARGES} charges, {LINES} lines, {size:.0f} MiB")
        mock = Mock(directory)
        env = {"TOLLGATE_ADMIN_EMAIL": "ada@example.com", "TOLLGATE_ADMIN_PASSWORD": PASSWORD}
        gateway = Gateway(directory, mock.url, env=env)
        try:
            yield gateway
            gateway.check()
            assert gateway.stop() == 0
        finally:
            for process in (gateway, mock):
                if process.alive():
                    process.kill()


def p95(ask) -> float:
    """Milliseconds; the first of all is not counted, so that what is made at first use is there."""
    ask()
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        ask()
        times.append((time.perf_counter() - begun) * 1000)
    return sorted(times)[int(ROUNDS * 0.95) - 1]


def check(slow: dict[str, float]):
    for path, milliseconds in sorted(slow.items(), key=lambda item: -item[1]):
        print(f"{milliseconds:8.1f} ms  {path}")
    late = {
        path: round(milliseconds)
        for path, milliseconds in slow.items()
        if milliseconds >= (REPORT_MS if "/usage?" in path else PAGE_MS)
    }
    assert not late


def test_lists_of_the_api(full: Gateway):
    paths = full.call("GET", "/api/openapi.json", key=None).json()["paths"]
    times = {}
    lists = [path for path, item in paths.items() if item.get("get", {}).get("operationId", "").startswith("list_")]
    lists = [path.replace("teams/{id}", "teams/team-1").replace("{id}", "organisation-1") for path in lists]
    assert len(lists) > 14
    key = full.call("GET", "/api/v1/keys?limit=1").json()["items"][0]["id"]
    more = [
        "requests?status=failed",
        "requests?status=refused",
        "requests?model=model-3",
        "requests?team_id=team-7",
        "requests?user_id=user-7",
        "requests?organisation_id=organisation-7",
        "requests?customer_id=customer-7",
        "requests?tag=tag-3",
        f"requests?key={key}",
        f"requests?key={key}&status=failed",
        "keys?search=key-49",
        "keys?status=blocked",
        "users?search=user-19",
        "teams?search=Team%2019",
        "customers?search=customer-19",
        "audit-events?action=key.*",
        "audit-events?actor=user-7",
        "audit-events?resource_kind=team&resource_id=team-7",
        "audit-events?search=b-4999",
        "overview",
        "overview?period=30d",
        "usage?by=team,model",
        "usage?by=day",
        "usage?by=key",
        "usage?by=user",
        "usage?by=tag",
        "usage?by=customer",
    ]
    for path in lists + [f"/api/v1/{path}" for path in more]:
        answer = full.call("GET", path)
        if path.startswith("/api/v1/overview?") and answer.status == 400:
            continue
        assert answer.status == 200, (path, answer.body)
        times[path] = p95(lambda path=path: full.call("GET", path))
        if (cursor := answer.json().get("next")) and "cursor" not in path:
            page = f"{path}{'&' if '?' in path else '?'}cursor={quote(cursor)}"
            times[page[:90]] = p95(lambda page=page: full.call("GET", page))
    check(times)


def test_pages_of_the_dashboard(full: Gateway):
    dashboard = Dashboard(full)
    assert dashboard.sign_in("ada@example.com", PASSWORD)
    known = sorted(path for path in dashboard.links("/ui") if path.count("/") <= 2 and not path.endswith("/new"))
    assert len(known) > 6, known
    more = [
        "/ui/requests?status=failed",
        "/ui/requests?model=model-3",
        "/ui/keys?q=key-49",
        "/ui/keys?status=blocked",
        "/ui/audit?action=key.*",
        "/ui/audit?actor=user-7",
        "/ui/customers?q=customer-19",
    ]
    times = {}
    for path in known + [path for path in more if path.split("?")[0] in known]:
        page = dashboard.ask("GET", path)
        assert page.status == 200, (path, page.status)
        times[path] = p95(lambda path=path: dashboard.ask("GET", path))
        for link in [link for link in dashboard.links(path) if link.startswith(path.split("?")[0]) and "after=" in link]:
            times[link[:90]] = p95(lambda link=link: dashboard.ask("GET", link))
    check(times)


@pytest.mark.parametrize("what", ["requests", "audit-events"])
def test_a_file_of_everything(full: Gateway, what: str):
    expected = CHARGES if what == "requests" else LINES
    # What lists and reports left in memory is no part of it.
    full.stop()
    full.start()
    before, most, done = full.resident_mib(), 0.0, threading.Event()

    def watch():
        nonlocal most
        while not done.is_set():
            most = max(most, full.resident_mib())
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    request = Request(f"{full.url}/api/v1/exports/{what}", headers={"authorization": f"Bearer {MASTER_KEY}"})
    begun, rows, last = time.perf_counter(), -1, b""
    with OPENER.open(request, timeout=600) as answer:
        while part := answer.read(1 << 20):
            # The end of a line may be in two parts.
            rows += part.count(b"\r\n") + (last[-1:] == b"\r" and part[:1] == b"\n")
            last = (last + part)[-4096:]
    seconds = time.perf_counter() - begun
    done.set()
    watcher.join()
    print(f"{what}: {rows} rows, {rows / seconds:.0f} a second, {most:.0f} MiB resident at most, {before:.0f} before")
    assert rows >= expected
    assert last.endswith(b"\r\n") and len(next(csv.reader(io.StringIO(last.decode().splitlines()[-1])))) > 10
    if OPTIMISED:
        assert most < 100
        if what == "requests":
            assert rows / seconds > 50_000
    else:
        assert most - before < 50
