"""`/projects`: those that there are, and new ones, for administrators of the project `default`."""

from typing import Final

from litestar import Router, get, post
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers
from service.api.bodies import TEXT, TEXT_MAYBE, expect
from service.api.calls import of
from service.database import Transaction
from service.users import access, projects
from service.users.model import Caller

_PROJECT: Final = {"name": TEXT, "title": TEXT_MAYBE, "timezone": TEXT_MAYBE}


@get("/projects")
async def list_projects(scope: Scope) -> ASGIResponse:
    """Every project: its name, its title, and the time zone of its users."""
    call = of(scope)
    caller = await call.member()
    return answers.data(await call.house.database.read(_list, caller))


async def _list(tx: Transaction, caller: Caller) -> list[dict[str, str]]:
    access.check_administrator(caller)
    return await projects.every(tx)


@post("/projects", status_code=200)
async def create_project(scope: Scope) -> ASGIResponse:
    """Makes a project with its role of administrators; its first user is made on the command line."""
    call = of(scope)
    caller = await call.member_author()
    access.check_administrator(caller)
    body = {name: str(value) for name, value in expect(await call.json(), _PROJECT).items()}
    return answers.data(await call.house.database.write(_create, body))


async def _create(tx: Transaction, body: dict[str, str]) -> dict[str, str]:
    await projects.create(tx, **body)
    (made,) = [one for one in await projects.every(tx) if one["name"] == body["name"]]
    return made


router = Router("/", route_handlers=[list_projects, create_project], include_in_schema=False)
