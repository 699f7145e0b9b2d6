"""Secrets of every kind are planted, everything that could leak them is done, and then they are looked for: in the log
at its most talkative, in every byte of the database and the journal, in files, lists, pages, figures and errors."""

import base64
import json
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import run
from dashboard import Dashboard

from stack import MASTER_KEY, Answer, Gateway, Mock, scratch, wait_until

# Letters and digits alone: no encoding of an address, a form or JSON changes them.
CANARIES = {
    what: f"sk-canary{what}{'0123456789abcdef' * 2}"
    for what in [
        "configured",
        "configuredheader",
        "stored",
        "storedheader",
        "form",
        "rotated",
        "virtualkey",
        "wrongkey",
        "password",
        "wrongpassword",
        "newpassword",
        "prompt",
        "completion",
        "clientheader",
    ]
}

CONFIG = """\
model_list:
  - model_name: "mock-*"
    litellm_params:
      model: "openai/mock-*"
      api_base: {mock}/v1
      api_key: CONFIGURED
      extra_headers: {{x-organisation-token: HEADER}}
general_settings:
  master_key: os.environ/TOLLGATE_MASTER_KEY
""".replace("CONFIGURED", CANARIES["configured"]).replace("HEADER", CANARIES["configuredheader"])

EMAIL = "ada@example.com"


def forms(secret: str) -> dict[str, bytes]:
    """A secret as it could be lying about."""
    text = secret.encode()
    return {"plain": text, "hex": text.hex().encode(), "base64": base64.b64encode(text)[4:-4]}


class Seen:
    """Everything that was answered, but to whoever is shown a secret because it is theirs."""

    def __init__(self):
        self.all: dict[str, bytes] = {}

    def add(self, name: str, content: bytes | str | Answer):
        if isinstance(content, Answer):
            content = json.dumps(content.headers).encode() + b"\n" + content.body
        self.all[f"{len(self.all)} {name}"] = content.encode() if isinstance(content, str) else content

    def leaks(self, secrets: dict[str, str]) -> list[str]:
        return [
            f"{what} as {form} in {name}"
            for name, content in self.all.items()
            for what, secret in secrets.items()
            for form, needle in forms(secret).items()
            if needle in content
        ]


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[Gateway, Mock]]:
    with scratch() as directory:
        mock = Mock(Path(directory), require_key=False)
        env = {
            "TOLLGATE_LOG": "debug",
            "TOLLGATE_ADMIN_EMAIL": EMAIL,
            "TOLLGATE_ADMIN_PASSWORD": CANARIES["password"],
        }
        gateway = Gateway(Path(directory), mock.url, config=CONFIG, env=env)
        try:
            yield gateway, mock
        finally:
            for process in (gateway, mock):
                if process.alive():
                    process.kill()


def manage(gateway: Gateway, seen: Seen, mock: Mock) -> list[str]:
    """Plants what is kept in the database; the keys that were made, which are secrets too."""

    def made(method: str, path: str, body: dict, **options) -> dict:
        answer = gateway.call(method, path, body, **options)
        assert answer.status in (200, 201), (path, answer.body)
        return answer.json()

    def told(method: str, path: str, body: dict):
        answer = gateway.call(method, path, body)
        seen.add(f"{method} {path}", answer)
        return answer

    key = CANARIES["virtualkey"]
    made("POST", "/api/v1/keys", {"key": key, "alias": "canary"})
    new = [made("POST", "/key/generate", {})["key"]]
    # The same answer comes again for the same request: it is kept meanwhile.
    again = {"headers": {"idempotency-key": "one"}}
    new.append(made("POST", "/api/v1/keys", {"alias": "again"}, **again)["key"])
    assert made("POST", "/api/v1/keys", {"alias": "again"}, **again)["key"] == new[1]
    rotated = made("POST", "/api/v1/keys", {"alias": "rotated"})
    new.append(rotated["key"])
    new.append(made("POST", f"/api/v1/keys/{rotated['id']}/rotate", {"grace_seconds": 3600})["key"])

    values = {"api_key": CANARIES["stored"]}
    assert told("POST", "/api/v1/credentials", {"id": "stored", "provider": "openai", "values": values}).status == 201
    assert told("POST", "/credentials", {"credential_name": "other", "credential_values": values}).status == 200
    assert told("PATCH", "/api/v1/credentials/stored", {"values": {"api_key": CANARIES["rotated"]}}).status == 200
    params = {"model": "openai/mock-echo", "api_base": f"{mock.url}/v1"}
    params |= {"api_key": CANARIES["stored"], "extra_headers": {"x-token": CANARIES["storedheader"]}}
    assert told("POST", "/model/new", {"model_name": "stored", "litellm_params": params}).status == 200
    assert told("POST", "/api/v1/deployments", {"id": "d", "model": "stored", "params": params}).status == 201
    told("POST", "/api/v1/deployments/d/test", {})
    # What can't be done is refused in words that don't quote it.
    told("POST", "/api/v1/keys", {"key": key, "alias": "twice"})
    told("POST", "/api/v1/keys", {"key": CANARIES["virtualkey"][:12] + " bad", "alias": "bad"})
    told("POST", "/api/v1/credentials", {"id": "stored", "values": {"api_key": CANARIES["stored"]}})
    told("POST", "/api/v1/credentials", {"id": "bad", "values": CANARIES["stored"]})
    told("POST", "/api/v1/credentials", {"id": "bad", "value": {"api_key": CANARIES["stored"]}})
    told("POST", "/model/new", {"model_name": "bad", "litellm_params": params | {"model": 5}})
    told("POST", "/model/new", {"model_name": "bad", "litellm_params": params | {"api_base": "nonsense"}})
    told("POST", "/api/v1/deployments", {"model": "bad", "params": params | {"timeout": "long"}})
    user = made("POST", "/api/v1/users", {"id": "bob", "email": "bob@example.com"})["id"]
    assert told("POST", f"/api/v1/users/{user}/password", {"password": CANARIES["newpassword"]}).status == 204
    told("POST", f"/api/v1/users/{user}/password", {"password": CANARIES["newpassword"], "more": 1})
    return new


