"""What may stand on the command line, and the help that says so."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from mail.tongues import LANGUAGES
from service.commands import scim_parser
from service.commands.parsing import Commands, command, style, verb, verbs

INTRODUCTION = """\
Stands between identity providers and the users of an application: SCIM, sign-on
and invitations bring people in, the users API shows them."""

EXAMPLES = """\
examples:
  idbridge serve                                   http://127.0.0.1:8055, SQLite under ./data
  idbridge serve --host 0.0.0.0 --port 80          for other machines
  idbridge auth check okta                         whether a sign-on provider is set up rightly
  idbridge check                                   every mistake in the configuration at once
  idbridge admin create --email ada@example.com    asks for a password, or prints one
  idbridge scim-token create --provider okta       prints a token, once
  idbridge scim-log --provider okta --failed       what went wrong, and what to do about it

Settings come from environment variables such as PUBLIC_URL, SECRET and DATABASE_URL; the README
lists them. Exit status: 0 done, 1 refused, 2 wrong usage, 69 the database is away, 78 wrong settings."""


def read(arguments: Sequence[str]) -> Namespace:
    """Take a command's line apart; an empty one is answered with all that there is. Raises SystemExit."""
    parser = build()
    if not arguments:
        parser.exit(2, parser.format_help())
    return parser.parse_args(arguments)


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
    _serve(command(commands, "serve", "run the service, with the worker for letters and events inside"))
    command(commands, "worker", "carry the letters and push the events, beside `serve --no-worker`")
    _migrate(command(commands, "migrate", "bring the database to the newest schema"))
    _backup(command(commands, "backup", "copy SQLite's file while it is in use", _COPIES))
    _restore(command(commands, "restore", "put such a copy in its place", _COPIES))
    command(commands, "reseal", "seal anew, under the first SECRET, what older ones sealed", _RESEAL)
    command(commands, "check", "name every mistake in the configuration, change nothing")
    _admin(verbs(commands, "admin", "make an administrator"))
    _project(verbs(commands, "project", "make a project with users of its own, give it a look of its own"))
    _auth(verbs(commands, "auth", "look after a sign-on provider"))
    _mail(verbs(commands, "mail", "look at the letters, and see whether they arrive"))
    scim_parser.add(commands)
    return parser


def _serve(parser: ArgumentParser) -> None:
    parser.add_argument("--host", metavar="H", help="the address to listen on (HOST, 127.0.0.1)")
    parser.add_argument("--port", metavar="P", help="the port to listen on, 0 for a free one (PORT, 8055)")
    parser.add_argument("--no-worker", action="store_true", help="leave them to `idbridge worker`")


def _migrate(parser: ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="only say whether it is needed: exit status 1")


def _backup(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="the copy; must not be there yet")


def _restore(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="what `idbridge backup` wrote")
    parser.add_argument("--replace", action="store_true", help="although there is a database already")


def _admin(among: Commands) -> None:
    parser = verb(among, "admin", "create", "make an administrator", _ADMIN)
    parser.add_argument("--email", metavar="E", required=True, help="the address to sign in with")
    parser.add_argument("--project", metavar="P", default="default", help="the project (default)")
    parser.add_argument(
        "--password-file",
        metavar="FILE",
        type=Path,
        help="the file that holds the password; without it a terminal is asked, and if there is none, "
        "a password is made and printed, alone, on stdout",
    )


def _project(among: Commands) -> None:
    create = verb(among, "project", "create", "make a project", _PROJECT)
    create.add_argument(
        "name", metavar="NAME", help="a-z, 0-9, dot, underscore, dash; it is part of addresses"
    )
    does = "give a project's letters and pages a look of their own"
    change = verb(among, "letterhead", "change", does, _LOOK)
    change.add_argument("name", metavar="NAME", help="the project")
    change.add_argument("--title", metavar="T", help="what people call it")
    change.add_argument("--colour", metavar="C", help="of buttons, such as #3a47c4; made legible if need be")
    change.add_argument("--logo", metavar="FILE", type=Path, help="a PNG or JPEG of at most 64 KiB")
    change.add_argument("--support", metavar="A", help="the address that people may write to")
    change.add_argument("--language", metavar="L", help=f"for whom we know none: {', '.join(LANGUAGES)}")
    change.add_argument("--wording", metavar="FILE", type=Path, help="JSON: kind -> subject and text")


def _mail(among: Commands) -> None:
    does = "write a letter of each kind into files, without sending any"
    preview = verb(among, "mail_preview", "preview", does)
    preview.add_argument("kinds", metavar="KIND", nargs="*", help="such as invitation; all when left out")
    preview.add_argument("--project", metavar="P", default="default", help="whose letterhead (default)")
    preview.add_argument(
        "--language", metavar="L", choices=LANGUAGES, default="en", help=f"{', '.join(LANGUAGES)} (en)"
    )
    preview.add_argument(
        "--out", metavar="DIR", type=Path, default=Path("preview"), help="where to (preview)"
    )
    test = verb(among, "mail_test", "test", "send a letter now and say what the mail server answers")
    test.add_argument("--to", metavar="A", required=True, help="the address to send it to")
    test.add_argument("--project", metavar="P", default="default", help="whose letterhead (default)")


def _auth(among: Commands) -> None:
    parser = verb(among, "auth", "check", "ask a provider whether it and we fit together", _AUTH)
    parser.add_argument("name", metavar="NAME", help="one of AUTH_PROVIDERS")


_ADMIN = """\
example:
  idbridge admin create --email ada@example.com --password-file /run/secrets/ada"""

_RESEAL = """\
A SECRET is changed without anybody noticing in three steps: SECRET=new,old everywhere (with several
replicas SECRET=old,new first, so that each of them can open what another one seals); then this command;
then, after USER_INVITE_TOKEN_TTL, when no letter's link was signed under the old one, SECRET=new."""

_COPIES = """\
A copy is the database as it was at one moment, and is looked through before it counts. What is sealed in it
opens under the SECRET that it was sealed with: keep that too, and elsewhere. Restore while no `serve` runs.

example:
  idbridge backup /backups/monday.sqlite3
  idbridge restore /backups/monday.sqlite3 --replace"""

_AUTH = """\
It fetches what the provider publishes, and tries a code that cannot be one: that shows whether the client
and its secret are known there. Exit status 1 when something is wrong.

example:
  idbridge auth check okta"""

_PROJECT = """\
example:
  idbridge project create thumper        answers under /thumper/ in the 8 generation"""

_LOOK = """\
What is left out stays as it is; an empty text takes it away. In the wording {project}, {name},
{email} and {inviter} stand for themselves.

example:
  idbridge project change thumper --title "Thumper Ltd" --colour "#0a7d5a" --logo logo.png"""
