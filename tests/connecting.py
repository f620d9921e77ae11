"""Connections for tests: made with their first token, as `idbridge scim-token create` makes them."""

from typing import Any

from service.database import Transaction
from service.users import connection_changes, connection_tokens
from service.users.model import Caller


async def connect(
    tx: Transaction, /, caller: Caller, provider: str, *, lifetime: float | None = None, **terms: Any
) -> str:
    """A token for the provider's connection, which is made where it is not there, and takes on the terms."""
    connection = await connection_changes.ensure(tx, caller, provider, terms)
    issued = await connection_tokens.issue(tx, caller, connection, lifetime=lifetime)
    return issued.token
