"""Schemathesis asks whatever our own OpenAPI document allows, and more: no answer breaks, each is as promised."""

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.served import PASSWORD, Served, served

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
PROGRAM = Path(sys.executable).with_name("schemathesis")
EMAILS = {"administrator": "admin@example.com", "person": "eve@example.com"}

SECONDS = 15  # of asking, in which a busy machine still begins


async def _token(house: Served, who: str) -> str | None:
    """An access token, which a change of the static token does not end. Nobody has none."""
    if who not in EMAILS:
        return None
    # The only administrator cannot be removed, suspended or demoted, whatever is asked.
    await house.ask("PATCH", f"/users/{house.admin}", {"password": PASSWORD})
    await house.person(EMAILS["person"])
    body = {"email": EMAILS[who], "password": PASSWORD}
    answer = await house.ask("POST", "/auth/login", body, token=None)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["access_token"])


async def _judged(
    house: Served, token: str | None, directory: Path, seconds: int
) -> tuple[str, Counter[int]]:
    """What was said at the end, and how often each status was answered."""
    report = directory / "asked.har"
    command = [
        str(PROGRAM), "run", f"{house.url}/server/specs/oas", "--url", house.url, "--checks", ",".join(CHECKS),
        "--phases", "coverage,fuzzing", "--max-time", str(seconds), "--max-examples", "10", "--seed", "7",
        "--continue-on-failure", "--no-shrink", "--no-color", "--warnings", "off", "--suppress-health-check", "all",
        "--generation-database", "none", "--generation-with-security-parameters", "false", "--max-redirects", "0",
        "--request-timeout", "20", "--report-har-path", str(report),
        # Whoever signs out asks as nobody from then on.
        *(["--header", f"Authorization: Bearer {token}", "--exclude-path", "/auth/logout"] if token else []),
    ]  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *command, cwd=directory, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(10 * seconds + 60):
        said, _ = await process.communicate()
    text = said.decode()
    assert process.returncode == 0, text[-8000:]
    asked: list[Any] = json.loads(report.read_text("utf-8"))["log"]["entries"]
    return text, Counter(one["response"]["status"] for one in asked)


async def _judge(database_url: str, directory: Path, who: str, seconds: int) -> None:
    async with served(database_url, directory / "data") as house:
        token = await _token(house, who)
        text, statuses = await _judged(house, token, directory, seconds)
        assert "No issues found" in text, text[-8000:]
        assert sum(statuses.values()) > 20, statuses  # as many as a busy machine asks in its time
        assert max(statuses) < 500, statuses
        if token is not None:  # else most of it was asked as nobody
            assert (await house.ask("GET", "/users/me", token=token)).status_code == 200


@pytest.mark.parametrize("who", ["administrator", "person", "nobody"])
async def test_the_document_is_kept_on_sqlite(sqlite_url: str, tmp_path: Path, who: str) -> None:
    await _judge(sqlite_url, tmp_path, who, SECONDS)


async def test_the_document_is_kept_on_postgresql(postgresql_url: str, tmp_path: Path) -> None:
    await _judge(postgresql_url, tmp_path, "administrator", SECONDS)
