"""Rounds of load, alternated: every subject has its turn before any has the next, forwards and backwards."""

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from statistics import median

import msgspec

from tests.bench.load import Outcome, Plan
from tests.running import ROOT, Running

Progress = Callable[[str], None]


def run(plan: Plan) -> Outcome:
    """One round, in a process of its own."""
    done = subprocess.run(
        (sys.executable, "-m", "tests.bench.load"),
        cwd=ROOT,
        input=msgspec.json.encode(plan),
        stdout=subprocess.PIPE,
        check=True,
    )
    return msgspec.json.decode(done.stdout, type=Outcome)


def alternate(
    plans: Mapping[str, Plan], rounds: int, progress: Progress, logs: Sequence[Running] = ()
) -> dict[str, list[Outcome]]:
    """The outcomes of each plan, one for each round; between rounds the servers' logs are emptied."""
    names = list(plans)
    outcomes: dict[str, list[Outcome]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names if number % 2 == 0 else names[::-1]:
            progress(f"round {number + 1} of {rounds}: {name}")
            outcomes[name].append(run(plans[name]))
            for server in logs:
                with server.log.open("ab") as log:
                    log.truncate(0)
    return outcomes


def spread(values: Sequence[float], form: str = ".0f") -> str:
    """The median, and the least and the most: `49 (47..52)`."""
    return f"{median(values):{form}} ({min(values):{form}}..{max(values):{form}})"


def cpu(outcomes: Sequence[Outcome]) -> list[float]:
    """Server CPU per request, in microseconds."""
    return [outcome.server / outcome.requests * 1e6 for outcome in outcomes]


def shares(bare: Sequence[Outcome], own: Sequence[Outcome]) -> list[float]:
    """Bare CPU / own CPU per request in percent, round by round."""
    return [100 * one / other for one, other in zip(cpu(bare), cpu(own), strict=True)]
