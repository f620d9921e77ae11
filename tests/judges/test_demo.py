"""The demo is also a test: the four arrivals hold on both databases, no secret is shown, nothing is left."""

import os
import re
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from tests.peers import sdk as peers
from tests.running import ROOT

PATIENCE = 240  # seconds
# A JWT's signature, an opaque token, and the password that Jean chooses: none of them may be printed whole.
SECRETS = (r"eyJ[\w-]+\.[\w-]+\.[\w-]+", r"idb_scim_[\w-]{20}", "a quiet walk", r"Bearer [\w.-]{20}")


@pytest.fixture(params=["sqlite", "postgresql"])
def told(request: pytest.FixtureRequest, open_path: Path) -> str:
    """What the demo prints; it has to end well, and alone."""
    if why := peers.missing():
        pytest.skip(why)
    if request.param == "postgresql":
        request.getfixturevalue("postgresql")  # skips where there is none
    mark = uuid4().hex
    played = subprocess.run(
        (sys.executable, "-m", "tests.demo", "--database", request.param),
        cwd=ROOT,
        env={**os.environ, "IDBRIDGE_DEMO_MARK": mark, "TMPDIR": str(open_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert played.returncode == 0, played.stdout[-6000:] + played.stderr[-3000:]
    assert not _running(mark), "the demo ended, and what it had started did not"
    return played.stdout


def test_the_four_arrivals_hold_and_are_told_without_secrets(told: str) -> None:
    for told_of in ("1. SCIM", "2. OpenID Connect", "3. Invitation", "4. REST", "5. The users table"):
        assert f"\n{told_of}" in told
    for line in ("POST /scim/v2/Users", "GET /auth/login/acme/callback", "SMTP MAIL FROM", "POST /users"):
        assert f"   > {line}" in told
    assert re.search(r"^   \S+  mara@example.com +active +okta +00u-mara$", told, re.MULTILINE)
    assert re.search(r"^   \S+  grace@example.com +active +acme +grace-7$", told, re.MULTILINE)
    assert "\x1b" not in told, "colours are for terminals"
    for secret in SECRETS:
        assert not re.search(secret, told), f"{secret} is printed"


def _running(mark: str) -> list[str]:
    """The command lines of processes that carry this mark in their environment."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdecimal() and mark in (process / "environ").read_text(errors="replace"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:  # it has ended, or is somebody else's
            continue
    return found
