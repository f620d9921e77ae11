"""What a server process does for an identity provider: requests a second of each kind, among few users or many."""

import asyncio
import json
from collections.abc import Sequence
from statistics import median
from urllib.parse import quote

from msgspec import structs

from tests.bench import crowd, seed
from tests.bench.houses import House
from tests.bench.load import Outcome, Plan
from tests.bench.measures import Size, Table, met, plan
from tests.bench.rounds import Progress, alternate, cpu, spread
from tests.bench.wire import Wire, connect, request

FEW = 10_000
GET, NAMED, KNOWN = "GET by id", "filter userName eq", "filter externalId eq"
POST, PATCH = "POST", "PATCH active"
AIMS = {GET: 3500, NAMED: 1600, KNOWN: 1600, POST: 850, PATCH: 850}  # a second
_PEOPLE = 500  # who are asked for, one after the other
_COLUMNS = ("", "CPU us/request", "PostgreSQL us", "requests/s", "p99 ms", "aim")


def provider(houses: Sequence[House], size: Size, progress: Progress) -> Table:
    """Each kind of request in turn, as fast as it goes."""
    rows: list[tuple[str, ...]] = [_COLUMNS]
    for house in houses:
        crowd.fill(house, FEW, progress)
        found = alternate(plans(house, FEW, size), size.rounds, progress, [house.server])
        rows += [told(f"{house.name}, {name}", outcomes, AIMS[name]) for name, outcomes in found.items()]
    return Table(f"SCIM among {FEW:,} users, one process, 16 connections", rows)


def plans(house: House, count: int, size: Size) -> dict[str, Plan]:
    """Each kind of request, about people from all over a crowd of so many."""
    numbers = [crowd.FIRST + n * 7919 % count for n in range(_PEOPLE)]
    names = [quote(f'userName eq "{seed.user_name(number)}"') for number in numbers]
    known = [quote(f'externalId eq "00u{number}"') for number in numbers]
    ones = [f"/scim/v2/Users/{key}" for key in asyncio.run(_keys(house, names))]
    get = plan(house, house.scim_token, ones, size)
    return {
        GET: get,
        NAMED: structs.replace(get, paths=[f"/scim/v2/Users?filter={asked}" for asked in names]),
        KNOWN: structs.replace(get, paths=[f"/scim/v2/Users?filter={asked}" for asked in known]),
        POST: structs.replace(get, kind="create"),
        PATCH: structs.replace(get, method="PATCH", bodies=[_patch(active) for active in (False, True)]),
    }


def told(name: str, found: Sequence[Outcome], aim: int) -> tuple[str, ...]:
    """A row of the table."""
    database = [outcome.database / outcome.requests * 1e6 for outcome in found]
    pace = [outcome.requests / outcome.seconds for outcome in found]
    p99 = median(1000 * outcome.p99 for outcome in found)
    verdict = f">= {aim:,}/s: {met(median(pace) >= aim)}"
    used = spread(database) if any(database) else ""
    return (name, spread(cpu(found)), used, spread(pace), f"{p99:.1f}", verdict)


async def _keys(house: House, names: Sequence[str]) -> list[str]:
    wire = await connect(house.server.url, Wire)
    found = []
    for asked in names:
        answer = await wire.ask(request("GET", f"/scim/v2/Users?filter={asked}", house.scim_token))
        found.append(json.loads(answer.body)["Resources"][0]["id"])
    wire.close()
    return found


def _patch(active: bool) -> str:
    operation = {"op": "replace", "value": {"active": active}}
    return json.dumps(
        {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}
    )
