"""The people of the measurements: the same ones in every run, for REST and for SCIM."""

import json
import time
from uuid import NAMESPACE_URL, uuid5

FIRST = ["Ada", "Grace", "Katherine", "Mary", "Radia", "Barbara", "Frances", "Jean", "Lynn", "Sophie"]
LAST = [
    "Hopper",
    "Noether",
    "Lovelace",
    "Perlman",
    "Liskov",
    "Allen",
    "Bartik",
    "Conway",
    "Wilson",
    "Franklin",
]
# Twenty of the documented fields: what a console's table of users asks for.
COLUMNS = (
    *("id", "first_name", "last_name", "email", "location", "title", "description", "tags", "avatar"),
    *("language", "status", "role", "last_access", "last_page", "provider", "external_identifier"),
    *("auth_data", "email_notifications", "appearance", "theme_light"),
)


def key(number: int) -> str:
    """The key of a person; keys lie scattered over the index, as other people's do."""
    return str(uuid5(NAMESPACE_URL, f"person {number}"))


def person(number: int) -> dict[str, object]:
    """A user as POST /users takes it, every common field filled in."""
    first, last = FIRST[number % 10], LAST[number // 10 % 10]
    return {
        "id": key(number),
        "first_name": first,
        "last_name": last,
        "email": f"{first}.{last}.{number}@example.com".lower(),
        "location": "Marseille",
        "title": "Engineer",
        "description": f"The {number}th person of the measurements",
        "tags": ["measured", f"team-{number % 100}"],
        "language": "en-US",
        "status": "active",
        "external_identifier": f"employee-{number}",
        "auth_data": {"department": f"Department {number % 40}"},
    }


def resource(number: int) -> bytes:
    """A user as an identity provider sends it to POST /scim/v2/Users."""
    first, last = FIRST[number % 10], LAST[number // 10 % 10]
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    made = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", enterprise],
        "userName": user_name(number),
        "externalId": f"00u{number:09}",
        "name": {"givenName": first, "familyName": last, "formatted": f"{first} {last}"},
        "displayName": f"{first} {last}",
        "emails": [{"value": user_name(number), "type": "work", "primary": True}],
        "active": True,
        enterprise: {"employeeNumber": str(number), "department": f"Department {number % 40}"},
    }
    return json.dumps(made).encode()


def user_name(number: int) -> str:
    """What a provider looks a person up by."""
    return f"synced.{number}@example.com"


def fresh() -> int:
    """A number that nobody has yet, nor any of those behind it: by the clock, in microseconds."""
    return time.time_ns() // 1000
