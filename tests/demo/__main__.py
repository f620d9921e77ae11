"""`python -m tests.demo` (`make demo`): four people arrive in four ways, and one table of users shows them."""

import asyncio
import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.demo.arrivals import by_invitation, by_rest, by_scim, by_sign_on, client, expect
from tests.demo.stage import PROVIDER, Stage, stage
from tests.demo.telling import document, heading, note, say, shorten, table
from tests.peers import sdk as peers

PATIENCE = 180  # seconds for all of it
FIELDS = ("id", "email", "status", "provider", "external_identifier", "auth_data")
ARRIVALS = (
    ("SCIM: an identity provider syncs Mara", by_scim),
    ("OpenID Connect: Grace signs on with a browser", by_sign_on),
    ("Invitation: Jean gets a letter and accepts", by_invitation),
    ("REST: an application creates Ada with the SDK", by_rest),
)
# email -> provider and external_identifier, and what auth_data has to hold
EXPECTED: dict[str, tuple[str, str | None, set[str]]] = {
    "ada@example.com": ("default", None, {"plan"}),
    "admin@example.com": ("default", None, set()),
    "grace@example.com": (PROVIDER, "grace-7", {"email_verified"}),
    "jean@example.com": ("default", None, set()),
    "mara@example.com": ("okta", "00u-mara", {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"}),
}


async def play(directory: Path, database: str) -> None:
    """Everything, from the first start to the last look at the table."""
    say("idbridge: four people arrive in four ways", colour="1")
    async with asyncio.timeout(PATIENCE), stage(directory, database) as running:
        note(f"idbridge       {running.idbridge.url}, a process of its own, on {database}")
        note(f"OpenID         {running.identities.issuer}, oidc-provider from npm")
        note(f"mail           127.0.0.1:{running.mail.port}, aiosmtpd")
        for number, (title, arrive) in enumerate(ARRIVALS, 1):
            heading(number, title)
            await arrive(running)
        await look(running)


async def look(running: Stage) -> None:
    """What the users table says in the end."""
    heading(len(ARRIVALS) + 1, "The users table, read over REST")
    async with client(running, running.admin_token) as admin:
        query = {"fields": ",".join(FIELDS), "sort": "email"}
        users = (await admin.get("/users", params=query)).json()["data"]
    say()
    table(users, FIELDS[:-1])
    say("\n   auth_data", colour="1")
    for user in users:
        document(f"{user['email']:<18}", user["auth_data"])
    say()
    expect([user["email"] for user in users] == sorted(EXPECTED), "everybody is there, once")
    for user in users:
        provider, identifier, keys = EXPECTED[user["email"]]
        is_so = (user["provider"], user["external_identifier"]) == (provider, identifier)
        is_so = is_so and user["status"] == "active" and keys <= set(user["auth_data"] or {})
        expect(is_so, f"{user['email']} is active and came from {provider}")


def main() -> int:
    """Play it; give the exit status."""
    parser = ArgumentParser("python -m tests.demo", description="Plays four arrivals with real clients.")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options = parser.parse_args()
    if why := peers.missing():
        sys.exit(why)
    with TemporaryDirectory(prefix="idbridge-demo-") as directory:
        try:
            asyncio.run(play(Path(directory), options.database))
        except (AssertionError, TimeoutError) as problem:
            say(f"   ! {shorten(str(problem)) or 'it took too long'}", colour="31")
            log = Path(directory, "idbridge.log")
            say(f"\nThe end of idbridge's log:\n{log.read_text()[-3000:] if log.exists() else '(none)'}")
            return 1
    say("\nAll of it held, and nothing is left running.", colour="32")
    return 0


if __name__ == "__main__":
    sys.exit(main())
