"""Letters: fair between projects, held back where they are too many; letterheads; an inviter's own words."""

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, text

from service.database.types import Document, Moment, Words

revision = "0009"
down_revision = "0008"
_WAITING = text("next_at IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("letters") as letters:
        letters.alter_column("message_id", existing_type=Words(), nullable=True)
    op.drop_index("letters_next_at_index", "letters")
    _index("letters_project_next_at_index", ["project", "next_at"])
    op.create_index("letters_created_at_index", "letters", ["created_at"])
    op.create_table(
        "letter_windows",
        Column("project", Words, nullable=False),
        Column("mark", Words, nullable=False),
        Column("count", Integer, nullable=False),
        Column("ends_at", Moment, nullable=False),
        PrimaryKeyConstraint("project", "mark", name="letter_windows_key"),
    )
    op.create_index("letter_windows_ends_at_index", "letter_windows", ["ends_at"])
    op.create_table(
        "letterheads",
        Column("project", Words, nullable=False),
        Column("colour", Words),
        Column("logo", Words),
        Column("logo_type", Words),
        Column("support", Words),
        Column("language", Words),
        Column("wording", Document),
        ForeignKeyConstraint(["project"], ["projects.name"], name="letterheads_project_reference"),
        PrimaryKeyConstraint("project", name="letterheads_key"),
    )
    op.add_column("invitations", Column("message", Words))


def downgrade() -> None:
    with op.batch_alter_table("invitations") as invitations:
        invitations.drop_column("message")
    op.drop_table("letterheads")
    op.drop_table("letter_windows")
    op.drop_index("letters_created_at_index", "letters")
    op.drop_index("letters_project_next_at_index", "letters")
    _index("letters_next_at_index", ["next_at"])
    op.execute(
        "UPDATE letters SET message_id = '<' || CAST(id AS TEXT) || '@localhost>' WHERE message_id IS NULL"
    )
    with op.batch_alter_table("letters") as letters:
        letters.alter_column("message_id", existing_type=Words(), nullable=False)


def _index(name: str, columns: list[str]) -> None:
    op.create_index(name, "letters", columns, sqlite_where=_WAITING, postgresql_where=_WAITING)
