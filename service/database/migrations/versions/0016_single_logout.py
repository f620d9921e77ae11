"""Sessions that know whom the provider's own session is about, and how it can be ended from here."""

from alembic import op
from sqlalchemy import Column, text

from service.database.types import Words

revision = "0016"
down_revision = "0015"

_TABLES = ("sessions", "awaited_codes")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, Column("subject", Words))
        op.add_column(table, Column("hint", Words))
        # Who signed on before this is found by what the provider called them the last time.
        op.execute(
            text(
                f"UPDATE {table} SET subject = (SELECT i.subject FROM identities i"  # noqa: S608  # our own names
                f" WHERE i.project = {table}.project AND i.provider = {table}.provider"
                f" AND i.external_identifier = {table}.identifier)"
            )
        )
        op.create_index(f"{table}_project_provider_subject_index", table, ["project", "provider", "subject"])


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_index(f"{table}_project_provider_subject_index", table)
        op.drop_column(table, "hint")
        op.drop_column(table, "subject")
