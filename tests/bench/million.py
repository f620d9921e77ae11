"""A million users: what a look-up costs among them and among ten thousand, and a page far into their list."""

from collections.abc import Callable, Sequence
from statistics import median
from urllib.parse import quote

from msgspec import structs

from tests.bench import crowd, provider, seed
from tests.bench.houses import House
from tests.bench.load import Outcome, Plan
from tests.bench.measures import Size, Table, met, plan
from tests.bench.rounds import Progress, alternate, spread

FEW, MANY = provider.FEW, 1_000_000
LOOK_AIM = 1.2  # times the CPU among ten thousand
FAR = 900_001
PAGE_AIM = 3  # times the CPU of the first page
BARE, REST = "bare", "GET /users, email _eq"
LOOKS = (REST, *(f"SCIM, {name}" for name in (provider.GET, provider.NAMED, provider.KNOWN)))
FIRST_PAGE, WALKED, LEAPT = "first page", f"page {FAR:,}, walked to", f"page {FAR:,}, at once"
_COLUMNS = ("", "CPU us/request", "requests/s", "times", "aim")
Measure = Callable[[Sequence[House], Size, Progress], Table]


def million(houses: Sequence[House], size: Size, progress: Progress) -> Table:
    """Both, on each database; CPU is the server's and PostgreSQL's together."""
    rows: list[tuple[str, ...]] = [_COLUMNS]
    for house in houses:
        crowd.fill(house, FEW, progress)
        few = _looks(house, FEW, size, progress)
        crowd.fill(house, MANY, progress)
        many = _looks(house, MANY, size, progress)
        for name in few:
            if name == BARE:
                continue
            # The bare handler beside both says how fast the machine was: they cannot take turns.
            less, more = (_beside(found[name], found[BARE]) for found in (few, many))
            times = median(more) / median(less)
            verdict = f"<= {LOOK_AIM}: {met(times <= LOOK_AIM)}" if name in LOOKS else ""
            rows.append((f"{house.name}, {name}, {FEW:,} users", *_figures(few[name]), "", ""))
            rows.append(
                (f"{house.name}, {name}, {MANY:,} users", *_figures(many[name]), f"{times:.2f}", verdict)
            )
        rows += _pages(house, size, progress)
    return Table(f"Among {FEW:,} and {MANY:,} users", rows)


def among(measure: Measure) -> Measure:
    """The same measurement among a million."""

    def measured(houses: Sequence[House], size: Size, progress: Progress) -> Table:
        for house in houses:
            crowd.fill(house, MANY, progress)
        table = measure(houses, size, progress)
        return Table(f"{table.title}, among {MANY:,}", table.rows)

    return measured


def _looks(house: House, count: int, size: Size, progress: Progress) -> dict[str, list[Outcome]]:
    names = [seed.user_name(crowd.FIRST + n * 7919 % count) for n in range(500)]
    rest = [f"/users?fields=id,email&filter[email][_eq]={quote(name)}" for name in names]
    bare = plan(house, house.access_token, ["/bare/1"], size)
    plans = {
        BARE: structs.replace(bare, url=house.bare.url, server=house.bare.pid, token=None),
        REST: plan(house, house.access_token, rest, size),
        **{f"SCIM, {name}": one for name, one in provider.plans(house, count, size).items()},
    }
    return alternate(plans, size.rounds, progress, [house.server])


def _pages(house: House, size: Size, progress: Progress) -> list[tuple[str, ...]]:
    """Providers walk from page to page; who leaps to the middle at once pays for the way."""
    first = structs.replace(plan(house, house.scim_token, [_page(1)], size), connections=1)
    plans: dict[str, Plan] = {
        FIRST_PAGE: first,
        WALKED: structs.replace(first, paths=[_page(FAR + 100 * n) for n in range(900)]),
        LEAPT: structs.replace(first, paths=[_page(FAR - 101 * n) for n in range(900)]),
    }
    found = alternate(plans, size.rounds, progress, [house.server])
    rows = []
    for name, outcomes in found.items():
        first_ones = _cpu(found[FIRST_PAGE])
        times = [mine / other for mine, other in zip(_cpu(outcomes), first_ones, strict=True)]
        verdict = ("", "")
        if name != FIRST_PAGE:
            verdict = (spread(times, ".2f"), f"<= {PAGE_AIM}: {met(median(times) <= PAGE_AIM)}")
        rows.append((f"{house.name}, SCIM, {name}", *_figures(outcomes), *verdict))
    return rows


def _page(start: int) -> str:
    return f"/scim/v2/Users?startIndex={start}&count=100"


def _figures(outcomes: Sequence[Outcome]) -> tuple[str, str]:
    pace = median(one.requests / one.seconds for one in outcomes)
    return spread(_cpu(outcomes)), f"{pace:.0f}"


def _cpu(outcomes: Sequence[Outcome]) -> list[float]:
    return [(one.server + one.database) / one.requests * 1e6 for one in outcomes]


def _beside(own: Sequence[Outcome], bare: Sequence[Outcome]) -> list[float]:
    return [one / other for one, other in zip(_cpu(own), _cpu(bare), strict=True)]
