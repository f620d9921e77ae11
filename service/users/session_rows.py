"""The statements on sessions: each finds its one row by a key of an index."""

from typing import Final

from sqlalchemy import and_, bindparam, delete, false, insert, not_, or_, select, true, update

from service.database.tables import roles, sessions, users
from service.users.factors import IS_PROTECTED
from service.users.model import ACTIVE

_person = (
    *(users.c.id, users.c.role, roles.c.admin_access, roles.c.app_access, users.c.last_access),
    roles.c.ip_access,
)
_their_role = and_(roles.c.project == users.c.project, roles.c.id == users.c.role)
_active = users.c.status == ACTIVE

# Who has no second factor here and needs one; a provider that answered for one has done so at the sign-on.
_confined = and_(roles.c.enforce_tfa.is_(true()), sessions.c.factor.is_(false()), not_(IS_PROTECTED)).label(
    "confined"
)

HOLD: Final = (
    select(
        *(users.c.status, users.c.provider, users.c.password_hash, users.c.last_access, users.c.role),
        *(roles.c.id, roles.c.admin_access, roles.c.app_access, IS_PROTECTED.label("protected")),
    )
    .join_from(users, roles, _their_role, isouter=True)
    .where(users.c.project == bindparam("project"), users.c.id == bindparam("user"))
    .with_for_update(of=users, key_share=True)
)
INSERT: Final = insert(sessions)
ROTATE: Final = update(sessions).where(
    sessions.c.project == bindparam("of_project"),
    sessions.c.id == bindparam("of_id"),
    sessions.c.refresh == bindparam("of_refresh"),
    sessions.c.expires_at > bindparam("of_now"),
)
BY_SESSION: Final = (
    select(*_person, sessions.c.id, sessions.c.provider, sessions.c.expires_at, _confined)
    .select_from(sessions)
    .join(users, and_(users.c.project == sessions.c.project, users.c.id == sessions.c.user))
    .join(roles, _their_role, isouter=True)
    .where(sessions.c.project == bindparam("project"), sessions.c.id == bindparam("session"), _active)
)
BY_TOKEN: Final = (
    select(*_person)
    .select_from(users)
    .join(roles, _their_role, isouter=True)
    .where(
        users.c.project == bindparam("project"),
        users.c.token_fingerprint == bindparam("fingerprint"),
        _active,
    )
)
PREVIOUS: Final = select(sessions.c.previous, sessions.c.successor, sessions.c.rotated_at).where(
    sessions.c.project == bindparam("project"), sessions.c.id == bindparam("session")
)
_one = (sessions.c.project == bindparam("project"), sessions.c.id == bindparam("session"))
_begun = (sessions.c.user, sessions.c.provider, sessions.c.identifier, sessions.c.hint)
DELETE: Final = delete(sessions).where(*_one).returning(*_begun)
CLOSE: Final = (
    delete(sessions)
    .where(
        *_one,
        or_(sessions.c.refresh == bindparam("refresh"), sessions.c.previous == bindparam("refresh")),
    )
    .returning(*_begun)
)
FRESH: Final = select(sessions.c.id).where(
    *_one, sessions.c.created_at >= bindparam("since"), sessions.c.provider != bindparam("local")
)
HOLDER: Final = select(sessions.c.id).where(
    *_one, or_(sessions.c.refresh == bindparam("refresh"), sessions.c.previous == bindparam("refresh"))
)
PRUNE: Final = delete(sessions).where(sessions.c.expires_at <= bindparam("at"))
USED: Final = update(sessions).where(
    sessions.c.project == bindparam("of_project"),
    sessions.c.id == bindparam("of_id"),
    or_(
        sessions.c.used_at.is_(None),
        sessions.c.used_at < bindparam("of_before", type_=sessions.c.used_at.type),
    ),
)
TOUCH: Final = update(users).where(
    users.c.project == bindparam("of_project"),
    users.c.id == bindparam("of_id"),
    or_(
        users.c.last_access.is_(None),
        users.c.last_access < bindparam("of_before", type_=users.c.last_access.type),
    ),
)
