"""Whether somebody has a second factor of ours, as a condition on `users`: an app's secret, or a passkey."""

from typing import Final

from sqlalchemy import exists, or_

from service.database.tables import passkeys, users

HAS_PASSKEY: Final = (
    exists().where(passkeys.c.project == users.c.project, passkeys.c.user == users.c.id).correlate(users)
)
IS_PROTECTED: Final = or_(users.c.tfa_secret.is_not(None), HAS_PASSKEY)
