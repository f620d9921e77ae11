"""What it takes to start: the time of the imports, and the memory once idbridge listens, beside Litestar alone."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.bench.houses import House
from tests.bench.measures import Size, Table, met
from tests.bench.processes import resident
from tests.bench.rounds import Progress, spread
from tests.running import IDBRIDGE, ROOT, clean, running

AIM = 2.5  # times `import litestar`, in time and in memory
_LITESTAR = "import litestar"
_SERVE = "from service.__main__ import load; load('serve')"
_TIMED = """
import os, time
began = time.process_time()
{0}
took = time.process_time() - began
from tests.bench.processes import resident
print(took, resident(os.getpid()))
"""


def start(_: Sequence[House], size: Size, progress: Progress) -> Table:
    """CPU of the imports, alternated; a server of its own on an empty database."""
    litestar, service = list[float](), list[float]()
    floor, _ = _imported(_LITESTAR)[1], _imported(_SERVE)  # so that all of it is compiled
    for number in range(2 * size.rounds):
        progress(f"imports, round {number + 1} of {2 * size.rounds}")
        litestar.append(1000 * _imported(_LITESTAR)[0])
        service.append(1000 * _imported(_SERVE)[0])
    listening = _listening()
    times, more = median(service) / median(litestar), listening / floor
    rows: list[tuple[str, ...]] = [("", "import ms", "MiB", "times", "aim")]
    rows.append(("import litestar", spread(litestar), f"{floor:.0f}", "", ""))
    rows.append(
        ("imports of idbridge serve", spread(service), "", f"{times:.2f}", f"<= {AIM}: {met(times <= AIM)}")
    )
    rows.append(("idbridge serve", "", f"{listening:.0f}", f"{more:.2f}", f"<= {AIM}: {met(more <= AIM)}"))
    return Table("Imports and memory", rows)


def _imported(how: str) -> tuple[float, float]:
    """Seconds of CPU that the import took, and MiB that the process then has."""
    done = subprocess.run(
        (sys.executable, "-c", _TIMED.format(how)),
        cwd=ROOT,
        env=clean({}),
        capture_output=True,
        text=True,
        check=True,
    )
    took, memory = map(float, done.stdout.split())
    return took, memory


def _listening() -> float:
    """MiB of `idbridge serve` that has just begun to listen."""
    with TemporaryDirectory(prefix="idbridge-bench-") as name:
        home = Path(name)
        environment = {"DATA_DIR": str(home), "DATABASE_URL": f"sqlite:///{home / 'start.sqlite3'}"}
        with running((*IDBRIDGE, "serve", "--port", "0"), environment, home, "start") as server:
            return resident(server.pid)
