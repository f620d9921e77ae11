"""What may stand on the command line about a connection: its name, its terms, its beginning and its end."""

from argparse import ArgumentParser, BooleanOptionalAction
from pathlib import Path

from service.commands.parsing import Commands, verb, verbs

TERMS = (
    *("name", "profile", "adopt", "managed", "dry_run", "default_role", "domains", "networks", "rate"),
    *("log_days", "jwks_uri", "events", "events_full", "events_url", "events_authorization"),
)


def of_connection(parser: ArgumentParser) -> ArgumentParser:
    """Have a command name the connection that it is about."""
    parser.add_argument(
        "--provider", metavar="NAME", required=True, help="what users.provider says, such as okta"
    )
    return of_project(parser)


def of_project(parser: ArgumentParser) -> ArgumentParser:
    """Have a command name the project that it is about."""
    parser.add_argument("--project", metavar="P", default="default", help="the project (default)")
    return parser


def terms(parser: ArgumentParser) -> None:
    """The terms that a token's making may bring along, too."""
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
    terms(parser)
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


def add(commands: Commands) -> None:
    """Add the command."""
    does = "make, show, change and remove SCIM connections"
    among = verbs(commands, "connection", does, _CONNECTIONS)
    for word, does in (("create", "make a connection"), ("change", "change what is given of a connection")):
        _more_terms(of_connection(verb(among, "connection", word, does)))
    of_project(verb(among, "connection", "list", "show the connections"))
    parser = of_connection(verb(among, "connection", "delete", "remove one with its tokens and log"))
    parser.add_argument(
        "--users",
        choices=("keep", "suspend"),
        default="keep",
        help="what becomes of its users: they stay and are nobody's (keep), or lose every way in as well",
    )


_CONNECTIONS = """\
examples:
  idbridge connection create --provider okta --profile okta --domain example.com
  idbridge connection change --provider okta --dry-run            try a sync without consequences
  idbridge connection change --provider okta --no-dry-run --network 192.0.2.0/24 --rate 25
  idbridge connection delete --provider okta --users suspend"""
