"""From an invitation in the core to the message about it: one token for every attempt, none for a dead one."""

from email.message import EmailMessage
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select, update

from mail.addresses import read_sender
from mail.contract import Letter, Obsolete, Owed
from service.database import Database, Transaction, new_key, now
from service.database.tables import letters, projects, users
from service.letters import Letters, with_token
from service.tokens import Tokens
from service.users import acceptance, edits, endings, invitations
from service.users.model import Caller
from service.users.problems import WrongProvider
from service.users.rows import hold
from tests.core import people
from tests.post.letters import OUTBOX

WEEK = 7 * 86_400.0

HOME = "https://id.acme.example/"


class Desk:
    """An administrator who invites, and whoever writes the letters."""

    def __init__(self, database: Database, caller: Caller, role: str) -> None:
        self.database = database
        self.caller = caller
        self.role = role
        self.tokens = Tokens([token_urlsafe(32)])

    async def invite(self, email: str, **more: Any) -> Letter:
        """Invite somebody; give the letter as a worker holds it."""
        terms = invitations.Terms(**{"lifetime": WEEK, **more})
        await self.database.write(invitations.invite, self.caller, [email], self.role, terms)
        return (await self.database.write(OUTBOX.claim, new_key(), 9, 1e-3, now()))[-1]

    async def write(self, letter: Letter, sender: str = "no-reply@acme.example", **more: Any) -> EmailMessage:
        desk = Letters(
            self.database,
            sender=read_sender(sender),
            public_url=HOME,
            mint=lambda invitation: acceptance.mint(self.tokens, invitation),
            **more,
        )
        return await desk.compose(letter)


@pytest.fixture
async def desk(database: Database) -> Desk:
    role = await people.a_role(database)
    return Desk(database, await people.an_administrator(database), role)


