"""Whoever rules let make users may invite them, and see to the invitations that they sent themselves."""

import asyncio
from typing import Any

from tests.languages.test_permissions import allow
from tests.pages.invited import newest
from tests.served import Served


async def _listed(house: Served, token: str | None = None) -> list[dict[str, Any]]:
    answer = await house.ask("GET", "/users/invite", **({"token": token} if token else {}))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def _inviter(house: Served) -> tuple[str, str, int]:
    """A role whose people may invite others into it, one of them with a token, and the rule."""
    made = await house.ask("POST", "/roles", {"name": "Hosts"})
    role = str(made.json()["data"]["id"])
    rule = await allow(house, role, "create", fields=["email", "status", "role"])
    _, token = await house.person("host@example.com", role=role)
    return role, token, rule


async def test_an_inviter_sees_and_sends_again_and_withdraws_their_own(house: Served) -> None:
    role, token, _ = await _inviter(house)
    theirs = {"email": "theirs@example.com", "role": role}
    assert (await house.ask("POST", "/users/invite", theirs)).status_code == 204
    for name in ("one", "two"):
        body = {"email": f"{name}@example.com", "role": role}
        assert (await house.ask("POST", "/users/invite", body, token=token)).status_code == 204
    two, one = await _listed(house, token)
    assert (two["email"], one["email"]) == ("two@example.com", "one@example.com")
    assert len(await _listed(house)) == 3
    again = await house.ask("POST", f"/users/invite/{one['id']}/resend", token=token)
    assert again.status_code == 200
    assert (await newest(house, "one@example.com")).id == again.json()["data"]["id"]
    assert (await house.ask("DELETE", f"/users/invite/{two['id']}", token=token)).status_code == 204
    states = {found["email"]: found["status"] for found in reversed(await _listed(house, token))}
    assert states == {"one@example.com": "open", "two@example.com": "voided"}


async def test_an_inviter_reaches_nobody_else_s_invitation_and_no_letter(house: Served) -> None:
    role, token, rule = await _inviter(house)
    body = {"email": "theirs@example.com", "role": role}
    assert (await house.ask("POST", "/users/invite", body)).status_code == 204
    (theirs,) = await _listed(house)
    assert await _listed(house, token) == []
    assert (await house.ask("POST", f"/users/invite/{theirs['id']}/resend", token=token)).status_code == 403
    assert (await house.ask("DELETE", f"/users/invite/{theirs['id']}", token=token)).status_code == 403
    assert (await house.ask("GET", "/letters", token=token)).status_code == 403
    assert await _listed(house) == [theirs]
    await house.ask("DELETE", f"/permissions/{rule}")
    assert (await house.ask("GET", "/users/invite", token=token)).status_code == 403


async def test_the_public_invites_nobody_whatever_a_rule_says(house: Served) -> None:
    await allow(house, None, "create", fields=["email", "status", "role"])
    assert (await house.ask("GET", "/users/invite", token=None)).status_code == 403
    body = {"email": "one@example.com", "role": None}
    assert (await house.ask("POST", "/users/invite", body, token=None)).status_code == 403


async def test_of_many_who_invite_one_person_at_once_none_is_refused(house: Served) -> None:
    body = {"email": "one@example.com", "role": house.role}
    plain = {"email": "two@example.com"}
    for path, asked, status in (("/users/invite", body, 204), ("/default/users/invite", plain, 200)):
        answers = await asyncio.gather(*(house.ask("POST", path, asked) for _ in range(16)))
        assert [answer.status_code for answer in answers] == [status] * 16
    listed = await _listed(house)
    for email in ("one@example.com", "two@example.com"):
        assert [one["status"] for one in listed if one["email"] == email].count("open") == 1
