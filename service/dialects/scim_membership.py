"""The changes of a group's PATCH as members that come and go, so that the group is never read whole.

What names its members, as a list, as no list at all or as `members[value eq "..."]`, is known without a look
at the group. Any other filter is asked of the members that there are, which is bounded.
"""

from collections.abc import Awaitable, Callable, Sequence

from providers.scim.changes import Change
from providers.scim.expression import Comparison, Expression, Or
from providers.scim.group import GROUP
from providers.scim.matching import matches
from providers.scim.patch import MAX_EFFORT, make
from providers.scim.problems import InvalidValue, Mutability, NoTarget, TooMany
from providers.scim.schema import Resource, Value
from providers.scim.tolerance import Profile
from service.users.checks import is_uuid
from service.users.membership import Wanted

Members = list[tuple[str, str, str | None]]
Look = Callable[[], Awaitable[Members]]  # the members that there are


def split(changes: Sequence[Change]) -> tuple[list[Change], list[Change]]:
    """The changes of members, and those of everything else."""
    members = [change for change in changes if change.target.attribute.name == "members"]
    return members, [change for change in changes if change not in members]


def after(made: Resource, changes: Sequence[Change], profile: Profile) -> Resource:
    """A group's resource, without its members, after changes of everything else."""
    return make(made, changes, GROUP, profile)


def named(entries: Value) -> dict[str, str | None]:
    """Whom the entries of `members` name, and what they are called there. Raises InvalidValue for one
    without an id."""
    found: dict[str, str | None] = {}
    for entry in entries if isinstance(entries, list) else ():
        value = entry.get("value") if isinstance(entry, dict) else None
        if not isinstance(value, str) or not value:
            raise InvalidValue('Each of "members" needs the id of a user or a group as its "value".')
        display = entry.get("display") if isinstance(entry, dict) else None
        found[value.lower() if is_uuid(value) else value] = display if isinstance(display, str) else None
    return found


async def wanted(changes: Sequence[Change], look: Look) -> Wanted:
    """Who is to be in the group after the changes, in their order.

    Raises NoTarget, Mutability (who a member is cannot be changed, only whether), InvalidValue and TooMany.
    """
    asked, present = Wanted(), _Present(look)
    for change in changes:
        if change.target.sub is not None:
            raise Mutability(f'"{change.target}" cannot be changed; remove the member and add another one.')
        if change.filter is not None:
            await _selected(change, change.filter, asked, present)
        elif change.op == "add":
            asked.add(named(change.value))
        elif change.op == "remove" and change.value is not None:
            asked.remove(named(change.value))
        else:
            asked.replace(named(change.value) if change.op == "replace" else {})
    return asked


class _Present:
    """The members that there are, read once and only when somebody asks."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._found: Members | None = None
        self._effort = 0

    async def such(self, chosen: Expression, asked: Wanted) -> list[str]:
        """Those for whom a filter holds, after the changes so far."""
        if self._found is None:
            self._found = await self._look()
        self._effort += len(self._found) + 1
        if self._effort > MAX_EFFORT:
            raise TooMany("The operations look at too many members; name them by their ids instead.")
        attribute = GROUP.schema.find("members")
        return [
            id_
            for id_, type_, display in self._found
            if asked.named.get(id_, not asked.only)
            and attribute is not None
            and matches(chosen, {"value": id_, "type": type_, "display": display}, attribute)
        ]


async def _selected(change: Change, chosen: Expression, asked: Wanted, present: _Present) -> None:
    known = _known(chosen)
    if change.op == "remove":
        asked.remove(await present.such(chosen, asked) if known is None else known)
        return
    found = await present.such(chosen, asked)
    if not found:
        raise NoTarget(f'"{change}" selects no member of the group.')
    asked.remove(found)
    asked.add(named([change.value]))


def _known(chosen: Expression) -> list[str] | None:
    """The ids of a filter that is `value eq`, once or several times; None for any other filter."""
    terms = chosen.terms if isinstance(chosen, Or) else (chosen,)
    found = []
    for term in terms:
        if not isinstance(term, Comparison) or term.op != "eq" or str(term.path) != "value":
            return None
        found.append(str(term.value).lower())
    return found
