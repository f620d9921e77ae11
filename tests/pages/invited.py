"""Invited people for the tests: an open invitation, the link in its letter, and what a page says to them."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import httpx2
from sqlalchemy import Table, bindparam, select, update

from service.database import Transaction
from service.database.tables import activity, identities, invitations, letters, projects, revisions, users
from service.users import acceptance
from tests.served import Served

PATH = "/admin/accept-invite"
GOOD = "a quiet walk along the river"


@dataclass
class Invited:
    """One invitation: its row's key, whom it is for, and the token that its letter carries."""

    project: str
    id: str
    email: str
    issued_at: str
    expires_at: str
    user: str
    token: str = ""


class Page(HTMLParser):
    """What a person, and a program that reads aloud, finds on a page."""

    def __init__(self, answer: httpx2.Response) -> None:
        super().__init__()
        self.status = answer.status_code
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.style, self.title, self.heading, self.text = "", "", "", ""
        self._within: list[str] = []
        assert answer.headers["content-type"] == "text/html; charset=utf-8", answer.headers
        self.feed(answer.text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._within and self._within.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        inside = self._within[-1] if self._within else ""
        if inside == "style":
            self.style += data
        elif inside == "title":
            self.title += data
        else:
            self.heading += data if "h1" in self._within else ""
            self.text += data

    def field(self, name: str) -> dict[str, str]:
        """The attributes of the form's field of this name."""
        (found,) = (given for tag, given in self.tags if tag == "input" and given.get("name") == name)
        return found

    @property
    def codes(self) -> list[str]:
        """The recovery codes that it shows."""
        return re.findall(r"\b[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}\b", self.text)

    @property
    def has_form(self) -> bool:
        return any(tag == "form" for tag, _ in self.tags)


async def all_rows(tx: Transaction, table: Table) -> list[tuple[Any, ...]]:
    kept = [column for column in table.c if column.name != "last_access"]  # noted behind earlier answers
    return sorted(await tx.rows(select(*kept)), key=repr)


async def everything(house: Served) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that an invitation could change."""
    tables = (users, invitations, identities, activity, revisions, letters)
    return {table.name: await house.house.database.read(all_rows, table) for table in tables}


async def invite(house: Served, email: str = "grace@example.com") -> Invited:
    """Invite somebody as an administrator does, over REST; give the newest invitation of that address."""
    answer = await house.ask("POST", "/users/invite", {"email": email, "role": house.role})
    assert answer.status_code == 204, answer.text
    return await newest(house, email)


async def newest(house: Served, email: str) -> Invited:
    """The newest invitation of an address, with its token as it stands now."""
    columns = (invitations.c[name] for name in ("project", "id", "email", "issued_at", "expires_at", "user"))
    named = select(*columns).where(invitations.c.email == bindparam("email"))

    async def find(tx: Transaction) -> list[tuple[Any, ...]]:
        return await tx.rows(named, email=email)

    invited = Invited(*max(await house.house.database.read(find), key=lambda row: str(row[1])))
    invited.token = acceptance.mint(house.house.tokens, invited)
    return invited


async def expire(house: Served, invited: Invited) -> Invited:
    """The same invitation, had it been sent a week and an hour earlier."""
    statement = update(invitations).where(invitations.c.id == bindparam("of_id"))

    async def change(tx: Transaction) -> None:
        await tx.run(
            statement,
            of_id=invited.id,
            issued_at="2021-01-29T15:18:13.000Z",
            expires_at="2021-02-05T15:18:13.000Z",
        )

    await house.house.database.write(change)
    return await newest(house, invited.email)


async def name_project(house: Served, title: str) -> None:
    """Give the project its title."""
    statement = update(projects).where(projects.c.name == bindparam("of_name"))

    async def change(tx: Transaction) -> None:
        await tx.run(statement, of_name="default", title=title)

    await house.house.database.write(change)


async def look(house: Served, token: str, *, method: str = "GET", **more: Any) -> httpx2.Response:
    """Open the link of a letter."""
    return await house.ask(method, PATH, token=None, params={"token": token}, **more)


async def post(
    client: httpx2.AsyncClient, token: str, password: str = GOOD, headers: dict[str, str] | None = None
) -> httpx2.Response:
    """Press the button of the form, as a browser on our own page does; a redirect is not followed."""
    ours = {"origin": "null", "sec-fetch-site": "same-origin", **(headers or {})}
    form = {"token": token, "username": "whoever@example.com", "password": password}
    return await client.post(PATH, data=form, headers=ours)


async def send(house: Served, token: str, password: str = GOOD, **headers: str) -> httpx2.Response:
    """Press the button once."""
    async with house.client() as client:
        return await post(client, token, password, headers)


async def can_sign_in(house: Served, email: str, password: str) -> bool:
    """Whether this password opens this account."""
    answer = await house.ask("POST", "/auth/login", {"email": email, "password": password}, token=None)
    assert answer.status_code in {200, 401}, answer.text
    return answer.status_code == 200


async def status_of(house: Served, user: str) -> str:
    """The user's status, as the API tells it."""
    answer = await house.ask("GET", f"/users/{user}?fields=status")
    return str(answer.json()["data"]["status"])
