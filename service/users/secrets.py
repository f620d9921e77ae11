"""Turns secrets into what is kept of them, before any transaction: hashes, fingerprints, sealed texts."""

from collections.abc import Mapping

from service.database import new_key
from service.sealing import Place, Sealer
from service.tokens import fingerprint
from service.users import leave
from service.users.checks import check
from service.users.model import CONCEALED, USERS, Caller
from service.users.passwords import Hasher, check_password
from service.users.problems import Forbidden, Invalid


class Secrets:
    """The one place where a password or a static token of a user is seen in clear."""

    def __init__(self, hasher: Hasher, sealer: Sealer) -> None:
        self._hasher = hasher
        self._sealer = sealer

    async def take(
        self, caller: Caller, values: Mapping[str, object], user_id: str | None = None
    ) -> dict[str, object]:
        """The values with what is kept of `password` and `token`; asterisks say unchanged and are left out.

        Without `user_id` it is for a new user: the answer holds its `id`, to which the token is sealed.
        Raises Forbidden before any work for those who may not write this user, Invalid, TooMany.
        """
        own = user_id is not None and user_id == caller.user
        if leave.is_ruled(caller) and not own:
            _check_possible(caller, values, user_id)
        taken = {name: value for name, value in values.items() if name not in {"password", "token"}}
        if user_id is None:
            user_id = str(check("id", taken["id"])) if taken.get("id") is not None else new_key()
            taken["id"] = user_id
        if values.get("token", CONCEALED) != CONCEALED:
            taken.update(self._token(caller.project, user_id, values["token"]))
        if values.get("password", CONCEALED) != CONCEALED:
            taken["password_hash"] = await self._password(values["password"], chosen=own and not caller.admin)
        return taken

    async def chosen(self, password: object) -> str:
        """The hash of a password that a person chose for themselves. Raises Invalid, TooMany."""
        return await self._hasher.hash(check_password(password, chosen=True))

    def reveal(self, project: str, user_id: str, sealed: str) -> str:
        """The static token in clear, for the one generation that shows it. Raises SealBroken."""
        return self._sealer.open(sealed, place(project, user_id))

    async def _password(self, password: object, *, chosen: bool) -> str | None:
        if password is None:
            return None
        return await self._hasher.hash(check_password(password, chosen=chosen))

    def _token(self, project: str, user_id: str, token: object) -> dict[str, object]:
        text = check("token", token)
        if text is None:
            return {"token_fingerprint": None, "token_sealed": None}
        if not isinstance(text, str) or not text:
            raise Invalid("token", "min_length", limit=1)
        sealed = self._sealer.seal(text, place(project, user_id))
        return {"token_fingerprint": fingerprint(text), "token_sealed": sealed}


def _check_possible(caller: Caller, values: Mapping[str, object], user_id: str | None) -> None:
    """That a rule might allow it, before the work; of which row, the database knows. Nobody chooses a new
    user's id."""
    secret = leave.attributes({name: values[name] for name in ("password", "token") if name in values})
    if secret:
        leave.check_possible(caller, "create" if user_id is None else "update", USERS, secret)
    if user_id is None and values.get("id") is not None:
        raise Forbidden


def place(project: str, user_id: str) -> Place:
    """Where a static token lies sealed."""
    return Place("users", f"{project}/{user_id}", "token_sealed")
