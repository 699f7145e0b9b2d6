"""Starts the real programs for the tests: the mock provider and, in front of it, the gateway.

Needs nothing but Python's standard library. The programs come from TOLLGATE_BIN and TOLLGATE_MOCK_BIN, or else from
the workspace's target directory.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MASTER_KEY = "sk-master-0123456789abcdef"
UPSTREAM_KEY = "sk-upstream-0123456789abcdef"

# Prices of the models named `mock-*`, in dollars a token.
INPUT_COST = 0.000_002
CACHE_READ_COST = 0.000_000_5
OUTPUT_COST = 0.000_008

CONFIG = """\
model_list:
  - model_name: "mock-*"
    litellm_params:
      model: "openai/mock-*"
      api_base: {mock}/v1
      api_key: {key}
      input_cost_per_token: 0.000002
      cache_read_input_token_cost: 0.0000005
      output_cost_per_token: 0.000008
  - model_name: "claude-*"
    litellm_params:
      model: "anthropic/mock-*"
      api_base: {mock}
      api_key: {key}
      input_cost_per_token: 0.000002
      cache_read_input_token_cost: 0.0000005
      output_cost_per_token: 0.000008
  - model_name: "gemini-*"
    litellm_params:
      model: "gemini/mock-*"
      api_base: {mock}
      api_key: {key}
      input_cost_per_token: 0.000002
      cache_read_input_token_cost: 0.0000005
      output_cost_per_token: 0.000008
  - model_name: "like-*"
    litellm_params:
      model: "openai_like/mock-*"
      api_base: {mock}/v1
      api_key: {key}
      input_cost_per_token: 0.000002
      cache_read_input_token_cost: 0.0000005
      output_cost_per_token: 0.000008
  - model_name: "nova-*"
    litellm_params:
      model: "bedrock/mock-*"
      api_base: {mock}
      aws_region_name: eu-central-1
      aws_access_key_id: {key}
      aws_secret_access_key: {key}
      input_cost_per_token: 0.000002
      cache_read_input_token_cost: 0.0000005
      output_cost_per_token: 0.000008
  - model_name: "azure-*"
    litellm_params:
      model: "azure/mock-*"
      api_base: {mock}
      api_key: {key}
      api_version: "2024-10-21"
      input_cost_per_token: 0.000002
      cache_read_input_token_cost: 0.0000005
      output_cost_per_token: 0.000008
  - model_name: gpt-4o
    litellm_params: {{model: openai/gpt-4o, api_base: {mock}/v1, api_key: {key}}}
  - model_name: gpt-3.5-turbo-instruct
    litellm_params: {{model: openai/gpt-3.5-turbo-instruct, api_base: {mock}/v1, api_key: {key}}}
  - model_name: text-embedding-3-small
    litellm_params: {{model: openai/text-embedding-3-small, api_base: {mock}/v1, api_key: {key}}}
  - model_name: whisper-1
    litellm_params: {{model: openai/whisper-1, api_base: {mock}/v1, api_key: {key}}}
  - model_name: my-whisper
    litellm_params: {{model: openai/whisper-1, api_base: {mock}/v1, api_key: {key}}}
  - model_name: tts-1
    litellm_params: {{model: openai/tts-1, api_base: {mock}/v1, api_key: {key}}}
  - model_name: omni-moderation-latest
    litellm_params: {{model: openai/omni-moderation-latest, api_base: {mock}/v1, api_key: {key}}}
general_settings:
  master_key: os.environ/TOLLGATE_MASTER_KEY
"""

# What is set here must not reach the programs under test.
BARE_ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("TOLLGATE_", "LITELLM_", "OPENAI_")) and name not in {"DATABASE_URL", "HOST", "PORT"}
}


def program(variable: str, name: str) -> str:
    """The path of one of the workspace's programs."""
    if path := os.environ.get(variable):
        return path
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    for profile in ("release", "debug"):
        if (target / profile / name).exists():
            return str(target / profile / name)
    raise SystemExit(f"{name} isn't built: run `cargo build -p {name}`, or set {variable}")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until(condition, seconds: float, what: str, pause: float = 0.02):
    """Polls until `condition` returns something true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        if result := condition():
            return result
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(pause)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)


# Loopback only: never through a proxy of the environment.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def http(method: str, url: str, body=None, key: str | None = None, headers=None, timeout: float = 30) -> Answer:
    """One HTTP call. `body`: bytes, or something to send as JSON. An error's status is an answer like any other."""
    request = urllib.request.Request(url, method=method)
    if body is not None:
        request.data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request.add_header("content-type", "application/json")
    if key:
        request.add_header("authorization", f"Bearer {key}")
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    try:
        with OPENER.open(request, timeout=timeout) as answer:
            return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read())


