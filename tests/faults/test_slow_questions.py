"""A question that would take for ever ends, says so, and keeps nobody from theirs."""

import asyncio
from pathlib import Path

import pytest

from service.database.postgres import lane
from service.database.sqlite import database as sqlite
from tests.served import served

PEOPLE = 60


def _endless(levels: int = 5) -> dict[str, object]:
    """Everybody of the role of everybody of the role of ...: as many as PEOPLE to the power of that."""
    found: dict[str, object] = {"email": {"_icontains": "nobody"}}
    for _ in range(levels):
        found = {"role": {"users": found}}
    return found


async def test_an_endless_question_ends(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_SCAN_SECONDS", 2.0)
    monkeypatch.setitem(lane._SETTINGS, "statement_timeout", "2s")
    async with served(database_url, tmp_path / "data") as house:
        role = (await house.ask("POST", "/roles", {"name": "Crowd"})).json()["data"]["id"]
        crowd = [{"email": f"n{place}@example.com", "role": role} for place in range(PEOPLE)]
        assert (await house.ask("POST", "/users", crowd)).status_code == 200
        asked = {"query": {"filter": _endless(), "fields": ["id"]}}
        slow = asyncio.ensure_future(house.ask("SEARCH", "/users", asked))
        await asyncio.sleep(0.1)
        assert (await house.ask("GET", "/users/me?fields=id")).status_code == 200
        assert not slow.done()
        answer = await slow
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        error = answer.json()["errors"][0]
        assert error["extensions"]["code"] == "SERVICE_UNAVAILABLE"
        assert error["message"] == "Service unavailable. This takes too long; ask for less of it at once."
        assert (await house.ask("GET", "/users?search=n1@example.com&fields=email")).status_code == 200
