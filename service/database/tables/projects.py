"""Projects, how their letters and pages look, and what went wrong in them too often."""

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table

from service.database.tables.ground import metadata, of_project, project
from service.database.types import Document, Moment, Words

projects = Table(
    "projects",
    metadata,
    Column("name", Words, primary_key=True),
    Column("title", Words, nullable=False),
    Column("timezone", Words, nullable=False),  # the default of users made by the 8 generation
    Column("created_at", Moment, nullable=False),
)

# How a project's letters and pages look and speak, where they differ from ours.
letterheads = Table(
    "letterheads",
    metadata,
    project(),
    Column("colour", Words),  # of buttons: #3a47c4
    Column("logo", Words),  # the picture in base64
    Column("logo_type", Words),  # image/png or image/jpeg
    Column("support", Words),  # the address that people may write to
    Column("language", Words),  # for whom we know none
    Column("wording", Document),  # kind of letter -> {subject, text}
    PrimaryKeyConstraint("project"),
    of_project(),
)

# How often something went wrong within a window of time; who it was is kept as a hash alone.
attempts = Table(
    "attempts",
    metadata,
    project(),
    Column("mark", Words, nullable=False),  # sha256 of what is counted: an account, an address, both
    Column("count", Integer, nullable=False),
    Column("ends_at", Moment, nullable=False),
    PrimaryKeyConstraint("project", "mark"),
    Index(None, "ends_at"),
    of_project(),
)
