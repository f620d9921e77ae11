"""Sessions that know the provider's own, so that it can end them; tokens about events that were taken."""

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint

from service.database.types import Moment, Words

revision = "0012"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("identities", Column("subject", Words))
    op.add_column("identities", Column("disabled_at", Moment))
    op.create_index(
        "identities_project_provider_subject_index", "identities", ["project", "provider", "subject"]
    )
    for name, kind in (("identifier", Words), ("sid", Words), ("used_at", Moment)):
        op.add_column("sessions", Column(name, kind))
    op.create_index("sessions_project_provider_sid_index", "sessions", ["project", "provider", "sid"])
    for name, kind in (("identifier", Words), ("sid", Words), ("ends_at", Moment)):
        op.add_column("awaited_codes", Column(name, kind))
    op.create_index(
        "awaited_codes_project_provider_sid_index", "awaited_codes", ["project", "provider", "sid"]
    )
    op.create_table(
        "event_tokens",
        Column("project", Words, nullable=False),
        Column("provider", Words, nullable=False),
        Column("fingerprint", Words, nullable=False),
        Column("expires_at", Moment, nullable=False),
        ForeignKeyConstraint(["project"], ["projects.name"], name="event_tokens_project_reference"),
        PrimaryKeyConstraint("project", "provider", "fingerprint", name="event_tokens_key"),
    )
    op.create_index("event_tokens_expires_at_index", "event_tokens", ["expires_at"])


def downgrade() -> None:
    op.drop_table("event_tokens")
    op.drop_index("awaited_codes_project_provider_sid_index", "awaited_codes")
    for name in ("ends_at", "sid", "identifier"):
        op.drop_column("awaited_codes", name)
    op.drop_index("sessions_project_provider_sid_index", "sessions")
    for name in ("used_at", "sid", "identifier"):
        op.drop_column("sessions", name)
    op.drop_index("identities_project_provider_subject_index", "identities")
    op.drop_column("identities", "disabled_at")
    op.drop_column("identities", "subject")
