"""What may stand on the command line, and the help that says so."""

from argparse import ArgumentParser
from importlib.metadata import version
from pathlib import Path

from service.commands import scim_parser
from service.commands.parsing import Commands, command, style, verb, verbs

INTRODUCTION = """\
Stands between identity providers and the users of an application: SCIM, sign-on
and invitations bring people in, the users API shows them."""

EXAMPLES = """\
examples:
  idbridge serve                                   http://127.0.0.1:8055, SQLite under ./data
  idbridge serve --host 0.0.0.0 --port 80          for other machines
  idbridge check                                   every mistake in the configuration at once
  idbridge admin create --email ada@example.com    asks for a password, or prints one
  idbridge scim-token create --provider okta       prints a token, once
  idbridge scim-log --provider okta --failed       what went wrong, and what to do about it

Settings come from environment variables such as PUBLIC_URL, SECRET and DATABASE_URL; the README
lists them. Exit status: 0 done, 1 refused, 2 wrong usage, 69 the database is away, 78 wrong settings."""


def build() -> ArgumentParser:
    """Give the parser; what it parsed has `module`, the name of the command's module beside this one."""
    parser = ArgumentParser(
        "idbridge",
        description=INTRODUCTION,
        epilog=EXAMPLES,
        formatter_class=style,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"idbridge {version('idbridge')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _serve(command(commands, "serve", "run the service, with the mail worker inside"))
    command(commands, "worker", "run the mail worker alone, beside `serve --no-worker`")
    _migrate(command(commands, "migrate", "bring the database to the newest schema"))
    command(commands, "check", "name every mistake in the configuration, change nothing")
    _admin(_make(commands, "admin", "make an administrator"))
    _project(_make(commands, "project", "make a project, with users of its own"))
    scim_parser.add(commands)
    return parser


def _make(commands: Commands, name: str, does: str) -> ArgumentParser:
    """Give the parser of `name create`."""
    return verb(verbs(commands, name, does), name, "create", does, _VERB_EXAMPLES[name])


def _serve(parser: ArgumentParser) -> None:
    parser.add_argument("--host", metavar="H", help="the address to listen on (HOST, 127.0.0.1)")
    parser.add_argument("--port", metavar="P", help="the port to listen on, 0 for a free one (PORT, 8055)")
    parser.add_argument("--no-worker", action="store_true", help="leave the letters to `idbridge worker`")


def _migrate(parser: ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="only say whether it is needed: exit status 1")


def _admin(parser: ArgumentParser) -> None:
    parser.add_argument("--email", metavar="E", required=True, help="the address to sign in with")
    parser.add_argument("--project", metavar="P", default="default", help="the project (default)")
    parser.add_argument(
        "--password-file",
        metavar="FILE",
        type=Path,
        help="the file that holds the password; without it a terminal is asked, and if there is none, "
        "a password is made and printed, alone, on stdout",
    )


def _project(parser: ArgumentParser) -> None:
    parser.add_argument(
        "name", metavar="NAME", help="a-z, 0-9, dot, underscore, dash; it is part of addresses"
    )


_VERB_EXAMPLES = {
    "admin": """\
example:
  idbridge admin create --email ada@example.com --password-file /run/secrets/ada""",
    "project": """\
example:
  idbridge project create thumper        answers under /thumper/ in the 8 generation""",
}