class Process:
    """A program that runs until it is stopped, its output in a file."""

    def __init__(self, command: list[str], log: Path, env: dict[str, str] | None = None):
        self.log = log
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env={**BARE_ENVIRONMENT, **(env or {})}
            )

    @property
    def pid(self) -> int:
        return self.popen.pid

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def check(self):
        if self.popen.poll() is not None:
            raise RuntimeError(f"{self.popen.args[0]} ended with {self.popen.returncode}:\n{self.output()[-4000:]}")

    def alive(self) -> bool:
        return self.popen.poll() is None

    def kill(self):
        self.popen.kill()
        self.popen.wait()

    def stop(self, seconds: float = 20) -> int:
        """Asks the process to end, and returns its exit status."""
        if self.alive():
            self.popen.send_signal(signal.SIGTERM)
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def resident_mib(self) -> float:
        """All of it; of an unoptimised program without its code, which is many times what it would be."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        kind = "VmRSS" if self.optimised else "RssAnon"
        return int(re.search(rf"{kind}:\s+(\d+) kB", status)[1]) / 1024

    @property
    def optimised(self) -> bool:
        return "/debug/" not in str(self.popen.args[0])

    def cpu_seconds(self) -> float:
        """User and system time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Mock(Process):
    """The mock provider."""

    def __init__(self, directory: Path, *options: str, require_key: bool = True):
        key = ["--require-key", UPSTREAM_KEY] if require_key else []
        command = [program("TOLLGATE_MOCK_BIN", "tollgate-mock-provider"), "--port", "0", *key, *options]
        super().__init__(command, directory / "mock.log")
        self.url = self._address()

    def _address(self) -> str:
        def address():
            self.check()
            return re.search(r"http://127\.0\.0\.1:\d+", self.output())

        return wait_until(address, 10, "the mock provider listens")[0]

    def books(self) -> list[dict]:
        return http("GET", f"{self.url}/__mock/books").json()

    def requests(self) -> list[dict]:
        return http("GET", f"{self.url}/__mock/requests").json()

    def stats(self) -> dict:
        return http("GET", f"{self.url}/__mock/stats").json()

    def reset(self):
        http("POST", f"{self.url}/__mock/reset")

    def script(self, faults: str, model: str | None = None, times: int | None = None):
        answer = http("POST", f"{self.url}/__mock/script", {"model": model, "times": times, "faults": faults})
        assert answer.status == 200, answer.body


class Gateway(Process):
    """The gateway, with a database and a configuration of its own."""

    def __init__(
        self,
        directory: Path,
        mock_url: str,
        *,
        port: int | None = None,
        config: str = CONFIG,
        env: dict[str, str] | None = None,
    ):
        self.directory = directory
        self.mock_url = mock_url
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        config_file = directory / "config.yaml"
        config_file.write_text(config.format(mock=mock_url, key=UPSTREAM_KEY))
        self.data = directory / "data"
        self.data.mkdir(exist_ok=True)
        self.command = [
            program("TOLLGATE_BIN", "tollgate"),
            *("--config", str(config_file), "--host", "127.0.0.1", "--port", str(self.port)),
            *("--data-dir", str(self.data)),
        ]
        self.env = {"TOLLGATE_MASTER_KEY": MASTER_KEY, **(env or {})}
        self.start()

    def start(self, wait: bool = True):
        self.started_at = time.monotonic()
        Process.__init__(self, self.command, self.directory / "gateway.log", self.env)
        if wait:
            self.wait_ready()

    def wait_ready(self, seconds: float = 20):
        def ready():
            self.check()
            try:
                return http("GET", f"{self.url}/health/readiness", timeout=2).status == 200
            except OSError:
                return False

        wait_until(ready, seconds, "the gateway is ready", pause=0.005)

    def call(self, method: str, path: str, body=None, key: str | None = MASTER_KEY, **options) -> Answer:
        return http(method, self.url + path, body, key, **options)

    def new_key(self, **fields) -> str:
        answer = self.call("POST", "/key/generate", fields)
        assert answer.status == 200, answer.body
        return answer.json()["key"]

    def setup_link(self) -> str:
        """The one-time link that was printed at the first start."""
        match = re.search(r"http://\S+/ui/setup\?token=[\w.~-]+", self.output())
        assert match, f"no setup link in the output:\n{self.output()}"
        return match[0]

    def database(self) -> Path:
        """The SQLite file."""
        files = sorted(self.data.glob("*.db")) + sorted(self.data.glob("*.sqlite*"))
        assert files, f"no database in {self.data}: {list(self.data.iterdir())}"
        return files[0]


def scratch() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="tollgate-test-")
