"""Servers as processes of their own, `idbridge serve` among them: started, found, and ended with the block."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
IDBRIDGE = (sys.executable, "-m", "service")
PATIENCE = 60.0  # seconds for a server to listen
# What the machine's own environment may say that would change how idbridge runs.
_OURS = ("ADMIN_", "AUTH_", "EMAIL_", "USER_INVITE_", "ACCESS_TOKEN_", "REFRESH_TOKEN_", "OUTBOUND_IP_")
_OWN = ("PUBLIC_URL", "SECRET", "DATABASE_URL", "DATA_DIR", "HOST", "PORT", "LOG_LEVEL", "IP_TRUST_PROXY")
_COMPILED = "PYTHONDONTWRITEBYTECODE"  # each start would compile the whole source, as no installed one does


@dataclass(frozen=True)
class Running:
    """A server that listens at `url`; what it says on stderr is in the file `log`."""

    url: str
    pid: int
    log: Path

    def lines(self) -> list[dict[str, object]]:
        """Its log so far: every line is a JSON object."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines() if line.strip()]


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without what speaks to idbridge, and with `environment`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_OURS) and name.removesuffix("_FILE") not in (*_OWN, _COMPILED)
    }
    return {**kept, **environment}


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], directory: Path, name: str = "server"
) -> Iterator[Running]:
    """Start a server that logs in JSON lines, wait until it says where it listens, and end it with the block."""
    log = directory / f"{name}.log"
    log.unlink(missing_ok=True)  # an address of an earlier start must not be found in it
    with log.open("ab") as complaints, (directory / f"{name}.out").open("ab") as said:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=clean(environment),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=complaints,
        )
    try:
        yield Running(_address(process, log), process.pid, log)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    assert process.returncode == 0, f"{name} ended with {process.returncode}: {log.read_text()[-2000:]}"


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """The address that the log tells; only a whole line counts."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for line in log.read_text("utf-8").splitlines(keepends=True):
            if '"listening"' in line and line.endswith("\n"):
                return str(json.loads(line)["url"])
        assert process.poll() is None, f"{log.stem} did not start: {log.read_text()[-2000:]}"
        time.sleep(0.02)
    raise AssertionError(f"{log.stem} does not listen after {PATIENCE} s: {log.read_text()[-2000:]}")


def run_idbridge(environment: Mapping[str, str], *arguments: str) -> str:
    """One command of idbridge to its end; what it wrote on stdout."""
    done = subprocess.run(
        (*IDBRIDGE, *arguments),
        cwd=ROOT,
        env=clean(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, f"idbridge {' '.join(arguments)} gave {done.returncode}: {done.stderr}"
    return done.stdout.strip()
