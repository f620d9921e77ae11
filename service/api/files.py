"""The REST languages' room `/files`: pictures of people, and what is said of them."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from litestar import patch, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import items, many, uploads
from service.api.calls import Call, of
from service.api.items import Shown, Values, Verbs
from service.api.keys import key_of
from service.api.uploads import Sent
from service.database import Transaction
from service.dialects import dialect
from service.users import file_access, file_removal, files, leave, model
from service.users.files import Upload
from service.users.model import FILE_ATTRIBUTES, Caller
from service.users.pictures import Picture
from service.users.problems import BadPayload

FILES: Final = "directus_files"
_LONGEST_NAME: Final = 255


async def _changed(call: Call, _: Caller, body: object, __: str | None) -> Values:
    return dialect.take(call.generation.language, FILES, body)


async def _change(tx: Transaction, _: Call, caller: Caller, changes: Mapping[str, Values]) -> None:
    await files.change(tx, caller, changes)


_VERBS: Final = Verbs(FILES, _changed, _change, file_removal.remove)


@post("/files")
async def create_files(scope: Scope) -> ASGIResponse:
    """Pictures, each with the fields before it: one is answered as an object, several as an array."""
    call = of(scope)
    caller = await call.author()
    file_access.uploading(caller)  # before anything of the body is read
    made = [await _upload(call, sent) for sent in await uploads.read(call)]
    shown = await call.house.database.write(_create, call, caller, made)
    return many.after(shown, single=len(made) == 1)


async def _upload(call: Call, sent: Sent) -> Upload:
    picture = await call.house.pictures.take(sent.data, sent.media)
    return Upload(picture, _fields(call, sent), _file_name(sent.name))


def _fields(call: Call, sent: Sent) -> dict[str, object]:
    """The fields beside a file as values of ours: those that are JSON come as its text."""
    taken = dialect.take(call.generation.language, FILES, sent.fields)
    return {name: _read(name, value) for name, value in taken.items()}


def _read(name: str, value: object) -> object:
    if FILE_ATTRIBUTES[name].kind not in ("json", "tags") or not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        raise BadPayload(f'"{name}" must be JSON') from None


def _file_name(given: str) -> str | None:
    """The name without the folders that some browsers send; None when nothing is left of it."""
    name = given.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in name if sign.isprintable())[-_LONGEST_NAME:] or None


async def _create(tx: Transaction, call: Call, caller: Caller, made: Sequence[Upload]) -> Shown:
    return await many.shown(tx, call, caller, FILES, await files.create(tx, caller, made))


@patch("/files/{key:str}")
async def change_file(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Changes what is said of a file, or of several alike; a multipart body brings another picture."""
    call = of(scope)
    if "," in key or not uploads.is_multipart(call):
        return await items.change_named(_VERBS, call, key)
    caller, known = await call.author(), key_of(key)
    if caller.user is None:
        leave.check_possible(caller, "update", model.FILES)  # before anything of the body is read
    sent = await uploads.read(call)
    if len(sent) > 1:
        raise BadPayload("One file takes the place of one file")
    upload = await _upload(call, sent[0])
    values = {"filename_download": upload.name, **upload.values} if upload.name else upload.values
    shown = await call.house.database.write(_replace, call, caller, known, values, upload.picture)
    return many.after(shown, single=True)


async def _replace(
    tx: Transaction, call: Call, caller: Caller, key: str, values: Values, picture: Picture
) -> Shown:
    await files.change(tx, caller, {key: values}, picture)
    return await many.shown(tx, call, caller, FILES, [key])


DOORS: Final = items.doors("/files", _VERBS, create_files, change_file)
HANDLERS: Final = DOORS.handlers