def calls(gateway: Gateway, seen: Seen, mock: Mock):
    """Calls that work, and calls that fail in every way, with secrets in every part."""
    key, secret_header = CANARIES["virtualkey"], {"x-secret": CANARIES["clientheader"]}
    prompt = {"messages": [{"role": "user", "content": CANARIES["prompt"]}]}

    def call(model: str, key=key, path="/v1/chat/completions", headers=secret_header, **more):
        try:
            return gateway.call("POST", path, {"model": model} | prompt | more, key, headers=headers)
        except OSError as error:
            return Answer(599, {}, str(error).encode())

    # The client's own prompt comes back to the client, and to nobody else.
    for model in ["mock-echo", "stored"]:
        answer = call(model)
        assert answer.status == 200 and CANARIES["prompt"] in answer.body.decode()
        assert call(model, stream=True).status == 200
    assert any(CANARIES["storedheader"] in json.dumps(request) for request in mock.requests()), "it is used"
    call("mock-tokens-3", stream=True, tools=[{"type": "function", "function": {"name": CANARIES["completion"]}}])
    for status in [400, 401, 403, 404, 429, 500, 503]:
        answer = call(f"mock-status-{status}+echo")
        assert answer.status >= 400, answer.body
        # What the provider says of the client's own call is the client's; what it says of ours is not.
        for own in ("prompt", "clientheader"):
            answer.body = answer.body.replace(CANARIES[own].encode(), b"")
        seen.add(f"a provider's {status} that quotes everything", answer)
    for fault in ["no-answer", "broken-body", "html", "cut-after-1", "error-after-1", "broken-chunk-1", "claim-more-9"]:
        call(f"mock-{fault}")
        call(f"mock-{fault}", stream=True)
    seen.add("no such model", call("no-such-model"))
    seen.add("a key that is not known", call("mock-echo", CANARIES["wrongkey"]))
    seen.add("a key in the wrong place", call(f"mock-echo?api_key={CANARIES['wrongkey']}", None).headers.__str__())
    seen.add("a key that is none", gateway.call("GET", "/v1/models", key="Basic " + CANARIES["wrongkey"]))
    seen.add("no JSON", gateway.call("POST", "/v1/chat/completions", f"{{{CANARIES['prompt']}".encode(), key))
    seen.add("no messages", gateway.call("POST", "/v1/chat/completions", {"model": 5, "m": CANARIES["prompt"]}, key))
    seen.add("no JSON to manage", gateway.call("POST", "/key/generate", f"{{{CANARIES['prompt']}".encode()))
    seen.add("not its business", gateway.call("POST", "/key/generate", {}, key))
    seen.add("a wrong key to manage", gateway.call("GET", "/api/v1/keys", key=CANARIES["wrongkey"]))
    seen.add("itself", gateway.call("GET", "/api/v1/me", key=key))
    seen.add("itself, for LiteLLM", gateway.call("GET", "/key/info", key=key))
    seen.add("models", gateway.call("GET", "/v1/models", key=key))


