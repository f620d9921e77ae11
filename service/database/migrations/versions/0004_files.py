"""Files: pictures of people, and their bytes."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Identity,
    Integer,
    PrimaryKeyConstraint,
    UniqueConstraint,
    column,
)

from service.database.types import Bytes, Document, Key, Moment, Words

revision = "0004"
down_revision = "0003"

_Number = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    there = column("avatar").is_not(None)
    op.create_index(
        "users_project_avatar_index",
        "users",
        ["project", "avatar"],
        postgresql_where=there,
        sqlite_where=there,
    )
    op.create_table(
        "files",
        Column("project", Words, nullable=False),
        Column("number", _Number, Identity(), nullable=False),
        Column("id", Key, nullable=False),
        Column("storage", Words, nullable=False),
        Column("filename_disk", Words, nullable=False),
        Column("filename_download", Words, nullable=False),
        Column("title", Words),
        Column("type", Words, nullable=False),
        Column("uploaded_by", Key),
        Column("uploaded_on", Moment, nullable=False),
        Column("modified_by", Key),
        Column("modified_on", Moment, nullable=False),
        Column("filesize", Integer, nullable=False),
        Column("width", Integer, nullable=False),
        Column("height", Integer, nullable=False),
        Column("description", Words),
        Column("location", Words),
        Column("tags", Document),
        Column("metadata", Document),
        Column("digest", Words, nullable=False),
        PrimaryKeyConstraint("number", name="files_key"),
        UniqueConstraint("project", "id", name="files_project_id_unique"),
        ForeignKeyConstraint(["project"], ["projects.name"], name="files_project_reference"),
        sqlite_autoincrement=True,
    )
    op.create_index("files_project_uploaded_by_index", "files", ["project", "uploaded_by"])
    op.create_table(
        "file_bytes",
        Column("project", Words, nullable=False),
        Column("file", Key, nullable=False),
        Column("bytes", Bytes, nullable=False),
        PrimaryKeyConstraint("project", "file", name="file_bytes_key"),
        ForeignKeyConstraint(
            ["project", "file"],
            ["files.project", "files.id"],
            name="file_bytes_project_file_reference",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    op.drop_table("file_bytes")
    op.drop_table("files")
    op.drop_index("users_project_avatar_index", "users")
