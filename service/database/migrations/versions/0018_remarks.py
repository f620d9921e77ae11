"""Comments that people change and take back; what roles of the 8 generation have besides."""

from alembic import op
from sqlalchemy import Column

from service.database.types import Document, Moment, Words

revision = "0018"
down_revision = "0016"


def upgrade() -> None:
    for name in ("edited_on", "comment_deleted_on"):
        op.add_column("activity", Column(name, Moment))
    op.add_column("roles", Column("external_id", Words))
    for name in ("module_listing", "collection_listing"):
        op.add_column("roles", Column(name, Document))


def downgrade() -> None:
    for name in ("collection_listing", "module_listing", "external_id"):
        op.drop_column("roles", name)
    for name in ("comment_deleted_on", "edited_on"):
        op.drop_column("activity", name)
