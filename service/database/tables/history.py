"""What was done by whom, and what became of it."""

from sqlalchemy import Column, Identity, Index, Table

from service.database.tables.ground import Number, metadata, of_project, project
from service.database.types import Document, Key, Moment, Words

activity = Table(
    "activity",
    metadata,
    project(),
    Column("id", Number, Identity(), primary_key=True),
    Column("action", Words, nullable=False),
    Column("user", Key),  # who did it; kept after the user is gone, so no reference
    Column("timestamp", Moment, nullable=False),
    Column("ip", Words),
    Column("user_agent", Words),
    Column("origin", Words),
    Column("collection", Words, nullable=False),
    Column("item", Words, nullable=False),
    Column("comment", Words),
    Column("edited_on", Moment),  # of a comment that somebody made, as the next one
    Column("comment_deleted_on", Moment),
    Index(None, "project", "collection", "item", "id"),
    Index(None, "project", "user", "id"),
    of_project(),
    sqlite_autoincrement=True,
)

revisions = Table(
    "revisions",
    metadata,
    project(),
    Column("id", Number, Identity(), primary_key=True),
    Column("activity", Number, nullable=False),
    Column("collection", Words, nullable=False),
    Column("item", Words, nullable=False),
    Column("data", Document, nullable=False),
    Column("delta", Document, nullable=False),
    Column("parent", Number),
    Index(None, "project", "collection", "item", "id"),
    Index(None, "project", "activity"),
    of_project(),
    sqlite_autoincrement=True,
)
