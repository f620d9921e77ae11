"""Where a departure that was to link an identity comes back: bound to the session that it began in."""

from litestar.response.base import ASGIResponse

from providers.contract import Identity
from service.api import answers
from service.api.calls import Call
from service.api.house import Door
from service.api.landing import Home
from service.users import sign_on, ways_in
from service.users.problems import Problem, WrongCredentials


async def link(call: Call, door: Door, identity: Identity, session: str, home: Home) -> ASGIResponse:
    """The identity is the person's from now on, or they are told why not; nobody is signed in by this."""
    linking = ways_in.Linking(call.project, session, door.rules, identity, call.origin)
    try:
        await call.house.database.write(ways_in.link_own, linking, call.house.grants)
    except Problem as problem:
        note = (call.project, identity, problem, call.origin, "another user has this identity")
        await call.house.database.write(sign_on.note_refusal, *note)
        cause = problem.cause if isinstance(problem, WrongCredentials) else ""
        return call.generation.landing.refused(call, problem, home, cause=cause)
    if home.redirect is not None:
        return answers.away(home.redirect, *home.gone)
    linked = {"provider": identity.provider, "external_identifier": identity.external_identifier}
    return answers.data(linked, headers=home.gone)
