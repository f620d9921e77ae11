"""What a start does without: what only some requests, or some set-ups, need is imported by those."""

import subprocess
import sys

import pytest

from tests.running import ROOT, clean

_ASK = "import sys; from service.__main__ import load; load('serve'); print(*sorted(sys.modules))"


@pytest.fixture(scope="module")
def imported() -> set[str]:
    done = subprocess.run(
        (sys.executable, "-c", _ASK), cwd=ROOT, env=clean({}), capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "room",
    [
        *("aiosmtplib", "authlib", "babel", "css_inline", "graphql", "jinja2", "lxml", "PIL", "segno"),
        *("alembic", "signxml", "sqlalchemy.orm", "websockets", "zxcvbn", "advanced_alchemy"),
    ],
)
def test_a_start_does_without(room: str, imported: set[str]) -> None:
    assert room not in imported
