"""What the core owes by letter goes through one outbox: posted and cancelled in the commit of its cause."""

from typing import Final

from mail.outbox import Outbox
from service.database.tables import letters

OUTBOX: Final = Outbox(letters)
INVITATION: Final = "invitation"  # the kind of its letter
