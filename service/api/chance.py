"""`/utils/random/string` and `/utils/hash`: what applications ask for to make secrets of their own.

Nothing of it is kept here, and nobody who is not signed in has our processors work for them.
"""

from typing import Final

from litestar import get, post
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers
from service.api.bodies import TEXT, expect
from service.api.calls import of
from service.api.query_string import whole
from service.tokens import random_text
from service.users.problems import BadQuery

LENGTH: Final = 32
LONGEST: Final = 500  # characters, as the documented server has it


@get("/utils/random/string")
async def random_string(scope: Scope) -> ASGIResponse:
    """A text by chance, of `length` letters, digits, `-` and `_`."""
    call = of(scope)
    await call.member()
    length = whole(call.query, "length", 1)
    if length is not None and length > LONGEST:
        raise BadQuery(f'"length" can\'t be more than {LONGEST} characters')
    return answers.data(random_text(length or LENGTH))


@post("/utils/hash/generate", status_code=200)
async def generate_hash(scope: Scope) -> ASGIResponse:
    """The argon2id hash of a text."""
    call = of(scope)
    await call.member()
    given = expect(await call.json(), {"string": TEXT})
    return answers.data(await call.house.hasher.hash_idly(str(given["string"])))


@post("/utils/hash/verify", status_code=200)
async def verify_hash(scope: Scope) -> ASGIResponse:
    """Whether a text made an argon2 hash."""
    call = of(scope)
    await call.member()
    given = expect(await call.json(), {"string": TEXT, "hash": TEXT})
    return answers.data(await call.house.hasher.verify_idly(str(given["hash"]), str(given["string"])))


HANDLERS: Final = (random_string, generate_hash, verify_hash)
