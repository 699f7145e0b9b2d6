"""The command line, on a gateway's database."""

import subprocess

from stack import BARE_ENVIRONMENT, Gateway, program


def run(gateway: Gateway, *arguments: str, status: int = 0, text: str | None = None) -> subprocess.CompletedProcess:
    """`tollgate ARGUMENTS`, beside the gateway or after it. `text` goes to its standard input."""
    command = [program("TOLLGATE_BIN", "tollgate"), *arguments, "--data-dir", str(gateway.data)]
    command += ["--config", str(gateway.directory / "config.yaml")]
    done = subprocess.run(
        command,
        env={**BARE_ENVIRONMENT, **gateway.env},
        input=None if text is None else text.encode(),
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == status, (done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done
