"""The examples that the dashboard shows, run as they are shown."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import URL, new_key

EXAMPLES = Path(__file__).resolve().parents[3] / "app/src/clients/examples"
HERE = Path(__file__).resolve().parents[2]
# Frameworks want versions of their own of the packages that the other tests use.
FRAMEWORKS = {"langchain.py", "litellm.py", "llama_index.py"}
PROGRAMS = {".py": [sys.executable], ".mjs": ["node", "--input-type=module"], ".sh": ["bash"]}
# It starts a program that asks its user for leave first.
NOT_RUN = {"claude_code.sh"}


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.iterdir() if path.name not in NOT_RUN))
def test_example(name: str):
    text = (EXAMPLES / name).read_text()
    for word, value in {"BASE_URL": URL, "YOUR_KEY": new_key(), "MODEL": "gpt-4o"}.items():
        assert word in text
        text = text.replace(word, value)
    framework = [str(HERE / ".venv-frameworks/bin/python")]
    command = framework if name in FRAMEWORKS else PROGRAMS[Path(name).suffix]
    # Node finds packages from where it stands. A framework must not ask the internet for prices.
    env = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    done = subprocess.run(command, input=text, cwd=HERE, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip(), done.stderr[-3000:]
    assert "error" not in done.stdout.lower(), done.stdout
