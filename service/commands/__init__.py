"""The commands, a file each with a `run(options)`; here is what they share that costs nothing to import."""

import sys


class Failure(Exception):
    """Ends a command: `lines` go to stderr, `status` becomes the exit status."""

    def __init__(self, *lines: str, status: int = 1) -> None:
        super().__init__(*lines)
        self.lines = lines
        self.status = status


def why(problem: OSError | UnicodeDecodeError) -> str:
    """Give the few words that say what is wrong with a file."""
    return problem.strerror or "it is damaged" if isinstance(problem, OSError) else "it is not text in UTF-8"


def give(text: str) -> None:
    """Write what was asked for, alone on stdout, where a pipe takes it."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def tell(text: str) -> None:
    """Write a sentence for whoever sits at the terminal."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
