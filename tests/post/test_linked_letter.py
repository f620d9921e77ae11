"""Who is linked to a provider's identity is told by a letter, at the address that both sides have verified."""

from dataclasses import replace

from mail.contract import Letter
from service.database import Database, new_key, now
from service.database.tables import users
from service.users.claims import Policy
from tests.core import people
from tests.core.people import a_user, set_row
from tests.core.test_users_arrivals import arrive
from tests.post.letters import OUTBOX
from tests.post.test_invitation_letter import Desk


async def _owed(database: Database) -> list[Letter]:
    return await database.write(OUTBOX.claim, new_key(), 9, 60, now())


async def test_a_new_way_to_sign_in_is_told_once_in_the_person_s_language(database: Database) -> None:
    person = await a_user(
        database, email="ada@example.com", password_hash="h", first_name="Ada", language="de-DE"
    )
    await database.write(set_row, users, person, email_verified_at=now())
    opened = await arrive(database, Policy(links=True))
    assert opened.user == person
    (letter,) = await _owed(database)
    assert (letter.kind, letter.recipient, letter.reference) == ("sign_in_linked", "ada@example.com", person)
    desk = Desk(database, await people.an_administrator(database), await people.a_role(database))
    message = await desk.write(letter)
    text = message.get_body(("plain",))
    assert text is not None
    assert message["Content-Language"] == "de"
    assert "okta" in text.get_content() and "Ada" in text.get_content()
    assert "token=" not in message.as_string()
    named = (await desk.write(letter, labels={"okta": "The Hub"})).get_body(("plain",))
    assert named is not None
    assert "The Hub" in named.get_content() and "okta" not in named.get_content()
    looms = (await desk.write(replace(letter, project="looms"))).get_body(("plain",))
    assert looms is not None
    assert "/admin/login" in text.get_content() and "/looms/admin/login" not in text.get_content()
    assert "/looms/admin/login" in looms.get_content()  # who belongs to another project signs in there
    await arrive(database, Policy(links=True))
    assert await _owed(database) == []


async def test_whoever_is_new_or_refused_gets_no_such_letter(database: Database) -> None:
    await arrive(database, Policy(registers=True))
    assert await _owed(database) == []
