"""A user as Entra ID creates one, and its connection."""

from typing import Any

from tests.judges.scim_client import CORE, ENTERPRISE, Client
from tests.served import Served

CREATED: dict[str, Any] = {
    "schemas": [CORE, ENTERPRISE],
    "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
    "userName": "Test_User_ab6490ee@testuser.com",
    "active": True,
    "emails": [{"primary": True, "type": "work", "value": "Test_User_fd0ea19b@testuser.com"}],
    "meta": {"resourceType": "User"},
    "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"},
    "roles": [],
}


async def entra_of(house: Served) -> Client:
    """The client of a new connection under the profile `entra`."""
    return await Client.of(house, "entra", profile="entra")
