"""Projects: each has users, roles and numbers of its own; one called `default` is always there."""

import re
from typing import Final

from sqlalchemy import bindparam, insert, select

from service.database import Transaction, now
from service.database.tables import projects
from service.users import roles
from service.users.problems import Invalid
from service.users.uniqueness import unique

DEFAULT: Final = "default"
TIMEZONE: Final = "America/New_York"  # the documented default of the 8 generation

# First segments of paths that belong to everybody, so that no project may hide them.
RESERVED: Final = frozenset(
    (
        *("users", "auth", "roles", "permissions", "policies", "revisions", "activity", "graphql", "scim"),
        *("server", "console", "admin", "utils", "files", "assets", "metrics", "fields", "collections"),
        *("items", "projects", "connections", "letters", "sessions", "register", "oauth", "ssf", "static"),
        *("docs", "-"),
    )
)
_NAME: Final = re.compile(r"[a-z0-9_-][a-z0-9._-]{0,62}")
_LONGEST: Final = 255  # characters of a title and of a time zone's name
_INSERT: Final = insert(projects)
_TITLE: Final = select(projects.c.title).where(projects.c.name == bindparam("name"))
_EVERY: Final = select(projects.c.name, projects.c.title, projects.c.timezone).order_by(projects.c.name)
_ZONES: Final = select(projects.c.name, projects.c.timezone)


async def create(tx: Transaction, name: str, title: str = "", timezone: str = TIMEZONE) -> str:
    """Make a project and its role of administrators; give the role's id.

    Raises Invalid("name", "choice") for a reserved name, "type" for one that is no path segment; Taken.
    """
    check_name(name)
    for word, text in (("title", title), ("timezone", timezone)):
        if len(text) > _LONGEST:
            raise Invalid(word, "max_length", limit=_LONGEST)
    with unique():
        await tx.run(_INSERT, name=name, title=title or name, timezone=timezone, created_at=now())
    tx.announce("project", name)
    return await roles.make_administrators(tx, name)


async def title(tx: Transaction, name: str) -> str | None:
    """What people call the project; None when there is none of this name."""
    found = await tx.row(_TITLE, name=name)
    return str(found[0]) if found else None


async def every(tx: Transaction) -> list[dict[str, str]]:
    """Every project with its title and time zone, by name."""
    return [dict(zip(("name", "title", "timezone"), row, strict=True)) for row in await tx.rows(_EVERY)]


async def zones(tx: Transaction) -> dict[str, str]:
    """Every project's name, with the time zone that its users are in unless they say otherwise."""
    return dict(await tx.rows(_ZONES))


def check_name(name: str) -> None:
    """Raises Invalid unless a project may have this name."""
    if name in RESERVED:
        raise Invalid("name", "type", detail="must be another one: addresses of ours begin with it")
    if not _NAME.fullmatch(name):
        raise Invalid(
            "name", "type", detail="must be 1 to 63 of a-z, 0-9, dot, underscore and dash, the first no dot"
        )