def _link(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    (link,) = [line for line in part.get_content().splitlines() if "token=" in line]
    return str(link)


async def test_the_letter_leads_to_our_page_with_the_token_of_its_invitation(desk: Desk) -> None:
    letter = await desk.invite("anna@example.org")
    message = await desk.write(letter)
    link = urlsplit(_link(message))
    assert (link.scheme, link.netloc, link.path) == ("https", "id.acme.example", "/admin/accept-invite")
    (token,) = parse_qs(link.query)["token"]
    assert desk.tokens.verify("invite", token)["jti"] == letter.reference
    assert message["To"] == "anna@example.org"
    assert message["Message-ID"] == letter.message_id
    assert "Ada Root" in message["Subject"]


async def test_every_attempt_carries_the_same_token(desk: Desk) -> None:
    letter = await desk.invite("anna@example.org")
    assert _link(await desk.write(letter)) == _link(await desk.write(letter))


async def test_no_token_rests_in_the_table(desk: Desk) -> None:
    letter = await desk.invite("anna@example.org")
    token = _link(await desk.write(letter)).partition("token=")[2]

    async def look(tx: Transaction) -> str:
        return str(await tx.rows(select(letters)))

    kept = await desk.database.read(look)
    assert letter.reference in kept
    assert token not in kept
    assert "eyJ" not in kept


async def test_the_link_leads_where_the_invitation_says(desk: Desk) -> None:
    letter = await desk.invite("anna@example.org", url="https://app.example/join?team=7#top")
    assert _link(await desk.write(letter)).startswith("https://app.example/join?team=7&token=")
    assert _link(await desk.write(letter)).endswith("#top")


def _says(message: EmailMessage) -> str:
    parts = [message.get_body((kind,)) for kind in ("plain", "html")]
    return " ".join(" ".join(part.get_content() for part in parts if part is not None).split())


async def test_a_letter_asks_for_a_password_only_where_there_may_be_one(desk: Desk) -> None:
    letter = await desk.invite("anna@example.org")
    alone = _says(await desk.write(letter))
    assert "All it still needs is a password" in alone
    assert alone.count("Choose your password") == 2
    either = _says(await desk.write(letter, sign_on={"default"}))
    assert "with a service that knows this address, or with a password" in either
    assert either.count("Open your account") == 2
    assert "All it still needs is a password" in _says(await desk.write(letter, sign_on={"thumper"}))
    never = _says(await desk.write(letter, sign_on={"default"}, passwords=False))
    assert "with a service that knows this address" in never
    assert "password" not in never.lower()


async def test_somebody_whose_provider_decides_is_told_of_it_and_of_no_password(desk: Desk) -> None:
    letter = await desk.invite("anna@example.org")
    (anna,) = await desk.database.read(people.all_rows, users, email="anna@example.org")
    assert anna["provider"] == "default"

    async def move(tx: Transaction) -> None:
        await tx.run(update(users).where(users.c.id == anna["id"]), provider="okta", external_identifier="7")

    await desk.database.write(move)
    said = _says(await desk.write(letter, labels={"okta": "Okta"}, sign_on={"default"}))
    assert "Open it by signing in with Okta." in said
    assert "password" not in said.lower()
    accepting = ("default", letter.reference, "anna@example.org", "hash", desk.caller.origin)
    with pytest.raises(WrongProvider):
        await desk.database.write(acceptance.accept, *accepting)


async def test_an_application_that_asks_for_the_password_itself_is_taken_at_its_word(desk: Desk) -> None:
    letter = await desk.invite("anna@example.org", url="https://app.example/join")
    assert "Choose your password" in _says(await desk.write(letter, sign_on={"default"}))


async def test_the_sender_without_a_name_is_called_as_the_project(desk: Desk) -> None:
    async def entitle(tx: Transaction) -> None:
        await tx.run(update(projects).where(projects.c.name == "default"), title="Acme Works")

    nameless = await desk.invite("anna@example.org")
    assert (await desk.write(nameless))["From"].addresses[0].display_name == "id.acme.example"
    await desk.database.write(entitle)
    letter = await desk.invite("anna@example.org")
    assert (await desk.write(letter))["From"].addresses[0].display_name == "Acme Works"
    named = await desk.write(letter, sender="Post of Acme <no-reply@acme.example>")
    assert named["From"].addresses[0].display_name == "Post of Acme"


async def test_an_inviter_without_a_name_is_known_by_address(desk: Desk) -> None:
    async def forget(tx: Transaction) -> None:
        held = await hold(tx, "default", [str(desk.caller.user)])
        (row,) = held.values()
        await edits.write(tx, desk.caller, [edits.Edit(row, {"first_name": None, "last_name": None})], now())

    await desk.database.write(forget)
    message = await desk.write(await desk.invite("anna@example.org"))
    assert message["Subject"].startswith("root@example.com invites you")


@pytest.mark.parametrize("fate", ["invited again", "withdrawn", "accepted", "deleted", "too late"])
async def test_a_letter_that_nobody_needs_any_more_is_not_written(desk: Desk, fate: str) -> None:
    letter = await desk.invite("anna@example.org", lifetime=-1.0 if fate == "too late" else WEEK)
    (anna,) = [
        row["id"] for row in await desk.database.read(people.all_rows, users, email="anna@example.org")
    ]
    if fate == "invited again":
        assert (await desk.invite("anna@example.org")).reference != letter.reference
    elif fate == "withdrawn":
        await desk.database.write(endings.void_invitations, "default", [anna], now(), "withdrawn")
    elif fate == "accepted":
        await desk.database.write(
            acceptance.accept, "default", letter.reference, "anna@example.org", "hash", desk.caller.origin
        )
    elif fate == "deleted":
        await desk.database.write(_delete, anna)
    with pytest.raises(Obsolete):
        await desk.write(letter)


async def _delete(tx: Transaction, user: str) -> None:
    await tx.run(users.delete().where(users.c.id == user))


async def test_a_kind_from_a_newer_replica_is_left_to_it(desk: Desk) -> None:
    moment = now()
    strange = Owed(new_key(), "default", "greeting", "1", "anna@example.org", moment, moment)
    await desk.database.write(OUTBOX.post, strange)
    (letter,) = await desk.database.write(OUTBOX.claim, "me", 1, 60, moment)
    with pytest.raises(LookupError):
        await desk.write(letter)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://a.example", "https://a.example?token=T"),
        ("https://a.example/x?", "https://a.example/x?token=T"),
        ("https://a.example/x?a=1&b=%20&c", "https://a.example/x?a=1&b=%20&c&token=T"),
        ("https://a.example/x?token=old&a=1#/top?b", "https://a.example/x?a=1&token=T#/top?b"),
    ],
)
def test_a_token_joins_the_query_and_leaves_the_rest(url: str, found: str) -> None:
    assert with_token(url, "T") == found
