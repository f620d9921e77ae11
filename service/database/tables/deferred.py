"""What is to be done later: SCIM requests whose clients do not wait for the outcome (RFC 9967, 2.5.1)."""

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, PrimaryKeyConstraint, Table

from service.database.tables.ground import metadata, of_connection, project
from service.database.types import Document, Key, Moment, Words

deferred_requests = Table(
    "deferred_requests",
    metadata,
    project(),
    Column("connection", Key, nullable=False),
    Column("id", Key, nullable=False),  # the txn; in this order those of a connection are done
    Column("owner", Key),  # whoever is at it
    Column("held_until", Moment, nullable=False),  # then another may take it over
    Column("attempts", Integer, nullable=False),
    Column("size", Integer, nullable=False),  # bytes
    Column("asked", Words, nullable=False),  # the request, sealed: it may hold passwords
    PrimaryKeyConstraint("project", "connection", "id"),
    Index(None, "held_until"),
    of_connection(),
)

# What became of the operations of a request as far as it is done: whoever goes on with it leaves them alone.
deferred_outcomes = Table(
    "deferred_outcomes",
    metadata,
    project(),
    Column("connection", Key, nullable=False),
    Column("request", Key, nullable=False),
    Column("number", Integer, nullable=False),
    Column("told", Document, nullable=False),
    PrimaryKeyConstraint("project", "connection", "request", "number"),
    ForeignKeyConstraint(
        ["project", "connection", "request"],
        ["deferred_requests.project", "deferred_requests.connection", "deferred_requests.id"],
        ondelete="CASCADE",
    ),
)
