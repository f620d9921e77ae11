"""The measurements, a function each: they take the houses, run the rounds, and give a table to print."""

from collections.abc import Sequence
from statistics import median

from msgspec import Struct, structs

from tests.bench import seed
from tests.bench.houses import House
from tests.bench.load import Outcome, Plan
from tests.bench.rounds import Progress, alternate, cpu, run, shares, spread

LIST = f"/users?limit=100&fields={','.join(seed.COLUMNS)}"
ONE_AIMS = {"SQLite": 50, "PostgreSQL": 40}  # percent of the bare handler
LIST_AIM = 80  # percent of the driver's rows in a bare handler
SYNC_AIM = 2  # times the seconds of the driver in bare handlers
SYNC_PARTS = 4
P99_AIM = 3  # times the p99 without sign-ins, or 2 ms
SYNCING = 8  # requests that an identity provider has under way
LOGINS = 16  # sign-ins in flight


class Size(Struct, frozen=True, kw_only=True):
    """How much of everything."""

    people: int
    rounds: int
    seconds: float
    synced: int


class Table(Struct, frozen=True):
    """A measurement as it is told; the first row holds the names of its columns."""

    title: str
    rows: Sequence[tuple[str, ...]]


_COLUMNS = ("", "CPU us/request", "PostgreSQL us", "requests/s", "p99 ms", "share of bare %", "aim")


def one(houses: Sequence[House], size: Size, progress: Progress) -> Table:
    """GET /users/:id with every documented field, as an administrator."""
    bare = houses[0].bare
    paths = [path.replace("/users", "/bare") for path in houses[0].paths]
    plans = {"bare Litestar handler": Plan(url=bare.url, server=bare.pid, paths=paths, seconds=size.seconds)}
    aims = {}
    for house in houses:
        for words, token in (("access token", house.access_token), ("static token", house.static_token)):
            name = f"{house.name}, {words}"
            plans[name], aims[name] = plan(house, token, house.paths, size), ONE_AIMS[house.name]
    outcomes = alternate(plans, size.rounds, progress, [house.server for house in houses])
    floor = outcomes["bare Litestar handler"]
    rows = [_row(name, found, floor, aims.get(name)) for name, found in outcomes.items()]
    return Table(f"GET /users/:id, 16 connections, {size.people:,} users", [_COLUMNS, *rows])


def many(houses: Sequence[House], size: Size, progress: Progress) -> Table:
    """A page of a hundred, twenty fields each, beside the driver's rows in a bare handler."""
    rows = [_COLUMNS]
    for house in houses:
        ours = plan(house, house.access_token, [LIST], size)
        bare, place = f"{house.name}, driver's rows in a bare handler", house.bare
        raw = structs.replace(ours, url=place.url, server=place.pid, paths=["/list"], token=None)
        outcomes = alternate(
            {bare: raw, f"{house.name}, GET /users": ours}, size.rounds, progress, [house.server]
        )
        for name, found in outcomes.items():
            rows.append(_row(name, found, outcomes[bare], None if name == bare else LIST_AIM))
    return Table("A list of 100 users with 20 fields, 16 connections", rows)


def logins(houses: Sequence[House], size: Size, progress: Progress) -> Table:
    """What people who sign in (argon2id) do to others."""
    rows: list[tuple[str, ...]] = [("", "GET p50 ms", "GET p99 ms", "sign-ins/s", "aim")]
    for house in houses:
        calm = structs.replace(plan(house, house.access_token, house.paths[:1], size), kind="paced")
        busy = structs.replace(calm, logins=LOGINS, login=house.login)
        plans = {f"{house.name}, nobody signs in": calm, f"{house.name}, {LOGINS} sign in": busy}
        outcomes = alternate(plans, size.rounds, progress, [house.server])
        quiet, crowded = ([1000 * outcome.p99 for outcome in found] for found in outcomes.values())
        limit = max(2.0, P99_AIM * median(quiet))
        verdict = f"<= {limit:.1f} ms: {met(median(crowded) <= limit)}"
        for name, found in outcomes.items():
            p50, p99 = ([1000 * getattr(outcome, which) for outcome in found] for which in ("p50", "p99"))
            pace = [outcome.logins / outcome.seconds for outcome in found]
            more = (spread(pace), verdict) if any(pace) else ("", "")
            rows.append((name, spread(p50, ".2f"), spread(p99, ".2f"), *more))
    return Table("GET /users/:id at 200/s while people sign in", rows)


def sync(houses: Sequence[House], size: Size, progress: Progress) -> Table:
    """A first SCIM sync: everybody is looked up by userName, not found, and created.

    Beside it the same people pass through handlers that do nothing but that on the driver; a quarter of them
    at a time, one after the other, so that what else the machine does meets both.
    """
    rows = [("", "seconds", "people/s", "CPU us/person", "driver's seconds", "times those", "aim")]
    part, first = size.synced // SYNC_PARTS, seed.fresh()
    for house in houses:
        own, raw = [], []
        for number in range(SYNC_PARTS):
            progress(f"{house.name}: SCIM sync of {size.synced:,}, part {number + 1} of {SYNC_PARTS}")
            asked = structs.replace(
                plan(house, house.scim_token, [], size),
                kind="sync", connections=SYNCING, first=first + number * part, count=part,
            )  # fmt: skip
            own.append(run(asked))
            raw.append(run(structs.replace(asked, url=house.bare.url, server=house.bare.pid, token=None)))
        seconds, floor = (sum(one.seconds for one in some) for some in (own, raw))
        made = sum(one.requests for one in own)
        each, times = sum(one.server for one in own) / made * 1e6, seconds / floor
        figures = (f"{seconds:.2f}", f"{made / seconds:.0f}", f"{each:.0f}", f"{floor:.2f}", f"{times:.2f}")
        rows.append((house.name, *figures, f"<= {SYNC_AIM}: {met(times <= SYNC_AIM)}"))
    title = f"SCIM sync of {size.synced:,} new users at concurrency {SYNCING}: look up, then create"
    return Table(title, rows)


def plan(house: House, token: str, paths: list[str], size: Size) -> Plan:
    """GETs of these addresses, one after the other on each connection."""
    return Plan(
        url=house.server.url,
        server=house.server.pid,
        database=house.database_pid,
        token=token,
        paths=paths,
        seconds=size.seconds,
    )


def _row(
    name: str, found: Sequence[Outcome], floor: Sequence[Outcome], aim: int | None
) -> tuple[str, str, str, str, str, str, str]:
    database = [outcome.database / outcome.requests * 1e6 for outcome in found]
    pace = median(outcome.requests / outcome.seconds for outcome in found)
    p99 = median(1000 * outcome.p99 for outcome in found)
    own = (spread(cpu(found)), spread(database) if any(database) else "", f"{pace:.0f}", f"{p99:.1f}")
    if aim is None:
        return (name, *own, "", "")
    share = shares(floor, found)
    return (name, *own, spread(share), f">= {aim}: {met(median(share) >= aim)}")


def met(is_met: bool) -> str:
    """How an aim is told of."""
    return "met" if is_met else "missed"
