"""GraphQL beside REST: the same list of a hundred, asked in both languages."""

from collections.abc import Sequence
from statistics import median
from urllib.parse import quote

from msgspec import structs

from tests.bench.houses import House
from tests.bench.measures import Size, Table, plan
from tests.bench.rounds import Progress, alternate, cpu, spread

AIM = 2  # times the CPU of REST
MOST = 1500  # microseconds of CPU
REST = "/users?limit=100&fields=first_name,last_name,email"
GRAPHQL = "/graphql/system?query=" + quote("{ users(limit: 100) { first_name last_name email } }")


def lists(houses: Sequence[House], size: Size, progress: Progress) -> Table:
    """A list of a hundred, three fields each, over REST and over GraphQL."""
    rows: list[tuple[str, ...]] = [("", "CPU us/request", "times REST", "aim")]
    for house in houses:
        rest = plan(house, house.access_token, [REST], size)
        plans = {
            f"{house.name}, GET /users": rest,
            f"{house.name}, GraphQL users": structs.replace(rest, paths=[GRAPHQL]),
        }
        outcomes = alternate(plans, size.rounds, progress, [house.server])
        (first, own), (second, other) = ((name, cpu(found)) for name, found in outcomes.items())
        times = [theirs / ours for theirs, ours in zip(other, own, strict=True)]
        is_met = median(times) <= AIM and median(other) <= MOST
        verdict = f"<= {AIM} and <= {MOST} us: {'met' if is_met else 'missed'}"
        rows += [(first, spread(own), "", ""), (second, spread(other), spread(times, ".2f"), verdict)]
    return Table("A list of 100 users with 3 fields, 16 connections", rows)