def read_everything(gateway: Gateway, seen: Seen):
    """Every GET of the document, of LiteLLM's routes and of the process."""
    paths = gateway.call("GET", "/api/openapi.json", key=None).json()["paths"]
    lists = [path for path, item in paths.items() if "get" in item and "{" not in path]
    assert len(lists) > 15
    for path in lists:
        answer = gateway.call("GET", path)
        seen.add(path, answer)
        assert answer.status == 200, (path, answer.body)
        if f"{path}/{{id}}" in paths:
            for name in [urllib.parse.quote(item["id"], safe="") for item in answer.json()["items"] if "id" in item]:
                seen.add(f"{path}/{name}", gateway.call("GET", f"{path}/{name}"))
    for path in ["key/list?return_full_object=true", "user/list", "team/list", "model/info", "v2/model/info"]:
        seen.add(path, gateway.call("GET", f"/{path}"))
    for path in ["credentials", "credentials/by_name/stored", "spend/logs", "audit", "key/aliases", "model_group/info"]:
        seen.add(path, gateway.call("GET", f"/{path}"))
    for path in ["metrics", "health/readiness", "api/docs"]:
        seen.add(path, gateway.call("GET", f"/{path}"))
    for what in ["requests", "audit-events", "usage?by=key"]:
        for form in ["csv", "jsonl"]:
            sign = "&" if "?" in what else "?"
            seen.add(f"{what} as {form}", gateway.call("GET", f"/api/v1/exports/{what}{sign}format={form}"))


def test_no_secret_is_anywhere(world):
    gateway, mock = world
    seen = Seen()
    new_keys = manage(gateway, seen, mock)
    calls(gateway, seen, mock)
    wait_until(lambda: gateway.call("GET", "/metrics").body.count(b"waiting_charges 0\n"), 10, "all is in the ledger")

    dashboard = Dashboard(gateway, seen.add)
    assert not dashboard.sign_in(EMAIL, CANARIES["wrongpassword"])
    assert dashboard.sign_in(EMAIL, CANARIES["password"])
    secret = CANARIES["form"]
    for path, fields in {
        "credentials/create": {"name": "form", "api_key": secret},
        "credentials/form/update": {"api_key": secret, "other_name": "", "other_value": secret},
        "models/create": {"model_name": "", "model": "", "api_key": secret},
    }.items():
        dashboard.ask("POST", f"/ui/{path}", fields)
    # Without a name: the form comes back, the secret in it does not.
    page = dashboard.ask("POST", "/ui/credentials/create", {"name": "", "api_key": secret})
    assert page.status == 422
    pages = dashboard.walk()
    for expected in ["/ui/keys", "/ui/credentials/stored", "/ui/models/d", "/ui/audit", "/ui/settings"]:
        assert any(page.split("?")[0] == expected for page in pages), (expected, pages)
    assert len(pages) > 40, pages
    read_everything(gateway, seen)
    for what in ["charges", "usage"]:
        for form in ["csv", "jsonl"]:
            done = run(gateway, "export", what, "--format", form)
            seen.add(f"tollgate export {what} as {form}", done.stdout + done.stderr)
    for command in ["audit export", "audit verify", "ledger verify", "key list", "user list", "doctor"]:
        done = run(gateway, *command.split())
        seen.add(command, done.stdout + done.stderr)

    # The files as they are while it runs, and after it.
    def files(when: str):
        for file in gateway.data.rglob("*"):
            if file.is_file():
                seen.add(f"{file.name} {when}", file.read_bytes())

    files("while it runs")
    assert gateway.stop() == 0
    files("at the end")
    seen.add("the log", gateway.output())

    names = " ".join(seen.all)
    assert "tollgate.db " in names and ".db-wal " in names and "the log" in names, names
    assert b" DEBUG " in seen.all[[name for name in seen.all if name.endswith("the log")][0]]
    assert len(seen.all) > 200
    session = dashboard.cookie.split("=")[1]
    secrets = CANARIES | {"master key": MASTER_KEY, "session": session}
    secrets |= {f"new key {place}": key for place, key in enumerate(new_keys)}
    leaks = seen.leaks(secrets)
    assert not leaks, "\n".join(leaks)


def test_it_would_be_found():
    """The search itself: in a database's page, in a form's field, in hexadecimal digits and in base64."""
    seen = Seen()
    secret = CANARIES["stored"]
    for place, content in enumerate([secret, secret.encode().hex(), base64.b64encode(secret.encode()).decode()]):
        seen.add(f"a{place}", f"\0\1{content}\2")
    seen.add("nothing", "sk-canary")
    assert [leak.rsplit(" ", 1)[1] for leak in seen.leaks({"stored": secret})] == ["a0", "a1", "a2"]
