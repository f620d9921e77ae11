"""An export of a hundred thousand users, and what it does to others who read one."""

from collections.abc import Sequence
from statistics import median

from msgspec import structs

from tests.bench import crowd
from tests.bench.houses import House
from tests.bench.measures import Size, Table, met, plan
from tests.bench.rounds import Progress, alternate, spread

MANY = 100_000
AIM = 3  # times the p99 without
EXPORT = f"/users?export=json&limit={MANY}"


def export(houses: Sequence[House], size: Size, progress: Progress) -> Table:
    """GET /users/:id at 200/s, with and without an export under way all the time."""
    rows: list[tuple[str, ...]] = [("", "GET p50 ms", "GET p99 ms", "exported users/s", "times", "aim")]
    for house in houses:
        crowd.fill(house, MANY, progress)
        calm = structs.replace(plan(house, house.access_token, house.paths[:1], size), kind="paced")
        busy = structs.replace(calm, exported=EXPORT)
        plans = {f"{house.name}, no export": calm, f"{house.name}, an export": busy}
        outcomes = alternate(plans, size.rounds, progress, [house.server])
        quiet, crowded = ([1000 * outcome.p99 for outcome in found] for found in outcomes.values())
        times = median(crowded) / median(quiet)
        for name, found in outcomes.items():
            p50, p99 = ([1000 * getattr(outcome, which) for outcome in found] for which in ("p50", "p99"))
            pace = [outcome.exported / outcome.seconds for outcome in found]
            verdict = (spread(pace), f"{times:.2f}", f"<= {AIM}: {met(times <= AIM)}")
            rows.append(
                (name, spread(p50, ".2f"), spread(p99, ".2f"), *(verdict if any(pace) else ("",) * 3))
            )
    return Table(f"GET /users/:id at 200/s beside an export of {MANY:,} users", rows)
