"""A list that somebody asks for over SCIM: as a question to the database, and its pages and totals."""

from collections.abc import Hashable
from hashlib import sha256

import msgspec

from providers.scim.matching import satisfies
from providers.scim.user import USER
from service.api.scim_requests import Request
from service.api.scim_walks import Walks
from service.database import Database
from service.dialects import question, scim_blocks, scim_filters, scim_pages
from service.dialects.question import Question
from service.dialects.scim_filters import Asked
from service.dialects.scim_orders import Order
from service.dialects.scim_pages import Found, Place, Step
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

    @property
    def is_whole(self) -> bool:
        """Whether it is all users in the order in which they came, who are counted block by block."""
        return self.request.type is USER and self.asked is None and self.way == Order()

    @property
    def is_short(self) -> bool:
        """Whether an index has the list in its order, so that a page of it costs little."""
        return (
            not self.way.path
            and (self.way.column is None or (self.way.column == "id" and self.request.type is not USER))
            and (self.asked is None or question.bounded(self.question()))
        )

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


async def first(listing: Listing, start: int, limit: int) -> list[Found]:
    """At most `limit` resources, from the one with the number `start` on, counted from 1."""
    if start == 1:
        return await step(listing, "first", (), limit)
    place = listing.walks.place(listing.name, start)
    if place is None and listing.is_whole:
        return await listing.database.read(scim_blocks.page, listing.question(), start, limit)
    place = place or await _place(listing, start)
    return [] if place is None else await step(listing, "after", place, limit)


async def step(listing: Listing, way: Step, place: Place, limit: int) -> list[Found]:
    """At most `limit` resources: the first ones, or those after or before a place."""
    lane = listing.database.read if listing.is_short else listing.database.scan
    return await lane(scim_pages.page, listing.question(), listing.way, way, place, limit)


async def _place(listing: Listing, start: int) -> Place | None:
    """Behind which place a page begins that nobody has walked to."""
    near = start <= _NEAR and listing.is_short
    lane = listing.database.read if near else listing.database.scan
    place = await lane(scim_pages.place_of, listing.question(), listing.way, start - 1)
    if place is not None:
        listing.walks.found(listing.name, start, place)
    return place


async def total(listing: Listing, start: int) -> int:
    """How many there are, for who asks for the page at `start`: to a walk what it was told at its beginning.

    What has to be counted one by one is counted at most once between two changes.
    """
    walks, epoch = listing.walks, listing.walks.epoch
    known = walks.total(listing.name, start)
    if known is not None:
        return known
    if listing.is_whole:
        return await listing.database.read(scim_blocks.total, listing.question())
    counted = await listing.database.scan(question.count, listing.question(), filtered=True)
    walks.counted(listing.name, counted, epoch)
    return counted


async def named(listing: Listing) -> list[Found]:
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
    return await listing.database.read(scim_pages.few, asking, listing.way)
