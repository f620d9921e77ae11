"""What may stand on the command line about identity providers that provision over SCIM."""

from argparse import ArgumentParser, BooleanOptionalAction
from pathlib import Path

from service.commands.parsing import Commands, command, verb, verbs

TERMS = (
    *("name", "profile", "adopt", "managed", "dry_run", "default_role", "domains", "networks", "rate"),
    *("log_days", "jwks_uri", "events", "events_full", "events_url", "events_authorization"),
)


def add(commands: Commands) -> None:
    """Add the commands."""
    _connection(verbs(commands, "connection", "make, show, change and remove SCIM connections", _CONNECTIONS))
    _token(verbs(commands, "scim-token", "make a token for an identity provider to call /scim/v2 with"))
    _group(verbs(commands, "scim-group", "say which roles a provider's groups give"))
    _log(command(commands, "scim-log", "show what a provider asked, and what to do about failures", _LOG))
    _import(command(commands, "scim-import", "load people from a file into a connection, once", _IMPORT))


def _of_connection(parser: ArgumentParser) -> ArgumentParser:
    parser.add_argument(
        "--provider", metavar="NAME", required=True, help="what users.provider says, such as okta"
    )
    return _of_project(parser)


def _of_project(parser: ArgumentParser) -> ArgumentParser:
    parser.add_argument("--project", metavar="P", default="default", help="the project (default)")
    return parser


def _terms(parser: ArgumentParser) -> None:
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


def _more_terms(parser: ArgumentParser) -> None:
    parser.add_argument("--name", metavar="N", help="what people call it (the provider's name)")
    _terms(parser)
    parser.add_argument(
        "--managed",
        action=BooleanOptionalAction,
        help="its provider's users are made, changed and removed by it alone",
    )
    parser.add_argument(
        "--dry-run", action=BooleanOptionalAction, help="check and log everything, write nothing"
    )
    parser.add_argument(
        "--network",
        metavar="CIDR",
        dest="networks",
        nargs="+",
        action="extend",
        help="from which it may call; without any, from anywhere",
    )
    parser.add_argument(
        "--rate", metavar="N", type=int, help="requests per second for each of our processes; more are 429"
    )
    parser.add_argument(
        "--log-days", metavar="N", type=int, help="how long its log is kept (30); 0 keeps none"
    )
    parser.add_argument("--jwks-uri", metavar="URL", help="where it publishes the keys of its OAuth client")
    _events(parser)


def _events(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--events",
        action=BooleanOptionalAction,
        help="tell applications what its people and groups go through (RFC 9967)",
    )
    parser.add_argument(
        "--events-full",
        action=BooleanOptionalAction,
        help="tell them the values as well, not only which attributes changed",
    )
    parser.add_argument(
        "--events-url", metavar="URL", help="push it there; without, applications fetch it at /ssf/feeds"
    )
    parser.add_argument(
        "--events-authorization-file",
        metavar="FILE",
        type=Path,
        dest="events_authorization",
        help="a file with the Authorization header that pushes go with, as Bearer ...",
    )


def _connection(among: Commands) -> None:
    for word, does in (("create", "make a connection"), ("change", "change what is given of a connection")):
        _more_terms(_of_connection(verb(among, "connection", word, does)))
    _of_project(verb(among, "connection", "list", "show the connections"))
    parser = _of_connection(verb(among, "connection", "delete", "remove one with its tokens and log"))
    parser.add_argument(
        "--users",
        choices=("keep", "suspend"),
        default="keep",
        help="what becomes of its users: they stay and are nobody's (keep), or lose every way in as well",
    )


def _token(among: Commands) -> None:
    parser = _of_connection(verb(among, "scim-token", "create", "make a token, shown once", _TOKENS))
    _terms(parser)
    parser.add_argument("--name", metavar="N", help="a mark to know it by")
    parser.add_argument("--days", metavar="N", type=int, help="how long it is good (without end)")
    parser.add_argument(
        "--client-secret",
        action="store_true",
        help="a secret for the OAuth client credentials of /oauth/token instead, with its client_id",
    )
    parser.add_argument(
        "--receiver", action="store_true", help="a token for an application to fetch its events with instead"
    )
    _of_connection(verb(among, "scim-token", "list", "show a connection's tokens, never what they say"))
    revoking = _of_connection(verb(among, "scim-token", "revoke", "end a token at once"))
    revoking.add_argument("id", metavar="ID", help="as `idbridge scim-token list` shows it")


def _group(among: Commands) -> None:
    parser = verb(among, "scim-group", "map", "put a list of groups and their roles in place", _GROUP)
    _of_connection(parser)
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
    _of_connection(parser)
    parser.add_argument("--failed", action="store_true", help="only what went wrong")
    parser.add_argument("--follow", action="store_true", help="go on showing what comes, until Ctrl-C")
    parser.add_argument("--limit", metavar="N", type=int, default=20, help="how many of the newest (20)")
    parser.add_argument("--json", action="store_true", help="a JSON object a line, with request and answer")


def _import(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="ListResponse, JSON lines or CSV")
    _of_connection(parser)
    parser.add_argument("--dry-run", action="store_true", help="check every line, write nothing")
    parser.add_argument(
        "--again", action="store_true", help="begin at the first line, whatever was done before"
    )


_CONNECTIONS = """\
examples:
  idbridge connection create --provider okta --profile okta --domain example.com
  idbridge connection change --provider okta --dry-run            try a sync without consequences
  idbridge connection change --provider okta --no-dry-run --network 192.0.2.0/24 --rate 25
  idbridge connection delete --provider okta --users suspend"""

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
