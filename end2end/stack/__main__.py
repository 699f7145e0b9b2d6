"""Runs a command beside a fresh gateway: `python3 -m stack [--keep-log FILE] -- COMMAND`.

The command finds TOLLGATE_URL, TOLLGATE_MASTER_KEY, TOLLGATE_MOCK_URL and TOLLGATE_SETUP_LINK in its environment.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import MASTER_KEY, Gateway, Mock, scratch


def main() -> int:
    parser = argparse.ArgumentParser(prog="stack", description=__doc__)
    parser.add_argument("--keep-log", type=Path, help="copy the gateway's output to this file at the end")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    with scratch() as directory:
        directory = Path(directory)
        mock = Mock(directory)
        try:
            gateway = Gateway(directory, mock.url)
            try:
                env = {
                    **os.environ,
                    "TOLLGATE_URL": gateway.url,
                    "TOLLGATE_MASTER_KEY": MASTER_KEY,
                    "TOLLGATE_MOCK_URL": mock.url,
                    "TOLLGATE_SETUP_LINK": gateway.setup_link(),
                }
                status = subprocess.run(options.command, env=env).returncode
                gateway.check()
                return gateway.stop() or status
            finally:
                if gateway.alive():
                    gateway.kill()
                if options.keep_log:
                    shutil.copy(gateway.log, options.keep_log)
        finally:
            mock.kill()


if __name__ == "__main__":
    sys.exit(main())
