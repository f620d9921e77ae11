"""How a command's line is taken apart: what the parsers of all commands share."""

from argparse import (
    Action,
    ArgumentParser,
    ArgumentTypeError,
    RawDescriptionHelpFormatter,
    _SubParsersAction,
)
from collections.abc import Callable
from typing import TypeAlias

Commands: TypeAlias = "_SubParsersAction[ArgumentParser]"  # argparse gives it no public name


class _Help(RawDescriptionHelpFormatter):
    """Help as it was written, in two columns; commands stand in theirs as options do."""

    def _format_action(self, action: Action) -> str:
        among = action._get_subactions() if isinstance(action, _SubParsersAction) else None
        if among is None:
            return super()._format_action(action)
        return "".join(map(super()._format_action, among))  # argparse would indent them below their metavar


def style(prog: str) -> RawDescriptionHelpFormatter:
    """Help in one style for all commands."""
    return _Help(prog, max_help_position=30, width=100)


def command(commands: Commands, name: str, does: str, example: str = "") -> ArgumentParser:
    """The parser of a command; what it parsed has `module`, the command's module beside this one."""
    parser = commands.add_parser(
        name,
        help=does,
        description=f"{does[0].upper()}{does[1:]}.",
        epilog=example,
        formatter_class=style,
        allow_abbrev=False,
    )
    parser.set_defaults(module=name.replace("-", "_"))
    return parser


def verbs(commands: Commands, name: str, does: str, example: str = "") -> Commands:
    """A command that has verbs."""
    return command(commands, name, does, example).add_subparsers(title="verbs", metavar="VERB", required=True)


def verb(among: Commands, name: str, word: str, does: str, example: str = "") -> ArgumentParser:
    """One verb of the command `name`; what it parsed has `verb`."""
    parser = command(among, word, does, example)
    parser.set_defaults(module=name.replace("-", "_"), verb=word)
    return parser


def whole(least: int, most: int) -> Callable[[str], int]:
    """Read a whole number within bounds."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 19 and least <= int(text) <= most):
            raise ArgumentTypeError(f"must be a whole number from {least} to {most}")
        return int(text)

    return read
