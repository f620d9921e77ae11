"""The 8 generation as a value: its words, its envelope, its defaults."""

import re
from collections.abc import Mapping
from typing import Final
from uuid import uuid4

import msgspec

from service.api.calls import Call
from service.api.eight.landing import Landing8
from service.api.eight.metas import Metas8
from service.api.eight.parameters import Parameters8
from service.api.eight.telling import told
from service.api.generations import Generation
from service.users.model import Origin
from service.users.problems import (
    BadQuery,
    CreateDenied,
    Expired,
    Forbidden,
    Forged,
    InviteDenied,
    ListDenied,
    OtpMissing,
    ResetExpired,
    ResetForged,
    WrongCredentials,
    WrongOtp,
)

_LONGEST: Final = 1000  # characters of what somebody says of their change
PREFIX: Final = "/-/8"  # where the gate sends its paths; nobody else comes in by this address
_REQUIRED: Final = ("first_name", "last_name", "email", "role")
_OF_RESET: Final[Mapping[type[Exception], type[Exception]]] = {Expired: ResetExpired, Forged: ResetForged}
_OF_ROOMS: Final[Mapping[str, type[Exception]]] = {"GET": ListDenied, "POST": CreateDenied}
_ROOM: Final = re.compile(r"/[a-z]+")


def _defaults(call: Call) -> Mapping[str, object]:
    return {
        "status": "draft",
        "appearance": "auto",
        "timezone": call.house.projects.last_zone(call.project),
        "external_identifier": _identifier,
    }


def _identifier() -> str:
    """As the documented examples have it: made at random for each user."""
    return str(uuid4())


def _lacking(values: Mapping[str, object]) -> str | None:
    """Documented as required; the password is as well."""
    return next((name for name in (*_REQUIRED, "password") if not values.get(name)), None)


def _noted(call: Call, origin: Origin) -> Origin:
    """What the caller says of the change, and that a status is noted by itself. Raises BadQuery."""
    comment = call.query.get("comment") or None
    if comment is not None and (not isinstance(comment, str) or len(comment) > _LONGEST or "\0" in comment):
        raise BadQuery(f'"comment" has to be a text of at most {_LONGEST} characters')
    return msgspec.structs.replace(origin, comment=comment, apart=True)


def _errors(_: int, code: str | int | None, message: str, __: dict[str, object]) -> Mapping[str, object]:
    return {"error": {"code": code, "message": message}}


def _problem(problem: Exception, call: Call) -> Exception:
    """What names no item is denied; what names one is not there. A token that is no good is told as one."""
    if type(problem) is Forbidden and call.path == "/users/invite":
        return InviteDenied()
    if type(problem) is Forbidden and call.method in _OF_ROOMS and _ROOM.fullmatch(call.path):
        return _OF_ROOMS[call.method]()
    if call.path == "/auth/password/reset" and type(problem) in _OF_RESET:
        return _OF_RESET[type(problem)]()
    if type(problem) is WrongCredentials and not call.path.startswith("/auth/"):
        return Forged()
    if type(problem) is WrongOtp and not problem.given:
        return OtpMissing()
    return problem


GENERATION_8: Final = Generation(
    language="rest8",
    limit=200,
    defaults=_defaults,
    lacking=_lacking,
    errors=_errors,
    parameters=Parameters8,
    metas=Metas8(),
    told=told,
    problem=_problem,
    landing=Landing8(),
    noted=_noted,
    setting_up=re.compile(r"/users/[^/]+/activate_2fa\Z|/utils/2fa_secret\Z"),
    cookie=lambda call: f"directus-{call.project}-session",
    prefix=PREFIX,
    role_names_differ=True,
)
