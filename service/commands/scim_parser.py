"""What may stand on the command line about identity providers that provision over SCIM."""

from argparse import ArgumentParser
from pathlib import Path

from service.commands import connection_parser
from service.commands.connection_parser import of_connection, terms
from service.commands.parsing import Commands, command, verb, verbs, whole


def add(commands: Commands) -> None:
    """Add the commands."""
    connection_parser.add(commands)
    _token(verbs(commands, "scim-token", "make a token for an identity provider to call /scim/v2 with"))
    _group(verbs(commands, "scim-group", "say which roles a provider's groups give"))
    _log(command(commands, "scim-log", "show what a provider asked, and what to do about failures", _LOG))
    _import(command(commands, "scim-import", "load people from a file into a connection, once", _IMPORT))


def _token(among: Commands) -> None:
    parser = of_connection(verb(among, "scim-token", "create", "make a token, shown once", _TOKENS))
    terms(parser)
    parser.add_argument("--name", metavar="N", help="a mark to know it by")
    parser.add_argument(
        "--days", metavar="N", type=whole(1, 36_500), help="how long it is good (without end)"
    )
    parser.add_argument(
        "--client-secret",
        action="store_true",
        help="a secret for the OAuth client credentials of /oauth/token instead, with its client_id",
    )
    parser.add_argument(
        "--receiver", action="store_true", help="a token for an application to fetch its events with instead"
    )
    of_connection(verb(among, "scim-token", "list", "show a connection's tokens, never what they say"))
    revoking = of_connection(verb(among, "scim-token", "revoke", "end a token at once"))
    revoking.add_argument("id", metavar="ID", help="as `idbridge scim-token list` shows it")


def _group(among: Commands) -> None:
    parser = verb(among, "scim-group", "map", "put a list of groups and their roles in place", _GROUP)
    of_connection(parser)
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


def _log(parser: ArgumentParser) -> None:
    of_connection(parser)
    parser.add_argument("--failed", action="store_true", help="only what went wrong")
    parser.add_argument("--follow", action="store_true", help="go on showing what comes, until Ctrl-C")
    parser.add_argument(
        "--limit", metavar="N", type=whole(1, 1000), default=20, help="how many of the newest (20)"
    )
    parser.add_argument("--json", action="store_true", help="a JSON object a line, with request and answer")


def _import(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="ListResponse, JSON lines or CSV")
    of_connection(parser)
    parser.add_argument("--dry-run", action="store_true", help="check every line, write nothing")
    parser.add_argument(
        "--again", action="store_true", help="begin at the first line, whatever was done before"
    )


_TOKENS = """\
The token is printed alone on stdout, and never again. Two tokens are good at once: make the new one,
put it in place, and the one before the last is gone when a third is made. Options that are left out
stay as they are when the provider has a connection already.

examples:
  idbridge scim-token create --provider okta --profile okta --days 90
  idbridge scim-token create --provider entra --profile entra --adopt --domain example.com > token"""

_LOG = """\
examples:
  idbridge scim-log --provider okta --failed
  idbridge scim-log --provider entra --follow"""

_IMPORT = """\
A file is a SCIM ListResponse, one SCIM user a line, or CSV whose first line names the columns: userName,
externalId, givenName, familyName, displayName, email, active, title, department ... and any other SCIM
path. Whoever is there already is told by the line, and left as they are. A load that was cut off goes on
where it was when the same command is given again. Exit status: 0 all are in, 1 some lines were refused.

examples:
  idbridge scim-import people.csv --provider okta --dry-run
  idbridge scim-import people.csv --provider okta"""

_GROUP = """\
The whole list is put in place of the one before. The first group on it that a person is in, directly or by
a group inside it, decides the role; who is in none has the default role of the connection, or no role.

examples:
  idbridge scim-group map --provider okta
  idbridge scim-group map --provider okta "Editors=5f0c..." "Staff=91aa..."   in this order"""
