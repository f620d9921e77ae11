"""`/letters`, `/metrics` and `/users/invite`: what administrators see of the post, and what they do about it."""

from typing import Any

import pytest
from sqlalchemy import update

from service.database import Transaction, new_key
from service.database.tables import letters
from tests.languages.factors import code, protect
from tests.pages.invited import invite, look, send
from tests.served import PASSWORD, Served


async def _data(house: Served, method: str, path: str, body: object = None) -> Any:
    answer = await house.ask(method, path, body)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_letters_are_listed_newest_first_and_by_what_they_are(house: Served) -> None:
    for name in ("ada", "bob", "eve"):
        await invite(house, f"{name}@example.org")
    found = await _data(house, "GET", "/letters?limit=2")
    assert [one["recipient"] for one in found] == ["eve@example.org", "bob@example.org"]
    (last,) = await _data(house, "GET", f"/letters?before={found[-1]['id']}")
    assert (last["recipient"], last["status"], last["attempts"]) == ("ada@example.org", "queued", 0)
    assert "data" not in last
    assert await _data(house, "GET", "/letters?status=dead") == []
    assert len(await _data(house, "GET", "/letters?kind=invitation&recipient=ada@example.org")) == 1
    assert await _data(house, "GET", f"/letters/{last['id']}") == last


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=x", "limit[a]=1", "limit=0000000019999", "status=lost"],
)
async def test_what_cannot_be_asked_is_refused(house: Served, query: str) -> None:
    assert (await house.ask("GET", f"/letters?{query}")).status_code == 400


async def test_only_administrators_see_letters(house: Served) -> None:
    _, token = await house.person("grace@example.com")
    for path in ("/letters", f"/letters/{new_key()}", "/metrics", "/users/invite"):
        assert (await house.ask("GET", path, token=token)).status_code == 403
        assert (await house.ask("GET", path, token=None)).status_code == 403
    for path in (f"/letters/{new_key()}/resend", f"/letters/{new_key()}/cancel"):
        assert (await house.ask("POST", path, token=token)).status_code == 403


async def test_a_letter_is_cancelled_once(house: Served) -> None:
    await invite(house, "ada@example.org")
    (letter,) = await _data(house, "GET", "/letters")
    cancelled = await _data(house, "POST", f"/letters/{letter['id']}/cancel")
    assert (cancelled["status"], cancelled["next_at"]) == ("cancelled", None)
    assert (await house.ask("POST", f"/letters/{letter['id']}/cancel")).status_code == 422


async def test_an_invitation_sent_again_voids_the_older(house: Served) -> None:
    older = await invite(house, "ada@example.org")
    (letter,) = await _data(house, "GET", "/letters")
    made = await _data(house, "POST", f"/letters/{letter['id']}/resend")
    assert made["reference"] != older.id
    assert (await _data(house, "GET", f"/letters/{letter['id']}"))["status"] == "cancelled"
    states = [one["status"] for one in await _data(house, "GET", "/users/invite")]
    assert states == ["open", "voided"]
    assert (await send(house, older.token)).status_code == 410


async def test_another_letter_is_sent_again_as_a_copy(house: Served) -> None:
    await house.person("grace@example.com")
    await house.ask("POST", "/auth/password/request", {"email": "grace@example.com"}, token=None)

    async def die(tx: Transaction) -> None:
        await tx.run(update(letters), status="dead", next_at=None)

    await house.house.database.write(die)
    (letter,) = await _data(house, "GET", "/letters")
    copy = await _data(house, "POST", f"/letters/{letter['id']}/resend")
    assert copy["id"] != letter["id"]
    assert (copy["status"], copy["kind"], copy["reference"]) == (
        *("queued", "password_reset"),
        letter["reference"],
    )


async def test_an_invitation_is_listed_withdrawn_and_then_leads_nowhere(house: Served) -> None:
    body = {"email": "ada@example.org", "role": house.role, "message": "Welcome aboard"}
    assert (await house.ask("POST", "/users/invite", body)).status_code == 204
    (one,) = await _data(house, "GET", "/users/invite")
    assert (one["email"], one["status"], one["message"]) == ("ada@example.org", "open", "Welcome aboard")
    assert (await house.ask("DELETE", f"/users/invite/{one['id']}")).status_code == 204
    assert [found["status"] for found in await _data(house, "GET", "/users/invite")] == ["voided"]
    assert (await house.ask("DELETE", f"/users/invite/{one['id']}")).status_code == 403
    assert (await house.ask("POST", f"/users/invite/{one['id']}/resend")).status_code == 403


async def test_an_address_that_no_mail_server_takes_is_refused(house: Served) -> None:
    for email in (".ada@example.org", "a..b@example.org"):
        answer = await house.ask("POST", "/users/invite", {"email": email, "role": house.role})
        assert answer.status_code == 400, email


async def test_metrics_say_what_is_due(house: Served) -> None:
    assert "idbridge_mail_due 0\n" in (await house.ask("GET", "/metrics")).text
    await invite(house, "ada@example.org")
    said = await house.ask("GET", "/metrics")
    assert said.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "idbridge_mail_due 1\n" in said.text
    assert float(said.text.partition("\nidbridge_mail_oldest_seconds ")[2].split()[0]) >= 0


async def test_people_are_told_of_a_new_address_and_of_a_suspension(house: Served) -> None:
    user, _ = await house.person("grace@example.com")
    await house.ask("PATCH", f"/users/{user}", {"email": "hopper@example.com"})
    await house.ask("PATCH", f"/users/{user}", {"status": "suspended"})
    told = [(one["kind"], one["recipient"]) for one in await _data(house, "GET", "/letters")]
    assert told == [("suspended", "hopper@example.com"), ("email_changed", "grace@example.com")]


async def test_people_are_told_of_a_new_password_and_of_an_app_that_comes_and_goes(house: Served) -> None:
    user, token = await house.person("grace@example.com")
    elsewhere, _ = await house.person("eve@example.com", provider="okta", external_identifier="eve")
    for key in (user, elsewhere):  # whose provider takes the password has no use for one of ours
        changed = await house.ask("PATCH", f"/users/{key}", {"password": "a quiet walk along the river"})
        assert changed.status_code == 200, changed.text
    again = await house.ask("PATCH", f"/users/{user}", {"password": PASSWORD})
    assert again.status_code == 200, again.text
    secret = await protect(house, token)
    off = await house.ask("POST", "/users/me/tfa/disable", {"otp": code(secret)}, token=token)
    assert off.status_code == 204, off.text
    await protect(house, token)
    assert (await house.ask("POST", f"/users/{user}/tfa/disable")).status_code == 204
    told = [(one["kind"], one["recipient"]) for one in await _data(house, "GET", "/letters")]
    kinds = ["app_removed", "app_added", "app_removed", "app_added", "password_changed", "password_changed"]
    assert told == [(kind, "grace@example.com") for kind in kinds]


async def test_looking_a_hundred_times_consumes_nothing(house: Served) -> None:
    invited = await invite(house, "ada@example.org")
    for _ in range(100):
        assert (await look(house, invited.token)).status_code == 200
    assert (await send(house, invited.token)).status_code == 303
