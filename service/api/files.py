"""The REST languages' room `/files`: pictures of people, and what is said of them."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, many, reading, uploads
from service.api.calls import Call, of
from service.api.many import Many
from service.api.uploads import Sent
from service.database import Transaction
from service.dialects import dialect
from service.users import file_access, file_removal, files
from service.users.files import Upload
from service.users.model import FILE_ATTRIBUTES, Caller
from service.users.pictures import Picture
from service.users.problems import BadPayload

FILES: Final = "directus_files"
_LONGEST_NAME: Final = 255
Values = Mapping[str, object]


@get("/files")
async def list_files(scope: Scope) -> ASGIResponse:
    """A page of the files that the caller may see."""
    call = of(scope)
    caller = await call.caller()
    return await reading.answer_many(call, reading.many(call, caller, FILES))


@get("/files/{key:str}")
async def read_file(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """One file by key, or several."""
    call = of(scope)
    caller = await call.caller()
    if (keys := many.path_keys(key)) is not None:
        return await many.answer_those(call, caller, FILES, keys)
    return await reading.answer_one(call, reading.one(call, caller, FILES, many.known_key(key)))


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


async def _create(tx: Transaction, call: Call, caller: Caller, made: Sequence[Upload]) -> list[object | None]:
    return await many.shown(tx, call, caller, FILES, await files.create(tx, caller, made))


@patch("/files/{key:str}")
async def change_file(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Changes what is said of a file, or of several alike; a multipart body brings another picture."""
    call = of(scope)
    keys = many.path_keys(key)
    caller = await call.author()
    if keys is None and uploads.is_multipart(call):
        return await _replace(call, caller, many.known_key(key))
    asked = Many(keys or (many.known_key(key),), None, await call.json() or {})
    return await _change_alike(call, caller, asked, single=keys is None)


async def _replace(call: Call, caller: Caller, key: str) -> ASGIResponse:
    sent = await uploads.read(call)
    if len(sent) > 1:
        raise BadPayload("One file takes the place of one file")
    upload = await _upload(call, sent[0])
    values = {"filename_download": upload.name, **upload.values} if upload.name else upload.values
    shown = await call.house.database.write(_change, call, caller, {key: values}, upload.picture)
    return many.after(shown, single=True)


@patch("/files")
async def change_files(scope: Scope) -> ASGIResponse:
    """Changes what is said of many: each by an object of an array, or all alike by keys or by a query."""
    call = of(scope)
    caller = await call.author()
    body = await call.json()
    if not isinstance(body, list):
        return await _change_alike(call, caller, many.asked_change(body), single=False)
    changes = {key: _taken(call, one) for key, one in many.batch(body, "Item").items()}
    return many.after(await call.house.database.write(_change, call, caller, changes), single=False)


def _taken(call: Call, body: object) -> Values:
    return dialect.take(call.generation.language, FILES, body)


async def _change(
    tx: Transaction, call: Call, caller: Caller, changes: Mapping[str, Values], picture: Picture | None = None
) -> list[object | None]:
    await files.change(tx, caller, changes, picture)
    return await many.shown(tx, call, caller, FILES, list(changes))


async def _change_alike(call: Call, caller: Caller, asked: Many, *, single: bool) -> ASGIResponse:
    shown = await call.house.database.write(_change_found, call, caller, asked, _taken(call, asked.data))
    return many.after(shown, single=single)


async def _change_found(
    tx: Transaction, call: Call, caller: Caller, asked: Many, values: Values
) -> list[object | None]:
    keys = await many.found(tx, call, caller, FILES, asked)
    return await _change(tx, call, caller, dict.fromkeys(keys, values))


@delete("/files/{key:str}", status_code=200)
async def delete_file(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Removes one file, or several; who was shown with one is shown without."""
    call = of(scope)
    return await _remove(call, Many(many.path_keys(key) or (many.known_key(key),), None))


@delete("/files", status_code=200)
async def delete_files(scope: Scope) -> ASGIResponse:
    """Removes many: by keys or by a query."""
    call = of(scope)
    return await _remove(call, many.asked_removal(await call.json()))


async def _remove(call: Call, asked: Many) -> ASGIResponse:
    caller = await call.author()
    await call.house.database.write(_remove_found, call, caller, asked)
    return answers.nothing()


async def _remove_found(tx: Transaction, call: Call, caller: Caller, asked: Many) -> None:
    await file_removal.remove(tx, caller, await many.found(tx, call, caller, FILES, asked))


HANDLERS: Final = (
    list_files,
    read_file,
    create_files,
    change_file,
    change_files,
    delete_file,
    delete_files,
)
