"""What budgets and rate limits cost: processor time of a call with budgets on six levels and three rate limits, against one
with none of them, in one run on one machine.

Needs wrk. Loopback addresses only.
"""

import argparse
import statistics
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from bench import Target, wrk  # noqa: E402

from stack import CONFIG, Gateway, Mock, scratch  # noqa: E402

# Enough for any run.
BUDGET = {"max_budget": 1_000_000, "budget_duration": "30d"}
RATE = 1_000_000_000
# Beyond it, limits would be felt.
MOST = 1.25


def limited_key(gateway: Gateway) -> str:
    """A key that six accounts with budgets pay for: the gateway's, and these."""
    call = lambda path, fields: gateway.call("POST", path, fields)  # noqa: E731
    organisation = call("/organization/new", {"organization_alias": "acme", **BUDGET}).json()["organization_id"]
    team = call("/team/new", {"organization_id": organisation, "rpm_limit": RATE, **BUDGET}).json()["team_id"]
    call("/user/new", {"user_id": "ada", "auto_create_key": False})
    member = {"team_id": team, "member": {"role": "user", "user_id": "ada"}, "max_budget_in_team": 1_000_000}
    assert call("/team/member_add", member).status == 200
    assert call("/tag/new", {"name": "bench", **BUDGET}).status == 200
    return gateway.new_key(
        team_id=team, user_id="ada", tags=["bench"], rpm_limit=RATE, tpm_limit=RATE, key_alias="limited", **BUDGET
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement (default: 3)")
    parser.add_argument("--rounds", type=int, default=5, help="each measurement's median of N is shown (default: 5)")
    options = parser.parse_args()
    settings = "litellm_settings: {max_budget: 1000000, budget_duration: 30d}\n"
    with scratch() as directory:
        mock = Mock(Path(directory))
        gateway = Gateway(Path(directory), mock.url, config=CONFIG + settings.replace("{", "{{").replace("}", "}}"))
        plain = Gateway(Path(directory) / "plain", mock.url) if (Path(directory) / "plain").mkdir() is None else None
        try:
            targets = [
                Target("no limits", plain.url, plain.new_key(), [plain]),
                Target("six budgets, three rates", gateway.url, limited_key(gateway), [gateway]),
            ]
            for count in (1, 32):
                runs: dict[str, list[float]] = {target.name: [] for target in targets}
                for number in range(options.rounds + 1):
                    for target in targets:
                        result = wrk(target, count, 1 if number == 0 else options.seconds)
                        if number:
                            runs[target.name].append(result["cpu_us"])
                off, on = (statistics.median(runs[target.name]) for target in targets)
                print(f"{count:3} connections: {off:.1f} µs a call without limits, {on:.1f} µs with: {on / off:.2f} times")
                if on / off > MOST:
                    raise SystemExit(f"that is more than {MOST} times")
        finally:
            for process in (gateway, plain, mock):
                process.stop()


if __name__ == "__main__":
    main()
