"""Two small tables for the tests of the door itself, with every type and every kind of key."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    UniqueConstraint,
    func,
    select,
)

from service.database import Database
from service.database.types import Document, Flag, Key, Moment, Words

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_key",
        "uq": "%(table_name)s_%(column_0_N_name)s_unique",
        "fk": "%(table_name)s_%(column_0_N_name)s_reference",
    }
)

shelves = Table("shelves", metadata, Column("id", Key, primary_key=True), Column("label", Words))

books = Table(
    "books",
    metadata,
    Column("id", Key, primary_key=True),
    Column("title", Words, nullable=False),
    Column("author", Words),
    Column("shelf", Key, ForeignKey("shelves.id")),
    Column("small", SmallInteger),
    Column("pages", Integer),
    Column("letters", BigInteger),
    Column("bought", Moment),
    Column("about", Document),
    Column("read", Flag),
    UniqueConstraint("title", "author"),
)
Index("books_first_letter_unique", func.substr(books.c.title, 1, 3), books.c.shelf, unique=True)


async def kept(database: Database) -> dict[str, int]:
    """How many books of each title there are."""
    counted = select(books.c.title, func.count()).group_by(books.c.title)
    return dict(await database.scan(lambda tx: tx.rows(counted)))
