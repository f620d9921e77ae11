"""`python -m tests.bench` (`make bench`): measures idbridge against a bare handler, alternated in one run.

What decides is the server's CPU per request: requests per second depend on whatever else the machine does.
"""

import os
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import graphs, measures
from tests.bench.bulk import bulk
from tests.bench.export import export
from tests.bench.houses import houses
from tests.bench.letters import letters
from tests.bench.measures import Size, Table
from tests.bench.million import among, million
from tests.bench.provider import provider
from tests.bench.refusals import refusals
from tests.bench.sign_ons import sign_ons
from tests.bench.start import start

FULL = Size(people=10_000, rounds=5, seconds=3.0, synced=5_000)
QUICK = Size(people=1_000, rounds=3, seconds=1.0, synced=500)
MEASURES = {
    "one": measures.one,
    "list": measures.many,
    "login": measures.logins,
    "callbacks": sign_ons,
    "sync": measures.sync,
    "graphql": graphs.lists,
    "letters": letters,
    "bulk": bulk,
    "start": start,
    "export": export,
    "provider": provider,
    "refusals": refusals,
    "million": million,
    "million-sync": among(measures.sync),
    "million-bulk": among(bulk),
}
LONG = ("million", "million-sync", "million-bulk")  # minutes: only when they are asked for


def main() -> int:
    """Measure, then print; give the exit status."""
    parser = ArgumentParser("python -m tests.bench", description="Measures ratios; takes about five minutes.")
    parser.add_argument("--quick", action="store_true", help="short rounds and few people: a first look")
    parser.add_argument(
        "--only",
        choices=MEASURES,
        nargs="+",
        default=[name for name in MEASURES if name not in LONG],
        help="some of it",
    )
    options = parser.parse_args()
    size = QUICK if options.quick else FULL
    tell(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")
    with TemporaryDirectory(prefix="idbridge-bench-") as directory:
        tell(f"starting idbridge on SQLite and PostgreSQL with {size.people:,} users each")
        with houses(Path(directory), size.people) as opened:
            for name in options.only:
                show(MEASURES[name](opened, size, tell))
    return 0


_began = time.monotonic()


def tell(text: str) -> None:
    """Say what is going on, on stderr; a terminal keeps one line of it."""
    line = f"{time.monotonic() - _began:5.0f} s  {text}"
    sys.stderr.write(f"\r\x1b[2K{line}" if sys.stderr.isatty() else f"{line}\n")
    sys.stderr.flush()


def show(table: Table) -> None:
    """Print a table, columns under each other."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[2K")
    widths = [max(map(len, column)) for column in zip(*table.rows, strict=True)]
    print(f"\n{table.title}; medians (least..most)\n")
    for row in table.rows:
        first, *others = (f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        print("  ".join([f"{row[0]:<{len(first)}}", *others]).rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
