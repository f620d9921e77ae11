"""The command `idbridge`: reads the command line, runs one command, says in a sentence what went wrong."""

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from service.commands import Failure, parser, tell

WRONG_USAGE = 2
INTERRUPTED = 130
NOBODY_READS = 141  # as a shell says it of SIGPIPE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name (the process's own by default); give its exit status."""
    try:
        options = parser.read(sys.argv[1:] if arguments is None else arguments)
    except SystemExit as end:  # --help and --version leave this way, too
        return WRONG_USAGE if end.code else 0
    try:
        load(options.module).run(options)
    except Failure as failure:
        for line in failure.lines:
            tell(line)
        return failure.status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # as `| head` ends: else what stdout still holds would be tried again at the exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS
    return 0


def load(module: str) -> ModuleType:
    """Import a command; what is imported stays, so that looks for garbage would only take time."""
    gc.disable()
    try:
        return import_module(f"service.commands.{module}")
    finally:
        gc.enable()


if __name__ == "__main__":
    sys.exit(main())
