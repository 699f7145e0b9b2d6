"""Runs the curl commands of LiteLLM's documentation for keys, teams, users, budgets and customers against the gateway:

    python -m stack -- python litellm/documented.py FOLDER...

FOLDER has its pages (*.md). A command is run by the shell as it is written, but for the address and the keys. What it
takes for granted (a team that it names, say) is made before. Fails if one is refused that is not in REFUSED."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stack import http, scratch  # noqa: E402

URL, MASTER_KEY = os.environ["TOLLGATE_URL"], os.environ["TOLLGATE_MASTER_KEY"]

ROUTES = re.compile(r"(?<=[\d>}])/(key|team|user|budget|customer|end_user)/[a-z_/-]+")
ADDRESS = re.compile(r"(https?://)?(0\.0\.0\.0|localhost|127\.0\.0\.1|[<{]\w*base_url[>}])(:\d+)?", re.I)

# Where a command names something that has to be there already.
NAMED = {
    "team_id": ("/team/new", "/team/new"),
    "user_id": ("/user/new", "/user/new"),
    "budget_id": ("/budget/new", "/budget/new"),
    "organization_id": ("/organization/new", "/organization/new"),
}

# Parts of what is refused, and why that is right.
REFUSED = {
    "x-goog-api-key": "the key is another one than the master key",
    "/key/health": "it asks about a virtual key, and gets the master key",
    "LITELLM_MASTER_KEY' ": "the variable is not written as one",
    '"new_master_key"': "the master key is exchanged by `tollgate secrets reencrypt`",
    '"name": "My Team"': "LiteLLM drops the field without a word; its name is team_alias",
    '"user_role": "internal_user"}': "the same: a key has no role",
    '"messages": [': "a call of a model, sent to /key/generate",
    "PATCH 'http://0.0.0.0:4000/team/update'": "LiteLLM takes POST there too",
    '"key": "d5265fc73296c8f': "LiteLLM drops the field without a word; its name is keys",
    "curl -X POST 'http://0.0.0.0:4000/customer/new'         ": "a heading, not a whole command",
}


def commands(text: str) -> list[str]:
    """The curl commands of a page's code blocks."""
    found = []
    for block in re.findall(r"```[^\n]*\n(.*?)```", text, re.S):
        lines = iter(block.splitlines())
        for line in lines:
            if not line.lstrip().lstrip("$ ").startswith("curl "):
                continue
            command = line.lstrip().lstrip("$ ")
            # To the end of its last quote and of its last continued line.
            while command.rstrip().endswith("\\") or command.count("'") % 2 or re.sub(r"'[^']*'", "", command).count('"') % 2:
                rest = next(lines, None)
                if rest is None:
                    break
                command += "\n" + rest
            if ROUTES.search(command):
                found.append(command)
    return found


def adapt(command: str) -> str:
    """With this gateway's address, and the master key in the place of the one that is written."""
    command = ADDRESS.sub(URL, command)
    command = re.sub(r"(Bearer )[^'\"\n]+", rf"\g<1>{MASTER_KEY}", command)
    return command


def post(path: str, body: dict):
    return http("POST", URL + path, body, MASTER_KEY)


def prepare(command: str, path: str) -> str:
    """Makes what the command names and does not make itself; the command with its keys."""
    for field, (maker, own) in NAMED.items():
        for name in re.findall(rf'"{field}"\s*:\s*"([^"]+)"|[?&]{field}=([^"\'&\s]+)', command):
            name = name[0] or name[1]
            if path != own:
                alias = {"organization_id": "organization_alias"}.get(field)
                post(maker, {field: name} | ({alias: name} if alias else {}))
    for field, maker, named in [("team_ids", "/team/new", "team_id"), ("user_ids", "/user/new", "user_id")]:
        for names in re.findall(rf'"{field}"\s*:\s*\[([^\]]*)\]', command):
            for name in re.findall(r'"([^"]+)"', names):
                post(maker, {named: name})
    if path not in ("/key/generate", "/user/new"):
        keys = re.findall(r'"key"\s*:\s*"([^"]+)"|[?&]key=([^"\'&\s]+)|/key/(sk-\w+)/', command)
        keys = [max(found) for found in keys]
        for names in re.findall(r'"keys"\s*:\s*\[([^\]{]*)\]', command):
            keys += re.findall(r'"([^"]+)"', names)
        for key in keys:
            command = re.sub(rf"(?<=[\"'=/]){re.escape(key)}(?=[\"'/&])", post("/key/generate", {}).json()["key"], command)
    # Pages make the same thing more than once.
    for maker, field, remover in [
        ("/team/new", "team_id", ("/team/delete", "team_ids")),
        ("/user/new", "user_id", ("/user/delete", "user_ids")),
        ("/budget/new", "budget_id", ("/budget/delete", "id")),
        ("/customer/new", "user_id", ("/customer/delete", "user_ids")),
        ("/end_user/new", "user_id", ("/end_user/delete", "user_ids")),
    ]:
        if path == maker:
            for name in re.findall(rf'"{field}"\s*:\s*"([^"]+)"', command.replace("members_with_roles", "\n").split("\n[")[0]):
                post(remover[0], {remover[1]: name if remover[1] == "id" else [name]})
    return command


def is_broken(command: str) -> bool:
    """Whether the shell or a reader of JSON could not make sense of it, whoever answers."""
    if subprocess.run(["bash", "-nc", command], capture_output=True).returncode or re.search(r"\\ +#|-D '\{", command):
        return True
    bodies = re.findall(r"(?:-d|--data(?:-raw)?) +'(.*?)'", command, re.S)
    for body in bodies:
        try:
            json.loads(body)
        except ValueError:
            return True
    return False


def run(command: str) -> tuple[int, str]:
    path = ROUTES.search(command)[0]
    command = adapt(prepare(command, path)).rstrip("\\ \n").removesuffix("| jq")
    quiet = re.sub(r"^curl ", "curl -sS -w '\\\\n%{http_code}' ", command)
    with scratch() as folder:
        done = subprocess.run(["bash", "-c", quiet], capture_output=True, text=True, timeout=60, cwd=folder)
    answer, _, status = done.stdout.rpartition("\n")
    if not status.isdigit():
        return 0, done.stderr
    return int(status), answer


def main() -> int:
    files = [file for folder in sys.argv[1:] for file in sorted(Path(folder).rglob("*")) if file.suffix == ".md"]
    good = bad = known = broken = 0
    for file in files:
        for command in commands(file.read_text(errors="replace")):
            if is_broken(command):
                broken += 1
                continue
            status, answer = run(command)
            if 200 <= status < 300:
                good += 1
                continue
            reason = next((reason for part, reason in REFUSED.items() if part in command), None)
            if reason:
                known += 1
                continue
            bad += 1
            print(f"--- {file.name}: {status}\n{command}\n=> {answer[:600]}\n")
    print(json.dumps({"worked": good, "refused for a known reason": known, "broken": broken, "failed": bad}))
    return 1 if bad or not good else 0


if __name__ == "__main__":
    sys.exit(main())
