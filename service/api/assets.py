"""The bytes of files: `/assets/:id`, as they are or as they are wanted, for those who may see the file."""

import re
from typing import Final, get_args
from urllib.parse import quote

from litestar import Router, get
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers
from service.api.calls import Call, of
from service.api.keys import key_of
from service.api.query_string import Tree, whole
from service.database import Transaction
from service.dialects import question
from service.tokens import fingerprint
from service.users import file_rows
from service.users.file_rows import Seen
from service.users.model import Caller
from service.users.pictures import LONGEST_SIDE, SUFFIXES, Box, Fit, Wanted
from service.users.problems import BadQuery, Forbidden

_FITS: Final[tuple[Fit, ...]] = get_args(Fit)
# Sizes that applications ask for by name, as the documented server has them.
_PRESETS: Final = {
    f"system-{name}-{fit}": Box(side, side, fit)
    for name, side in (("small", 64), ("medium", 300), ("large", 800))
    for fit in _FITS[:2]
}
_FORMATS: Final = {suffix: media for media, suffix in SUFFIXES.items() if suffix != "gif"}
BEST: Final = 100  # as `quality` counts
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9 ._-]")


@get(["/assets/{key:str}", "/assets/{key:str}/{_name:str}"])
async def asset(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """A picture, in the size and the format that are wanted; with `download` to be kept."""
    call = of(scope)
    caller = await call.caller()
    wanted = _wanted(call)
    database, id_ = call.house.database, key_of(key)
    seen = await database.read(_seen, call, caller, id_)
    headers = _headers(call, seen, wanted)
    if dict(headers)["etag"] in _known(call):
        return answers.nothing(status=304, headers=headers)
    body = await database.read(file_rows.content, caller.project, id_)
    if wanted != Wanted():
        body = await call.house.pictures.show(body, wanted)
    return answers.Answer(200, body, wanted.type or seen.type, headers)


async def _seen(tx: Transaction, call: Call, caller: Caller, id_: str) -> Seen:
    """What is known of a file that the caller may read. Raises Forbidden."""
    asked = question.ask(caller, call.generation.language, "directus_files", ("id",), key=id_)
    if await question.row(tx, asked) is None:
        raise Forbidden
    return await file_rows.look(tx, caller.project, id_)


def _headers(call: Call, seen: Seen, wanted: Wanted) -> answers.Headers:
    shape = fingerprint(repr(wanted))[:16]
    look = f"-{shape}" if wanted != Wanted() else ""
    how = "attachment" if "download" in call.query else "inline"
    plain = _UNSAFE.sub("_", seen.name)
    return (
        ("etag", f'"{seen.digest}{look}"'),
        # Kept by the browser alone, which asks each time whether it may still show it.
        ("cache-control", "private, no-cache"),
        ("vary", "Authorization, Cookie" + (", Accept" if call.query.get("format") == "auto" else "")),
        ("content-disposition", f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(seen.name, safe='')}"),
        ("content-security-policy", "default-src 'none'; sandbox"),
    )


def _known(call: Call) -> frozenset[str]:
    """The entity tags of If-None-Match, which compares them weakly (RFC 9110, 13.1.2)."""
    given = (call.header(b"if-none-match") or "").split(",")
    return frozenset(tag.strip().removeprefix("W/") for tag in given)


def _wanted(call: Call) -> Wanted:
    """What is asked for. A wish that cannot be met is refused; a name that means nothing is passed over."""
    query = call.query
    if query.get("transforms"):
        raise BadQuery('"transforms" are not made here: "width", "height", "fit", "format" and "quality" are')
    quality = whole(query, "quality", 1)
    if quality is not None and quality > BEST:
        raise BadQuery(f'"quality" must be less than or equal to {BEST}')
    return Wanted(_box(query), _type(call), quality)


def _type(call: Call) -> str | None:
    """The media type of `format`; with `auto` the best one that the caller says to understand."""
    name = call.query.get("format") or None
    if name is None:
        return None
    if name == "auto":
        return _FORMATS["webp"] if _FORMATS["webp"] in (call.header(b"accept") or "") else None
    if not isinstance(name, str) or name not in _FORMATS:
        raise BadQuery(f'"format" must be one of [auto, {", ".join(_FORMATS)}]')
    return _FORMATS[name]


def _box(query: Tree) -> Box | None:
    """The size that is asked for."""
    if "key" in query:
        name = query["key"]
        if not isinstance(name, str) or name not in _PRESETS:
            raise BadQuery(f'"key" must be one of [{", ".join(_PRESETS)}]')
        return _PRESETS[name]
    fit = query.get("fit", "cover")
    if fit not in _FITS:
        raise BadQuery(f'"fit" must be one of [{", ".join(_FITS)}]')
    width, height = _side(query, "width"), _side(query, "height")
    if width is None and height is None:
        return None
    return Box(width, height, fit, enlarge=query.get("withoutEnlargement", "false") in ("false", "0"))


def _side(query: Tree, name: str) -> int | None:
    side = whole(query, name, 1)
    if side is not None and side > LONGEST_SIDE:
        raise BadQuery(f'"{name}" must be less than or equal to {LONGEST_SIDE}')
    return side


router = Router("/", route_handlers=[asset], include_in_schema=False)
