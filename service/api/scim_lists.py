"""Lists over SCIM: a page of all, a page of those that a filter finds, or the few that it names."""

from collections.abc import Sequence

import msgspec
from litestar.response.base import ASGIResponse

from providers.scim import messages
from providers.scim.schema import Resource
from service.api import answers, scim_cursors, scim_listing
from service.api.scim_listing import Listing
from service.api.scim_requests import Request
from service.dialects import scim_look_ups, scim_orders
from service.dialects.scim_pages import Found


class Listed(msgspec.Struct, frozen=True):
    """A page: its resources, how many there are in all, and the cursors that lead on from it."""

    resources: list[Resource]
    total: int
    next: str | None = None
    previous: str | None = None


async def page(request: Request) -> Listed:
    """The page that the request asks for."""
    wanted = request.asked
    asked = None
    if wanted.filter is not None:
        asked = scim_look_ups.read(wanted.filter, request.profile, request.type, everywhere=wanted.everywhere)
    way = scim_orders.order(wanted.sort_by, request.profile, request.type, descending=wanted.descending)
    listing = Listing(request, asked, way)
    if wanted.cursor is not None:
        return await _led(listing, wanted.cursor)
    if asked is None or not asked.by_key:
        return await _indexed(listing)
    known = await scim_listing.named(listing)
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
    found = await scim_listing.first(listing, page.start, page.count) if page.count else []
    if len(found) < page.count and (found or page.start == 1):
        return _listed(found, page.start - 1 + len(found))
    total = await scim_listing.total(listing, page.start)
    if found:
        listing.walks.walked(listing.name, page.start + len(found), found[-1].place, total)
    return _listed(found, total)


async def _led(listing: Listing, text: str) -> Listed:
    """The page that a cursor leads to, with the ways on: one more resource than is shown tells of them."""
    request, count = listing.request, listing.request.asked.page.count
    cursor = scim_cursors.read(request, text) if text else None
    if listing.asked is not None and listing.asked.by_key:
        return await _led_among(listing, cursor.place[0] if cursor else 0)
    step, place = (cursor.step, cursor.place) if cursor else ("first", ())
    found = await scim_listing.step(listing, step, place, count + 1) if count else []
    more = len(found) > count
    shown = found[1:] if more and step == "before" else found[:count]
    total = cursor.total if cursor else len(found)
    if cursor is None and (more or not count):
        total = await scim_listing.total(listing, 1)
    before = step == "after" or (step == "before" and more)
    after = step == "before" or more
    return _listed(
        shown,
        total,
        next_=scim_cursors.write(request, total, "after", shown[-1].place) if after and shown else None,
        previous=scim_cursors.write(request, total, "before", shown[0].place) if before and shown else None,
    )


async def _led_among(listing: Listing, passed: int) -> Listed:
    """The same among the few whom a filter names: their cursors say how many were passed."""
    request, count = listing.request, listing.request.asked.page.count
    known = await scim_listing.named(listing)
    total, end, back = len(known), passed + count, max(0, passed - count)
    return _listed(
        known[passed:end],
        total,
        next_=scim_cursors.write(request, total, "after", [end]) if count and end < total else None,
        previous=scim_cursors.write(request, total, "before", [back]) if count and passed else None,
    )
