"""A fresh proof that whoever sits at the browser is whose session it holds, before a way in is changed."""

from collections.abc import Mapping
from typing import Final

from service.api.calls import Call
from service.pages.here import Here
from service.users import sign_in
from service.users.problems import BadPayload, Problem, TooMany, WrongCredentials

_WRONG: Final = "The password is not right. Try it once more."
# Why it is not sure who asks, for the field that the password is typed in.
UNPROVEN: Final[Mapping[type[Problem], str]] = {
    WrongCredentials: _WRONG,
    BadPayload: "Type your password, so that nobody else does this.",
    TooMany: "There were too many attempts. Wait a few minutes and try again.",
}


async def refusal(call: Call, who: Here, fields: Mapping[str, str]) -> str | None:
    """Why it is not sure who sends a form; None when it is."""
    try:
        await sign_in.confirm_password(call.house.database, call.house.hasher, who.caller, typed(fields))
    except tuple(UNPROVEN) as problem:
        return UNPROVEN[type(problem)]
    return None


def typed(fields: Mapping[str, str]) -> str | None:
    """The password of a form, where one was typed."""
    return fields.get("password", "")[:1024] or None
