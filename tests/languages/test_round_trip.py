"""One user in four languages: whatever one of them writes, all others read, in every attribute they share."""

from typing import Any

import pytest

from tests.languages.eights import editors
from tests.languages.tongues import GraphQL, Rest, Scim, Tongue, Values, heard, known, said
from tests.served import Served

EMAIL = "ada@example.com"
PASSWORD = "a river of quiet stones"
FIRST: Values = {
    "email": EMAIL, "first_name": "Ada", "last_name": "Lovelace", "title": "Countess", "location": "London",
    "description": "Notes", "tags": ["poet", "engine"], "language": "en-GB", "status": "active",
    "external_identifier": "Ext-1", "email_notifications": False, "appearance": "dark",
    "theme_dark": "night", "theme_light": "day", "theme_dark_overrides": {"a": [1]},
    "theme_light_overrides": {"b": None}, "timezone": "Europe/London", "locale_options": {"date": "short"},
    "company": "Analytical", "last_page": "/engine",
}  # fmt: skip
SECOND: Values = {
    "first_name": "Augusta", "last_name": "King-Noël", "title": "Lady", "location": "Ockham",
    "description": None, "tags": [], "language": "fr-FR", "status": "suspended",
    "external_identifier": "ext-2", "email_notifications": True, "appearance": "light",
    "theme_dark": None, "theme_light": "dawn", "theme_dark_overrides": None,
    "theme_light_overrides": {"c": {"d": "e"}}, "timezone": "Europe/Paris", "locale_options": {"date": 2},
    "company": None, "last_page": "/bridge",
}  # fmt: skip
NAMES = ("rest8", "rest10", "graphql", "scim")


@pytest.fixture
async def tongues(house: Served) -> dict[str, Tongue]:
    """The four of them, by name."""
    token = await house.scim_token("okta", adopt=True)
    spoken: list[Tongue] = [
        Rest(house, "rest8", "/default", "eq"),
        Rest(house, "rest10", "", "_eq"),
        GraphQL(house),
        Scim(house, token),
    ]
    return {tongue.language: tongue for tongue in spoken}


async def _all_say(tongues: dict[str, Tongue], expected: Values) -> None:
    """Every language tells these attributes, as far as it has words for them."""
    for name, tongue in tongues.items():
        shared = {one: expected[one] for one in known(tongue.language, expected)}
        told = heard(tongue.language, await tongue.read(EMAIL), shared)
        wanted = heard(tongue.language, _flat(tongue, shared), shared)
        assert told == wanted, name


def _flat(tongue: Tongue, values: Values) -> Values:
    """What the language has to say; SCIM leaves out what has no value (RFC 7643, 2.5)."""
    spoken = said(tongue.language, values)
    return {w: v for w, v in spoken.items() if v is not None} if tongue.language == "scim" else spoken


@pytest.mark.parametrize("writer", NAMES)
async def test_what_one_language_writes_all_others_read(
    house: Served, tongues: dict[str, Tongue], writer: str
) -> None:
    role = await editors(house)
    key = (await house.ask("GET", "/roles?filter[name][_eq]=Editor")).json()["data"][0]["id"]
    more: dict[str, Any] = {"password": PASSWORD, "role": key}
    await tongues[writer].make({**FIRST, **more})
    written: Values = {name: FIRST[name] for name in known(tongues[writer].language, FIRST)}
    await _all_say(tongues, written)
    for path in ("/auth/login", "/default/auth/authenticate"):
        if writer != "scim":  # whose people sign on with their provider
            body = {"email": EMAIL, "password": PASSWORD}
            assert (await house.ask("POST", path, body, token=None)).status_code == 200, path
    if writer != "scim":
        numbers = (await tongues["rest8"].read(EMAIL))["role"], (await tongues["rest10"].read(EMAIL))["role"]
        assert numbers == (role, key)
        assert (await tongues["graphql"].read(EMAIL))["role"] == key

    for tongue in tongues.values():
        for values in (SECOND, FIRST):
            changes = {one: values[one] for one in known(tongue.language, values) if one != "email"}
            await tongue.change(EMAIL, changes)
            written |= changes
            await _all_say(tongues, written)
