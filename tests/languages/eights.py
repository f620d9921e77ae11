"""What the tests of the 8 generation share: the documented words, people, other projects, letters' tokens."""

from typing import Any

import msgspec
from sqlalchemy import select

from service.database import Transaction, new_key
from service.database.tables import invitations
from service.tokens import new_secret
from service.users import acceptance, administrators, projects
from service.users.model import house as ourselves
from tests.served import Served

WORDS = (
    "id", "status", "role", "first_name", "last_name", "email", "token", "last_access_on", "last_page",
    "external_id", "theme", "2fa_secret", "password_reset_token", "timezone", "locale", "locale_options",
    "avatar", "company", "title", "email_notifications",
)  # fmt: skip
USERS = "/default/users"


def ben(**values: object) -> dict[str, object]:
    """The documented body that makes a user."""
    return {
        "first_name": "Ben", "last_name": "Haynes", "email": "demo@example.com", "password": "d1r3ctu5",
        "role": 3, "status": "active", **values,
    }  # fmt: skip


async def editors(house: Served, project: str = "default") -> int:
    """The number of a role without powers; the first that is made has 3, as in the documented examples."""
    answer = await house.ask("POST", f"/{project}/roles", {"name": "Editor"})
    assert answer.status_code == 200, answer.text
    number: int = answer.json()["data"]["id"]
    return number


async def another(house: Served, project: str) -> str:
    """The token of the administrator of another project, which is made with them."""
    token, user = new_secret(""), new_key()
    await house.house.database.write(projects.create, project)
    given = {"email": "admin@example.com", "token": token, "id": user, "first_name": "Other"}
    values = await house.house.secrets.take(ourselves(project), given)
    await house.house.database.write(administrators.ensure, project, values)
    return token


class _Issued(msgspec.Struct):
    project: str
    id: str
    email: str
    issued_at: str
    expires_at: str


async def invitation(house: Served, email: str, project: str = "default") -> str:
    """The token in the newest letter that invites somebody."""

    async def newest(tx: Transaction) -> Any:
        kept = invitations.c
        return await tx.row(
            select(kept.project, kept.id, kept.email, kept.issued_at, kept.expires_at)
            .where(kept.project == project, kept.email == email)
            .order_by(kept.id.desc())
            .limit(1)
        )

    return acceptance.mint(house.house.tokens, _Issued(*await house.house.database.read(newest)))
