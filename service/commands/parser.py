"""What may stand on the command line, and the help that says so."""

from argparse import ArgumentParser, BooleanOptionalAction, RawDescriptionHelpFormatter, _SubParsersAction
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

from mail.tongues import LANGUAGES

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

Settings come from environment variables such as PUBLIC_URL, SECRET and DATABASE_URL; the README
lists them. Exit status: 0 done, 1 refused, 2 wrong usage, 69 the database is away, 78 wrong settings."""


Commands: TypeAlias = "_SubParsersAction[ArgumentParser]"  # argparse gives it no public name


def build() -> ArgumentParser:
    """Give the parser; what it parsed has `module`, the name of the command's module beside this one."""
    parser = ArgumentParser(
        "idbridge",
        description=INTRODUCTION,
        epilog=EXAMPLES,
        formatter_class=_style,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"idbridge {version('idbridge')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _serve(_command(commands, "serve", "run the service, with the mail worker inside"))
    _command(commands, "worker", "run the mail worker alone, beside `serve --no-worker`")
    _migrate(_command(commands, "migrate", "bring the database to the newest schema"))
    _command(commands, "check", "name every mistake in the configuration, change nothing")
    _admin(_verb(commands, "admin", "make an administrator"))
    _project(_command(commands, "project", "make a project with users of its own, give it a look of its own"))
    _auth(_verb(commands, "auth", "look after a sign-on provider", "check", "ask it whether both sides fit"))
    _mail(_command(commands, "mail", "look at the letters, and see whether they arrive"))
    _scim_token(_verb(commands, "scim-token", "make a token for an identity provider to call /scim/v2 with"))
    _scim_group(_verb(commands, "scim-group", "say which roles a provider's groups give", "map"))
    return parser


def _style(prog: str) -> RawDescriptionHelpFormatter:
    return RawDescriptionHelpFormatter(prog, max_help_position=30, width=100)


def _command(commands: Commands, name: str, does: str, example: str = "") -> ArgumentParser:
    parser = commands.add_parser(
        name,
        help=does,
        description=f"{does[0].upper()}{does[1:]}.",
        epilog=example,
        formatter_class=_style,
        allow_abbrev=False,
    )
    parser.set_defaults(module=name.replace("-", "_"))
    return parser


def _verb(
    commands: Commands, name: str, does: str, verb: str = "create", verb_does: str = ""
) -> ArgumentParser:
    """Give the parser of `name verb`; other verbs find room beside it."""
    verbs = _command(commands, name, does).add_subparsers(title="verbs", metavar="VERB", required=True)
    parser = _command(verbs, verb, verb_does or does, _VERB_EXAMPLES[name])
    parser.set_defaults(module=name.replace("-", "_"))
    return parser


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
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    create = _command(verbs, "create", "make a project", _VERB_EXAMPLES["project"])
    create.set_defaults(module="project")
    create.add_argument(
        "name", metavar="NAME", help="a-z, 0-9, dot, underscore, dash; it is part of addresses"
    )
    change = _command(
        verbs, "change", "give a project's letters and pages a look of their own", _LOOK_EXAMPLE
    )
    change.set_defaults(module="letterhead")
    change.add_argument("name", metavar="NAME", help="the project")
    change.add_argument("--title", metavar="T", help="what people call it")
    change.add_argument("--colour", metavar="C", help="of buttons, such as #3a47c4; made legible if need be")
    change.add_argument("--logo", metavar="FILE", type=Path, help="a PNG or JPEG of at most 64 KiB")
    change.add_argument("--support", metavar="A", help="the address that people may write to")
    change.add_argument("--language", metavar="L", help=f"for whom we know none: {', '.join(LANGUAGES)}")
    change.add_argument("--wording", metavar="FILE", type=Path, help="JSON: kind -> subject and text")


def _mail(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    preview = _command(verbs, "preview", "write a letter of each kind into files, without sending any")
    preview.add_argument("kinds", metavar="KIND", nargs="*", help="such as invitation; all when left out")
    preview.add_argument("--project", metavar="P", default="default", help="whose letterhead (default)")
    preview.add_argument("--language", metavar="L", default="en", help=f"{', '.join(LANGUAGES)} (en)")
    preview.add_argument(
        "--out", metavar="DIR", type=Path, default=Path("preview"), help="where to (preview)"
    )
    test = _command(verbs, "test", "send a letter now and say what the mail server answers")
    test.add_argument("--to", metavar="A", required=True, help="the address to send it to")
    test.add_argument("--project", metavar="P", default="default", help="whose letterhead (default)")
    for verb, name in ((preview, "mail_preview"), (test, "mail_test")):
        verb.set_defaults(module=name)


def _auth(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="one of AUTH_PROVIDERS")


def _scim_token(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--provider", metavar="NAME", required=True, help="what users.provider will say, such as okta"
    )
    parser.add_argument("--project", metavar="P", default="default", help="the project (default)")
    parser.add_argument(
        "--profile",
        choices=("default", "entra", "okta", "strict"),
        help="how much of a provider's own ways is tolerated (default)",
    )
    parser.add_argument(
        "--adopt",
        action=BooleanOptionalAction,
        help="let it find and take over users that nobody owns, never administrators",
    )
    parser.add_argument("--default-role", metavar="ID", help="the role of the users that it makes")
    parser.add_argument(
        "--domain",
        metavar="D",
        dest="domains",
        nargs="+",
        action="extend",
        help="e-mail domains whose addresses count as verified when this provider says so",
    )


def _scim_group(parser: ArgumentParser) -> None:
    parser.add_argument("--provider", metavar="NAME", required=True, help="whose groups, such as okta")
    parser.add_argument("--project", metavar="P", default="default", help="the project (default)")
    parser.add_argument(
        "--administrators",
        action="store_true",
        help="let entries whose role is one of administrators make administrators",
    )
    parser.add_argument("--clear", action="store_true", help="no group gives a role any longer")
    parser.add_argument(
        "entries",
        metavar="GROUP=ROLE",
        nargs="*",
        help="a group's displayName and the id of a role; without any, the list is only shown",
    )


_LOOK_EXAMPLE = """\
What is left out stays as it is; an empty text takes it away. In the wording {project}, {name},
{email} and {inviter} stand for themselves.

example:
  idbridge project change thumper --title "Thumper Ltd" --colour "#0a7d5a" --logo logo.png"""

_VERB_EXAMPLES = {
    "admin": """\
example:
  idbridge admin create --email ada@example.com --password-file /run/secrets/ada""",
    "auth": """\
It fetches what the provider publishes, and tries a code that cannot be one: that shows whether the client
and its secret are known there. Exit status 1 when something is wrong.

example:
  idbridge auth check okta""",
    "project": """\
example:
  idbridge project create thumper        answers under /thumper/ in the 8 generation""",
    "scim-group": """\
The whole list is put in place of the one before. The first group on it that a person is in, directly or by
a group inside it, decides the role; who is in none has the default role of the connection, or no role.

examples:
  idbridge scim-group map --provider okta
  idbridge scim-group map --provider okta "Editors=5f0c..." "Staff=91aa..."   in this order""",
    "scim-token": """\
The token is printed alone on stdout, and never again. Two tokens are good at once: make the new one,
put it in place, and the one before the last is gone when a third is made. Options that are left out
stay as they are when the provider has a connection already.

examples:
  idbridge scim-token create --provider okta --profile okta
  idbridge scim-token create --provider entra --profile entra --adopt --domain example.com > token""",
}
