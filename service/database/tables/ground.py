"""What every table is made of: the metadata, `project`, and the references that many have."""

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Integer, MetaData

from service.database.types import Words

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_key",
        "uq": "%(table_name)s_%(column_0_N_name)s_unique",
        "ix": "%(table_name)s_%(column_0_N_name)s_index",
        "fk": "%(table_name)s_%(column_0_N_name)s_reference",
    }
)

# SQLite gives rising integers only to a column declared INTEGER PRIMARY KEY; PostgreSQL to an identity.
Number = BigInteger().with_variant(Integer(), "sqlite")


def project() -> Column[str]:
    return Column("project", Words, nullable=False)


def of_project() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["project"], ["projects.name"])


def of_user(name: str = "user") -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["project", name], ["users.project", "users.id"], ondelete="CASCADE")


def of_connection() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["project", "connection"], ["connections.project", "connections.id"], ondelete="CASCADE"
    )
