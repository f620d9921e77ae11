"""Lists over SCIM: a page of all, a page of those that a filter finds, or the few that it names."""

from collections.abc import Hashable, Sequence
from hashlib import sha256

import msgspec
from litestar.response.base import ASGIResponse

from providers.scim import messages
from providers.scim.matching import satisfies
from providers.scim.schema import Resource
from providers.scim.user import USER
from service.api import answers, scim_cursors
from service.api.scim_requests import Request
from service.api.scim_walks import Walks
from service.database import Database
from service.dialects import question, scim_filters, scim_pages
from service.dialects.question import ALL, Question
from service.dialects.scim_filters import Asked
from service.dialects.scim_pages import Found, Order, Place, Step
from service.users import access

_NEAR = 10_000  # resources that are passed over in no time


class Listing(msgspec.Struct, frozen=True):
    """A list that somebody asks for: what of the filter the database answers, and in which order it comes."""

    request: Request
    asked: Asked | None
    way: Order

    @property
    def database(self) -> Database:
        """Where the resources are."""
        return self.request.call.house.database

    @property
    def walks(self) -> Walks:
        """What is remembered of lists."""
        return self.request.call.house.walks

    @property
    def name(self) -> Hashable:
        """Lists of the same name are the same list."""
        connection, text = self.request.connection, self.request.asked.filter
        filtered = None if text is None else sha256(text.encode("utf-8", "surrogatepass")).digest()
        return connection.project, connection.id, self.request.type.name, filtered, self.way

    def question(self, *, adopting: bool = False) -> Question:
        """The list as a question."""
        caller, asked = self.request.caller, self.asked
        where, operands = (asked.where, asked.values) if asked else (None, None)
        collection, users = scim_filters.COLLECTIONS[self.request.type.name], self.request.type is USER
        return question.ask(
            caller,
            "scim",
            collection,
            ("groups",) if users and self.request.shown.shows("groups") else (),
            where=where,
            operands=operands,
            scope=access.scope(caller, adopting=adopting) if users else None,
        )


class Listed(msgspec.Struct, frozen=True):
    """A page: its resources, how many there are in all, and the cursors that lead on from it."""

    resources: list[Resource]
    total: int
    next: str | None = None
    previous: str | None = None


async def page(request: Request) -> Listed:
    """The page that the request asks for."""
    wanted = request.asked
    asked = None if wanted.filter is None else scim_filters.read(wanted.filter, request.profile, request.type)
    way = scim_pages.order(wanted.sort_by, request.profile, request.type, descending=wanted.descending)
    listing = Listing(request, asked, way)
    if wanted.cursor is not None:
        return await _led(listing, wanted.cursor)
    if asked is None or not asked.by_key:
        return await _indexed(listing)
    known = await _named(listing)
    return _listed(known[wanted.page.start - 1 :][: wanted.page.count], len(known))


def answer(request: Request, listed: Listed) -> ASGIResponse:
    """The list of these resources."""
    resources = [request.resource(one) for one in listed.resources]
    if request.asked.cursor is None:
        told = messages.list_response(resources, total=listed.total, start=request.asked.page.start)
    else:
        cursors = {"next_cursor": listed.next, "previous_cursor": listed.previous}
        told = messages.cursor_response(resources, total=listed.total, **cursors)
    return answers.scim(told)


def _listed(
    found: Sequence[Found], total: int, next_: str | None = None, previous: str | None = None
) -> Listed:
    return Listed([one.resource for one in found], total, next_, previous)


async def _indexed(listing: Listing) -> Listed:
    """The page at `startIndex`, and how many there are in all; a page that is not full tells that itself."""
    page = listing.request.asked.page
    place, known = (
        listing.walks.place(listing.name, page.start),
        listing.walks.total(listing.name, page.start),
    )
    found: list[Found] = []
    if page.count:
        place = place or await _place(listing, page.start)
        if page.start == 1 or place is not None:
            found = await _page(listing, "after" if place else "first", place or (), page.count)
    if len(found) < page.count and (found or page.start == 1):
        return _listed(found, page.start - 1 + len(found))
    total = await _count(listing) if known is None else known
    if found:
        listing.walks.walked(listing.name, page.start + len(found), found[-1].place, total)
    return _listed(found, total)


