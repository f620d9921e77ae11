"""A REST generation is a value: its dialect, its envelope and its defaults, handed to one set of handlers."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from service.api import cookies
from service.api.landing import Landing, Landing10
from service.api.metas import Counts, Metas
from service.api.parameters import Parameters
from service.database import Transaction
from service.dialects.fields import Language
from service.users.model import LOCAL, Origin

if TYPE_CHECKING:
    from service.api.calls import Call

Items = Sequence[object]


class Generation(msgspec.Struct, frozen=True):
    """`limit` is the page size when none is asked for; `defaults` fill a user that it creates.

    `prefix` is where its router is, inside. `parameters` reads the query and `metas` what is told beside the
    answer; `told` is what is shown of rows that were found; `problem` is what a problem is to its callers.
    `landing` is what people take home from a sign-on with a provider.
    `noted` is what the activity keeps of a request.
    `role_names_differ`: no two roles of a project are called alike by what is written in it.
    `setting_up`: paths that stay open to who lacks the second factor. `cookie` names that of a session.
    """

    language: Language
    limit: int
    defaults: Callable[["Call"], Mapping[str, object]]
    lacking: Callable[[Mapping[str, object]], str | None]
    errors: Callable[[int, str | int | None, str, dict[str, object]], Mapping[str, object]]
    parameters: type[Parameters]
    metas: Metas
    told: Callable[[Transaction, "Call", Items], Awaitable[Items]]
    problem: Callable[[Exception, "Call"], Exception]
    landing: Landing
    noted: Callable[["Call", Origin], Origin]
    setting_up: re.Pattern[str]
    cookie: Callable[["Call"], str]
    prefix: str = ""
    role_names_differ: bool = False


def _lacking10(values: Mapping[str, object]) -> str | None:
    """An e-mail is needed, unless another provider answers for the user."""
    elsewhere = values.get("provider", LOCAL) != LOCAL and values.get("external_identifier")
    return None if values.get("email") or elsewhere else "email"


def _errors10(
    status: int, code: str | int | None, message: str, extras: dict[str, object]
) -> Mapping[str, object]:
    return {"errors": [{"message": message, "extensions": {"code": code, **extras}}]}


_DEFAULTS10: Final = {"status": "active", "language": "en-US", "appearance": "auto"}


async def _told10(_: Transaction, __: "Call", items: Items) -> Items:
    return items


GENERATION_10: Final = Generation(
    language="rest10",
    limit=100,
    defaults=lambda _: _DEFAULTS10,
    lacking=_lacking10,
    errors=_errors10,
    parameters=Parameters,
    metas=Counts(),
    told=_told10,
    problem=lambda problem, _: problem,
    landing=Landing10(),
    noted=lambda _, origin: origin,
    setting_up=re.compile(r"/users/((me/)?tfa/|me/passkeys)"),
    cookie=lambda _: cookies.SESSION,
)
GRAPHQL: Final = msgspec.structs.replace(GENERATION_10, language="graphql")
