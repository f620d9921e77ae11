"""Reads variables of the environment by kind, and collects a sentence for every one that is wrong."""

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
LONGEST_FILE = 65_536  # bytes of a secret's file
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
YES, NO = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})


class Environment:
    """The variables, how they read, and what is wrong with them.

    An empty variable counts as none. NAME_FILE names a file whose text is the value of NAME.
    No sentence repeats a value: a password may have slipped into any variable.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = {name: value for name, value in variables.items() if value.strip()}
        self.asked: set[str] = set()
        self.problems: list[str] = []
        self.remarks: list[str] = []  # what can be meant, and hardly is

    def text(self, name: str) -> str | None:
        """Give the value without blanks around it, from NAME or from the file that NAME_FILE names."""
        return self.read(name, str)

    def read(self, name: str, kind: Callable[[str], T]) -> T | None:
        """Give the value as `kind` reads it; what kind's ValueError says becomes the problem's sentence."""
        self.asked.add(name)
        try:
            text = self._find(name)
            return None if text is None else kind(text)
        except ValueError as problem:
            self.wrong(name, str(problem))
            return None

    def wrong(self, name: str, sentence: str) -> None:
        """Note what is wrong with a variable; `sentence` goes on after its name and says what to do."""
        self.problems.append(f"{name} {sentence}")

    def given(self, name: str) -> bool:
        """Whether there is such a variable, or a file for it."""
        return name in self._variables or f"{name}_FILE" in self._variables

    def named(self, name: str) -> bool:
        """Whether something is wrong with this variable already."""
        return any(problem.startswith(f"{name} ") for problem in self.problems)

    def under(self, prefix: str, others: Iterable[str] = ()) -> dict[str, str]:
        """Give all variables below a prefix, without it, but those below a longer prefix of `others`."""
        longer = tuple(other for other in others if other != prefix and other.startswith(prefix))
        names = {
            name.removesuffix("_FILE")
            for name in self._variables
            if name.startswith(prefix) and not any(map(name.startswith, longer))
        }
        found = ((name.removeprefix(prefix), self.text(name)) for name in sorted(names))
        return {key: value for key, value in found if value is not None}

    def unused(self, families: tuple[str, ...]) -> tuple[str, ...]:
        """Warn of each variable that nobody asked for, if it is of our families or nearly named like ours."""
        names = (name for name in sorted(self._variables) if name.removesuffix("_FILE") not in self.asked)
        near = ((name, self._meant(name)) for name in names)
        return tuple(
            f"{name} has no effect" + (f"; did you mean {meant}?" if meant else "")
            for name, meant in near
            if meant or name.startswith(families)
        )

    def _meant(self, name: str) -> str | None:
        """The variable of ours that is spelt almost like this one, or with the same letters shuffled."""
        shuffled = (ours for ours in sorted(self.asked) if sorted(ours) == sorted(name))
        near = get_close_matches(name, self.asked, n=1, cutoff=0.87)
        return next(chain(near, shuffled), None)

    def _find(self, name: str) -> str | None:
        value, file = self._variables.get(name), self._variables.get(f"{name}_FILE")
        if value is not None and file is not None:
            raise ValueError(f"is set, and {name}_FILE too: keep one of them")
        if file is not None:
            value = _content(Path(file), f"cannot be read from the file that {name}_FILE names:")
        return None if value is None else value.strip()


def _content(file: Path, sentence: str) -> str:
    try:
        with file.open("rb") as opened:
            raw = opened.read(LONGEST_FILE + 1)
    except OSError as problem:
        raise ValueError(f"{sentence} {problem.strerror}") from None
    if len(raw) > LONGEST_FILE or not raw.strip():
        raise ValueError(f"{sentence} it must hold 1 to {LONGEST_FILE} bytes")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise ValueError(f"{sentence} it is not text in UTF-8") from None


def flag(text: str) -> bool:
    """Read true or false, in the usual words."""
    if text.lower() not in YES | NO:
        raise ValueError("is neither true nor false")
    return text.lower() in YES


def number(least: int, most: int) -> Callable[[str], int]:
    """Read a whole number within bounds."""

    def read(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", text) or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return read


def choice(of: tuple[str, ...]) -> Callable[[str], str]:
    """Read one of a few words."""

    def read(text: str) -> str:
        if text.lower() not in of:
            raise ValueError(f"must be one of {', '.join(of)}")
        return text.lower()

    return read


def duration(most: int) -> Callable[[str], int]:
    """Read a span of time in seconds: `900`, `15m`, `12h`, `7d`, `2w`; from one second to `most`."""

    def read(text: str) -> int:
        parts = re.fullmatch(r"([0-9]{1,9}) ?([smhdw]?)", text.lower())
        seconds = int(parts[1]) * UNITS[parts[2] or "s"] if parts else 0
        if not 1 <= seconds <= most:
            raise ValueError(
                f"must be a span of time such as 900 (seconds), 15m or 7d, {most // 86_400}d at most"
            )
        return seconds

    return read


def words(text: str) -> tuple[str, ...]:
    """Read a list separated by commas; blanks around its members and empty members do not count."""
    return tuple(word for word in (part.strip() for part in text.split(",")) if word)
