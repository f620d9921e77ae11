"""The first schema, and the project that is always there."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Integer,
    PrimaryKeyConstraint,
    UniqueConstraint,
    column,
    table,
    text,
)

from service.database.types import Document, Flag, Key, Moment, Words, now

revision = "0001"
down_revision = None

Number = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    _letters()
    _projects()
    _activity()
    _departures()
    _revisions()
    _roles()
    _connections()
    _connection_tokens()
    _users()
    _identities()
    _invitations()
    _sessions()
    projects = table(
        "projects", column("name"), column("title"), column("timezone"), column("created_at", Moment())
    )
    default = {"name": "default", "title": "", "timezone": "America/New_York", "created_at": now()}
    op.bulk_insert(projects, [default])


def downgrade() -> None:
    for name in (
        "sessions",
        "invitations",
        "identities",
        "users",
        "connection_tokens",
        "connections",
        "roles",
        "revisions",
        "departures",
        "activity",
        "projects",
        "letters",
    ):
        op.drop_table(name)


def _letters() -> None:
    op.create_table(
        "letters",
        Column("project", Words, nullable=False),
        Column("id", Key, nullable=False),
        Column("kind", Words, nullable=False),
        Column("reference", Words, nullable=False),
        Column("recipient", Words, nullable=False),
        Column("data", Document, nullable=False),
        Column("message_id", Words, nullable=False),
        Column("status", Words, nullable=False),
        Column("next_at", Moment),
        Column("lease_until", Moment),
        Column("lease_owner", Words),
        Column("attempts", Integer, nullable=False),
        Column("last_code", Words),
        Column("last_reason", Words),
        Column("accepted_reply", Words),
        Column("created_at", Moment, nullable=False),
        Column("expires_at", Moment, nullable=False),
        Column("sent_at", Moment),
        CheckConstraint(
            "(next_at IS NULL) = (status IN ('sent', 'dead', 'cancelled'))", name="letters_due_or_done"
        ),
        PrimaryKeyConstraint("project", "id", name="letters_key"),
        UniqueConstraint("project", "message_id", name="letters_project_message_id_unique"),
    )
    op.create_index(
        "letters_next_at_index",
        "letters",
        ["next_at"],
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    )
    op.create_index("letters_project_reference_kind_index", "letters", ["project", "reference", "kind"])


def _projects() -> None:
    op.create_table(
        "projects",
        Column("name", Words, nullable=False),
        Column("title", Words, nullable=False),
        Column("timezone", Words, nullable=False),
        Column("created_at", Moment, nullable=False),
        PrimaryKeyConstraint("name", name="projects_key"),
    )


def _activity() -> None:
    op.create_table(
        "activity",
        Column("project", Words, nullable=False),
        Column("id", Number, Identity(), nullable=False),
        Column("action", Words, nullable=False),
        Column("user", Key),
        Column("timestamp", Moment, nullable=False),
        Column("ip", Words),
        Column("user_agent", Words),
        Column("origin", Words),
        Column("collection", Words, nullable=False),
        Column("item", Words, nullable=False),
        Column("comment", Words),
        ForeignKeyConstraint(["project"], ["projects.name"], name="activity_project_reference"),
        PrimaryKeyConstraint("id", name="activity_key"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "activity_project_collection_item_id_index", "activity", ["project", "collection", "item", "id"]
    )
    op.create_index("activity_project_user_id_index", "activity", ["project", "user", "id"])


def _departures() -> None:
    op.create_table(
        "departures",
        Column("project", Words, nullable=False),
        Column("fingerprint", Words, nullable=False),
        Column("provider", Words, nullable=False),
        Column("memory", Words, nullable=False),
        Column("redirect", Words),
        Column("expires_at", Moment, nullable=False),
        ForeignKeyConstraint(["project"], ["projects.name"], name="departures_project_reference"),
        PrimaryKeyConstraint("project", "fingerprint", name="departures_key"),
    )
    op.create_index("departures_expires_at_index", "departures", ["expires_at"])


def _revisions() -> None:
    op.create_table(
        "revisions",
        Column("project", Words, nullable=False),
        Column("id", Number, Identity(), nullable=False),
        Column("activity", Number, nullable=False),
        Column("collection", Words, nullable=False),
        Column("item", Words, nullable=False),
        Column("data", Document, nullable=False),
        Column("delta", Document, nullable=False),
        Column("parent", Number),
        ForeignKeyConstraint(["project"], ["projects.name"], name="revisions_project_reference"),
        PrimaryKeyConstraint("id", name="revisions_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("revisions_project_activity_index", "revisions", ["project", "activity"])
    op.create_index(
        "revisions_project_collection_item_id_index", "revisions", ["project", "collection", "item", "id"]
    )


def _roles() -> None:
    op.create_table(
        "roles",
        Column("project", Words, nullable=False),
        Column("id", Key, nullable=False),
        Column("number", Number, nullable=False),
        Column("name", Words, nullable=False),
        Column("icon", Words, nullable=False),
        Column("description", Words),
        Column("ip_access", Document),
        Column("enforce_tfa", Flag, nullable=False),
        Column("admin_access", Flag, nullable=False),
        Column("app_access", Flag, nullable=False),
        ForeignKeyConstraint(["project"], ["projects.name"], name="roles_project_reference"),
        PrimaryKeyConstraint("project", "id", name="roles_key"),
        UniqueConstraint("project", "number", name="roles_project_number_unique"),
    )


def _connections() -> None:
    op.create_table(
        "connections",
        Column("project", Words, nullable=False),
        Column("id", Key, nullable=False),
        Column("provider", Words, nullable=False),
        Column("profile", Words, nullable=False),
        Column("adopt", Flag, nullable=False),
        Column("default_role", Key),
        Column("domains", Document),
        Column("created_at", Moment, nullable=False),
        ForeignKeyConstraint(
            ["project", "default_role"],
            ["roles.project", "roles.id"],
            name="connections_project_default_role_reference",
        ),
        ForeignKeyConstraint(["project"], ["projects.name"], name="connections_project_reference"),
        PrimaryKeyConstraint("project", "id", name="connections_key"),
        UniqueConstraint("project", "provider", name="connections_project_provider_unique"),
    )


def _connection_tokens() -> None:
    op.create_table(
        "connection_tokens",
        Column("project", Words, nullable=False),
        Column("connection", Key, nullable=False),
        Column("fingerprint", Words, nullable=False),
        Column("hint", Words, nullable=False),
        Column("created_at", Moment, nullable=False),
        Column("expires_at", Moment),
        Column("last_used_at", Moment),
        ForeignKeyConstraint(
            ["project", "connection"],
            ["connections.project", "connections.id"],
            name="connection_tokens_project_connection_reference",
            ondelete="CASCADE",
        ),
        PrimaryKeyConstraint("project", "fingerprint", name="connection_tokens_key"),
        UniqueConstraint("fingerprint", name="connection_tokens_fingerprint_unique"),
    )


def _users() -> None:
    op.create_table(
        "users",
        Column("project", Words, nullable=False),
        Column("number", Number, Identity(), nullable=False),
        Column("id", Key, nullable=False),
        Column("first_name", Words),
        Column("last_name", Words),
        Column("email", Words),
        Column("email_key", Words),
        Column("email_verified_at", Moment),
        Column("password_hash", Words),
        Column("location", Words),
        Column("title", Words),
        Column("description", Words),
        Column("tags", Document),
        Column("avatar", Key),
        Column("language", Words),
        Column("locale_options", Document),
        Column("timezone", Words),
        Column("company", Words),
        Column("tfa_secret", Words),
        Column("status", Words, nullable=False),
        Column("role", Key),
        Column("token_fingerprint", Words),
        Column("token_sealed", Words),
        Column("last_access", Moment),
        Column("last_page", Words),
        Column("provider", Words, nullable=False),
        Column("external_identifier", Words),
        Column("auth_data", Document),
        Column("email_notifications", Flag, nullable=False),
        Column("appearance", Words),
        Column("theme_dark", Words),
        Column("theme_light", Words),
        Column("theme_light_overrides", Document),
        Column("theme_dark_overrides", Document),
        Column("connection", Key),
        Column("user_name", Words),
        Column("user_name_key", Words),
        Column("retired", Words, nullable=False),
        Column("search_text", Words, nullable=False),
        Column("version", Integer, nullable=False),
        Column("created_at", Moment, nullable=False),
        Column("changed_at", Moment, nullable=False),
        ForeignKeyConstraint(
            ["project", "connection"],
            ["connections.project", "connections.id"],
            name="users_project_connection_reference",
        ),
        ForeignKeyConstraint(
            ["project", "role"], ["roles.project", "roles.id"], name="users_project_role_reference"
        ),
        ForeignKeyConstraint(["project"], ["projects.name"], name="users_project_reference"),
        PrimaryKeyConstraint("number", name="users_key"),
        UniqueConstraint(
            "project",
            "connection",
            "user_name_key",
            "retired",
            name="users_project_connection_user_name_key_retired_unique",
        ),
        UniqueConstraint(
            "project",
            "connection",
            "external_identifier",
            "retired",
            name="users_project_connection_external_identifier_retired_unique",
        ),
        UniqueConstraint("project", "email_key", "retired", name="users_project_email_key_retired_unique"),
        UniqueConstraint("project", "id", name="users_project_id_unique"),
        UniqueConstraint("project", "token_fingerprint", name="users_project_token_fingerprint_unique"),
        sqlite_autoincrement=True,
    )
    op.create_index("users_project_connection_id_index", "users", ["project", "connection", "id"])
    op.create_index("users_project_external_identifier_index", "users", ["project", "external_identifier"])
    op.create_index("users_project_role_index", "users", ["project", "role"])


def _identities() -> None:
    op.create_table(
        "identities",
        Column("project", Words, nullable=False),
        Column("provider", Words, nullable=False),
        Column("external_identifier", Words, nullable=False),
        Column("user", Key, nullable=False),
        Column("auth_data", Document),
        Column("tokens", Words),
        Column("linked_at", Moment, nullable=False),
        Column("last_used_at", Moment),
        ForeignKeyConstraint(
            ["project", "user"],
            ["users.project", "users.id"],
            name="identities_project_user_reference",
            ondelete="CASCADE",
        ),
        PrimaryKeyConstraint("project", "provider", "external_identifier", name="identities_key"),
    )
    op.create_index("identities_project_user_index", "identities", ["project", "user"])


def _invitations() -> None:
    op.create_table(
        "invitations",
        Column("project", Words, nullable=False),
        Column("id", Key, nullable=False),
        Column("user", Key, nullable=False),
        Column("email", Words, nullable=False),
        Column("issued_at", Moment, nullable=False),
        Column("expires_at", Moment, nullable=False),
        Column("used_at", Moment),
        Column("voided_at", Moment),
        Column("invited_by", Key),
        Column("url", Words),
        ForeignKeyConstraint(
            ["project", "user"],
            ["users.project", "users.id"],
            name="invitations_project_user_reference",
            ondelete="CASCADE",
        ),
        PrimaryKeyConstraint("project", "id", name="invitations_key"),
    )
    op.create_index("invitations_project_user_index", "invitations", ["project", "user"])


def _sessions() -> None:
    op.create_table(
        "sessions",
        Column("project", Words, nullable=False),
        Column("id", Key, nullable=False),
        Column("user", Key, nullable=False),
        Column("refresh", Words, nullable=False),
        Column("previous", Words),
        Column("successor", Words),
        Column("rotated_at", Moment),
        Column("created_at", Moment, nullable=False),
        Column("expires_at", Moment, nullable=False),
        Column("provider", Words, nullable=False),
        Column("ip", Words),
        Column("user_agent", Words),
        ForeignKeyConstraint(
            ["project", "user"],
            ["users.project", "users.id"],
            name="sessions_project_user_reference",
            ondelete="CASCADE",
        ),
        PrimaryKeyConstraint("project", "id", name="sessions_key"),
    )
    op.create_index("sessions_expires_at_index", "sessions", ["expires_at"])
    op.create_index("sessions_project_user_index", "sessions", ["project", "user"])