async def _place(listing: Listing, start: int) -> Place | None:
    """Behind which place a page begins that nobody has walked to."""
    if start == 1:
        return None
    asking, database = listing.question(), listing.database
    near = start <= _NEAR and _is_short(listing)
    lane = database.read if near else database.scan
    place = await lane(scim_pages.place_of, asking, listing.way, start - 1)
    if place is not None:
        listing.walks.found(listing.name, start, place)
    return place


async def _page(listing: Listing, step: Step, place: Place, limit: int) -> list[Found]:
    lane = listing.database.read if _is_short(listing) else listing.database.scan
    return await lane(scim_pages.page, listing.question(), listing.way, step, place, limit)


def _is_short(listing: Listing) -> bool:
    """Whether an index has the list in its order, so that a page of it costs little."""
    return (
        not listing.way.path
        and listing.way.column in (None, "id")
        and (listing.asked is None or question.bounded(listing.question()))
    )


async def _count(listing: Listing) -> int:
    """How many there are; counted at most once between two changes."""
    epoch = listing.walks.epoch
    total = await listing.database.scan(question.count, listing.question(), filtered=True)
    listing.walks.counted(listing.name, total, epoch)
    return total


async def _led(listing: Listing, text: str) -> Listed:
    """The page that a cursor leads to, with the ways on: one more resource than is shown tells of them."""
    request, count = listing.request, listing.request.asked.page.count
    cursor = scim_cursors.read(request, text) if text else None
    if listing.asked is not None and listing.asked.by_key:
        return await _led_among(listing, cursor.place[0] if cursor else 0)
    step, place = (cursor.step, cursor.place) if cursor else ("first", ())
    found = await _page(listing, step, place, count + 1) if count else []
    more = len(found) > count
    shown = found[1:] if more and step == "before" else found[:count]
    total = cursor.total if cursor else await _total(listing, None if more or not count else len(found))
    before = step == "after" or (step == "before" and more)
    after = step == "before" or more
    return _listed(
        shown,
        total,
        next_=scim_cursors.write(request, total, "after", shown[-1].place) if after and shown else None,
        previous=scim_cursors.write(request, total, "before", shown[0].place) if before and shown else None,
    )


async def _total(listing: Listing, known: int | None) -> int:
    known = listing.walks.total(listing.name, 1) if known is None else known
    return await _count(listing) if known is None else known


async def _led_among(listing: Listing, passed: int) -> Listed:
    """The same among the few whom a filter names: their cursors say how many were passed."""
    request, count = listing.request, listing.request.asked.page.count
    known = await _named(listing)
    total, end, back = len(known), passed + count, max(0, passed - count)
    return _listed(
        known[passed:end],
        total,
        next_=scim_cursors.write(request, total, "after", [end]) if count and end < total else None,
        previous=scim_cursors.write(request, total, "before", [back]) if count and passed else None,
    )


async def _named(listing: Listing) -> list[Found]:
    """Those that a filter names by a key. A connection that adopts finds users of nobody by userName."""
    asked, caller = listing.asked, listing.request.caller
    assert asked is not None  # noqa: S101  # asked only of lists with a filter; mypy cannot know
    found = await _all(listing, adopting=False)
    if not found and caller.adopt and asked.name is not None:
        nobodys = msgspec.structs.replace(listing, asked=scim_filters.of_nobody(asked.name))
        found = await _all(nobodys, adopting=True)
    return [
        one
        for one in found
        if asked.rest is None or satisfies(one.resource, asked.rest, listing.request.type)
    ]


async def _all(listing: Listing, *, adopting: bool) -> list[Found]:
    asking = listing.question(adopting=adopting)
    return await listing.database.read(scim_pages.page, asking, listing.way, "first", (), ALL)
