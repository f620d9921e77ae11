"""Files, which are pictures of people."""

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from service.database.tables.ground import Number, metadata, of_project, project
from service.database.types import Bytes, Document, Key, Moment, Words

# Pictures of people; who is shown with one says so in `users.avatar`, which is checked when it is written.
files = Table(
    "files",
    metadata,
    project(),
    Column("number", Number, Identity(), primary_key=True),  # the 8 generation's id
    Column("id", Key, nullable=False),
    Column("storage", Words, nullable=False),
    Column("filename_disk", Words, nullable=False),
    Column("filename_download", Words, nullable=False),
    Column("title", Words),
    Column("type", Words, nullable=False),
    Column("uploaded_by", Key),  # kept after the user is gone, so no reference
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
    Column("digest", Words, nullable=False),  # sha256 of the bytes
    UniqueConstraint("project", "id"),
    Index(None, "project", "uploaded_by"),
    of_project(),
    sqlite_autoincrement=True,
)

# Apart, so that a list of files never reads them.
file_bytes = Table(
    "file_bytes",
    metadata,
    project(),
    Column("file", Key, nullable=False),
    Column("bytes", Bytes, nullable=False),
    PrimaryKeyConstraint("project", "file"),
    ForeignKeyConstraint(["project", "file"], ["files.project", "files.id"], ondelete="CASCADE"),
)
