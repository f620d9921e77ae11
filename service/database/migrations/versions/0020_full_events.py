"""Whether applications are told the values of what changed, too (the "full" events of RFC 9967)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column

from service.database.types import Flag

revision = "0020"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("connections", Column("events_full", Flag, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("connections", "events_full")
