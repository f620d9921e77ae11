"""Whether the house stands: the documented `/server/...`, and `/-/live` and `/-/ready` for orchestrators."""

from litestar import Router, get
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, openapi
from service.api.calls import Call, of
from service.database import Unavailable
from service.users import correspondence, projects
from service.users.correspondence import Waiting


@get(["/server/ping"])
async def ping(scope: Scope) -> ASGIResponse:
    """pong."""
    return answers.text("pong", "text/html")


@get("/-/live")
async def live(scope: Scope) -> ASGIResponse:
    """The process answers; restarting it would not help more."""
    return answers.answer({"status": "ok"})


@get("/-/ready")
async def ready(scope: Scope) -> ASGIResponse:
    """Requests can be answered now: the database is there. Mail may be down, letters wait for it."""
    good = await _database(of(scope))
    return answers.answer({"status": "ok" if good else "error"}, status=200 if good else 503)


async def _database(call: Call) -> bool:
    try:
        return await call.house.database.read(projects.title, call.project) is not None
    except Unavailable:
        return False


@get("/server/health")
async def health(scope: Scope) -> ASGIResponse:
    """The documented health; the stranger sees a word, an administrator each part."""
    call = of(scope)
    good = await _database(call)
    status = "ok" if good else "error"
    body: dict[str, object] = {"status": status}
    if good and (caller := await call.caller()).admin:
        mail = _mail(await call.house.database.scan(correspondence.waiting, caller))
        body |= {"status": mail["status"], "releaseId": call.house.terms.version, "serviceId": "idbridge"}
        body["checks"] = {
            "database:responding": [{"status": status, "componentType": "datastore"}],
            "email:waiting": [mail],
        }
    return answers.answer(body, status=200 if good else 503, media="application/health+json")


def _mail(waiting: Waiting) -> dict[str, object]:
    """A check as draft-inadarei-api-health-check-06 has it: for how long the oldest letter has been due."""
    found: dict[str, object] = {"status": "warn" if waiting.stalled else "ok", "componentType": "email"}
    found |= {"observedValue": round(waiting.oldest), "observedUnit": "s"}
    if waiting.stalled:
        reason = waiting.reason or "nobody carries them, or there are too many at once"
        found["output"] = f"{waiting.due} due: {reason}"
    return found


@get("/server/info")
async def info(scope: Scope) -> ASGIResponse:
    """What a client may know before it signs in."""
    call = of(scope)
    caller = await call.caller()
    title = await call.house.database.read(projects.title, call.project)
    body: dict[str, object] = {"project": {"project_name": title or "idbridge"}}
    if caller.user is not None:
        body["version"] = call.house.terms.version
        body["queryLimit"] = {"default": call.generation.limit, "max": call.house.terms.most_rows or -1}
    return answers.data(body)


@get("/server/specs/oas")
async def specification(scope: Scope) -> ASGIResponse:
    """The OpenAPI document."""
    call = of(scope)
    return answers.answer(openapi.document(call.house.terms.public_url, call.house.terms.version))


router = Router("/", route_handlers=[ping, live, ready, health, info, specification], include_in_schema=False)
