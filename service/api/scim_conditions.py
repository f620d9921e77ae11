"""On what condition a SCIM request is to be done: entity tags in If-Match and If-None-Match (RFC 7644, 3.14).

Tags are compared as weak ones, those of If-Match too: clients send `meta.version`. The tag of somebody who is
in groups goes on, behind a dash, with what stands for those. Reads look at all of it. Changes look at the
version before the dash: no change of a user touches a group, so none is refused because a group has changed.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from providers.scim.schema import Resource
from service.api.calls import Call
from service.dialects.scim_tags import own_version
from service.users.problems import Stale


class Condition(msgspec.Struct, frozen=True):
    """If-Match and If-None-Match, as entity tags without what makes them weak; None where not asked."""

    match: frozenset[str] | None = None
    none_match: frozenset[str] | None = None

    def check(self, version: str) -> None:
        """Raises Stale for a version that the client did not mean (RFC 9110, 13.1.1)."""
        if self.match is not None and self.match.isdisjoint(("*", version)):
            raise Stale

    def knows(self, version: str) -> bool:
        """Whether the client has this version already, or wants none (13.1.2)."""
        return self.none_match is not None and not self.none_match.isdisjoint(("*", version))

    def require(self, version: int) -> None:
        """What both headers ask of a change (13.1.1, 13.1.2). Raises Stale."""
        own = Condition(_own(self.match), _own(self.none_match))
        own.check(str(version))
        if own.knows(str(version)):
            raise Stale


_ANY: Final = Condition()


def of_headers(call: Call) -> Condition:
    """The condition of a request."""
    given = [header for header in call.scope["headers"] if header[0].startswith(b"if-")]
    return Condition(_tags(given, b"if-match"), _tags(given, b"if-none-match")) if given else _ANY


def of_version(text: str | None) -> Condition:
    """The condition of an operation in a Bulk, which names a version (RFC 7644, 3.7)."""
    return Condition(None if text is None else frozenset((bare(text),)))


def tag(made: Resource) -> str:
    """The entity tag of a resource."""
    meta = made["meta"]
    return str(meta["version"]) if isinstance(meta, dict) else ""


def bare(text: str) -> str:
    """An entity tag without what makes it weak."""
    return text.strip().removeprefix("W/").strip('"')


def _tags(given: Iterable[tuple[bytes, bytes]], named: bytes) -> frozenset[str] | None:
    """The entity tags of a header, on however many lines; None when there is none."""
    lines = [value.decode("latin-1") for name, value in given if name == named]
    return frozenset(bare(text) for line in lines for text in line.split(",") if text.strip()) or None


def _own(tags: frozenset[str] | None) -> frozenset[str] | None:
    return None if tags is None else frozenset(map(own_version, tags))
