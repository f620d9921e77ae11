"""Commands of idbridge run to their end, each in a process of its own.

The first of a kind is started as a person starts it, and so imports what it needs by itself. That takes longer
than its work: the next are forked from a process that has imported everything already.
"""

import asyncio
import os
import pkgutil
import sys
import tempfile
import warnings
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0  # seconds

_started: set[str] = set()


class Ended(NamedTuple):
    status: int
    out: str
    err: str


async def run(folder: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> Ended:
    """One command to its end, in this folder and with nothing else in its environment."""
    if arguments[0] in _started:
        return await _forked(folder, arguments, environment)
    _started.add(arguments[0])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "service", *arguments),
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def _forked(folder: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> Ended:
    with tempfile.TemporaryDirectory(prefix="idbridge-") as said:
        process = forking().Process(
            target=_command, args=(list(arguments), dict(environment), str(folder), said)
        )
        await asyncio.to_thread(process.start)
        await asyncio.to_thread(process.join, PATIENCE)
        if process.exitcode is None:
            process.kill()
            raise AssertionError(f"idbridge {' '.join(arguments)} goes on and on")
        out, err = [(Path(said) / name).read_text("utf-8") for name in ("out", "err")]
        return Ended(process.exitcode, out, err)


@cache
def forking() -> ForkServerContext:
    """What forks processes that have everything imported; there is one such process behind it for all who ask."""
    from service import commands

    context = get_context("forkserver")
    names = [module.name for module in pkgutil.iter_modules(commands.__path__, f"{commands.__name__}.")]
    context.set_forkserver_preload(["service.__main__", *names, "tests.faults.mail_processes"])
    return context


def _command(arguments: list[str], environment: dict[str, str], folder: str, said: str) -> None:
    from service.__main__ import main

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(Path(said) / name, os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(file, number)
        os.close(file)
    warnings.simplefilter("error")
    sys.exit(main(arguments))
