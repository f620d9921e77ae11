"""From a forgotten password to the message about it: one token for every attempt, none for a dead one."""

from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from mail.addresses import read_sender
from mail.contract import Letter, Obsolete
from service.database import Database, Transaction, new_key, now
from service.database.tables import letters
from service.letters import Letters
from service.tokens import Tokens
from service.users import records, resets
from service.users.throttle import Attempt
from tests.core.people import HOUSE, a_user
from tests.post.letters import OUTBOX

TOKENS = Tokens([token_urlsafe(32)])
Ask = Callable[..., Awaitable[Letter]]


@pytest.fixture
def ask(database: Database) -> Ask:
    """Asks for a letter; gives it as a worker holds it."""

    async def ask(email: str = "anna@example.org", url: str | None = None) -> Letter:
        attempt = Attempt("default", email, "192.0.2.1")
        await database.write(resets.request, attempt, url=url)
        return (await database.write(OUTBOX.claim, new_key(), 9, 1e-3, now()))[-1]

    return ask


async def write(database: Database, letter: Letter) -> EmailMessage:
    desk = Letters(
        database,
        sender=read_sender("no-reply@acme.example"),
        public_url="https://id.acme.example/",
        mint=lambda ticket: resets.mint(TOKENS, ticket),
    )
    return await desk.compose(letter)


def words(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def link(message: EmailMessage) -> str:
    (found,) = [line for line in words(message).splitlines() if "token=" in line]
    return found


async def test_the_letter_leads_to_our_page_with_its_token(database: Database, ask: Ask) -> None:
    user = await a_user(database, email="anna@example.org", first_name="Anna", password_hash="$x$")
    letter = await ask("ANNA@example.org")
    message = await write(database, letter)
    assert message["To"] == "anna@example.org"
    assert message["Subject"] == "Choose a new password for id.acme.example"
    assert "Hello Anna," in words(message)
    target = urlsplit(link(message))
    assert (target.netloc, target.path) == ("id.acme.example", "/admin/reset-password")
    (token,) = parse_qs(target.query)["token"]
    assert resets.read(TOKENS, token).user == user
    assert link(await write(database, letter)) == link(message)
    assert "Choose a new password" in words(message, "html")


async def test_the_link_leads_where_the_application_says(database: Database, ask: Ask) -> None:
    await a_user(database, email="anna@example.org", password_hash="$x$")
    letter = await ask(url="https://app.example/new?team=7")
    assert link(await write(database, letter)).startswith("https://app.example/new?team=7&token=")


@pytest.mark.parametrize(
    "change", [{"password_hash": "$y$"}, {"email": "eva@example.org"}, {"status": "suspended"}, None]
)
async def test_a_letter_that_nobody_needs_is_not_written(
    database: Database, ask: Ask, change: dict[str, Any] | None
) -> None:
    user = await a_user(database, email="anna@example.org", password_hash="$x$")
    letter = await ask()
    if change is None:
        await database.write(records.remove, HOUSE, [user])
    else:
        await database.write(records.change, HOUSE, {user: change})
    with pytest.raises(Obsolete):
        await write(database, letter)


async def test_no_token_rests_in_the_table(database: Database, ask: Ask) -> None:
    await a_user(database, email="anna@example.org", password_hash="$x$")
    token = link(await write(database, await ask())).partition("token=")[2]

    async def look(tx: Transaction) -> str:
        return str(await tx.rows(select(letters)))

    kept = await database.read(look)
    assert token not in kept
    assert "eyJ" not in kept
