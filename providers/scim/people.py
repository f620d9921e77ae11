"""People in a file: a ListResponse or an array, an object a line, or CSV as people have it.

CSV columns are SCIM paths (`name.givenName`, `urn:...:department`), or one of the words below, in any case
and with or without blanks, dashes and underscores.
"""

import csv
from collections.abc import Iterator, Mapping
from typing import IO, Final

import msgspec

from providers.scim.schema import Resource, Value

ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
LONGEST: Final = 1_000_000  # characters of a line
_WORDS: Final[Mapping[str, str]] = {
    "username": "userName", "login": "userName", "upn": "userName", "userprincipalname": "userName",
    "externalid": "externalId", "externalidentifier": "externalId", "objectid": "externalId",
    "givenname": "name.givenName", "firstname": "name.givenName",
    "familyname": "name.familyName", "lastname": "name.familyName", "surname": "name.familyName",
    "email": "emails", "emailaddress": "emails", "mail": "emails", "workemail": "emails",
    "phone": "phoneNumbers", "phonenumber": "phoneNumbers", "telephone": "phoneNumbers",
    "displayname": "displayName", "nickname": "nickName", "title": "title", "jobtitle": "title",
    "language": "preferredLanguage", "preferredlanguage": "preferredLanguage", "locale": "locale",
    "timezone": "timezone", "usertype": "userType", "active": "active", "enabled": "active",
    "status": "active", "password": "password",
    "department": f"{ENTERPRISE}:department", "costcenter": f"{ENTERPRISE}:costCenter",
    "division": f"{ENTERPRISE}:division", "organization": f"{ENTERPRISE}:organization",
    "employeenumber": f"{ENTERPRISE}:employeeNumber", "employeeid": f"{ENTERPRISE}:employeeNumber",
    "manager": f"{ENTERPRISE}:manager.value",
}  # fmt: skip
_TRUE: Final = frozenset({"true", "yes", "y", "1", "active", "enabled"})
_FALSE: Final = frozenset({"false", "no", "n", "0", "inactive", "disabled", "suspended"})
_LISTS: Final = frozenset({"emails", "phoneNumbers"})


class Unreadable(Exception):
    """The file as a whole is nothing that we know; the sentence says why."""


class Person(msgspec.Struct, frozen=True):
    """What stands at a line (of a list: the place in it), or why it cannot be read."""

    line: int
    resource: Resource | None
    problem: str = ""


def read(file: IO[str]) -> Iterator[Person]:
    """Everybody in the file, in its order. Raises Unreadable."""
    start = file.read(LONGEST).lstrip("\ufeff \t\r\n")
    file.seek(0)
    if not start:
        raise Unreadable("The file is empty.")
    if start[0] in "[{" and _is_whole(start):
        return _of_list(file.read())
    return _of_lines(file) if start[0] == "{" else _of_table(file, start)


def _is_whole(start: str) -> bool:
    """Whether the file is one JSON value: an array, a ListResponse, or an object over several lines."""
    if start[0] == "[":
        return True
    try:
        first = msgspec.json.decode(start.partition("\n")[0])
    except (msgspec.MsgspecError, RecursionError):
        return True
    return isinstance(first, dict) and "resources" in {str(name).lower() for name in first}


def _of_list(text: str) -> Iterator[Person]:
    try:
        whole = msgspec.json.decode(text.lstrip("\ufeff"))
    except (msgspec.MsgspecError, RecursionError) as problem:
        raise Unreadable(f"The file is not valid JSON: {problem}.") from problem
    if isinstance(whole, dict):
        whole = next((value for name, value in whole.items() if name.lower() == "resources"), [whole])
    if not isinstance(whole, list):
        raise Unreadable('"Resources" has to be a list.')
    for place, one in enumerate(whole, start=1):
        yield _person(place, one)


def _of_lines(file: IO[str]) -> Iterator[Person]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            yield _person(number, msgspec.json.decode(line.lstrip("\ufeff")))
        except (msgspec.MsgspecError, RecursionError):
            yield Person(number, None, "This is not valid JSON.")


def _person(line: int, value: object) -> Person:
    if isinstance(value, dict):
        return Person(line, value)
    return Person(line, None, "This is not a JSON object.")


def _of_table(file: IO[str], start: str) -> Iterator[Person]:
    head = start.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    rows = csv.reader(file, delimiter=delimiter, strict=True)
    try:
        names = [_path(name) for name in next(rows)]
        if "userName" not in names and "emails" in names:
            names = ["userName+emails" if name == "emails" else name for name in names]
        if not {"userName", "userName+emails"} & set(names):
            raise Unreadable("The first line names no column userName, nor one for the e-mail.")
        for row in rows:
            if any(cell.strip() for cell in row):
                yield _of_row(rows.line_num, names, row)
    except csv.Error as problem:
        raise Unreadable(f"Line {rows.line_num} is not valid CSV: {problem}.") from problem


def _path(name: str) -> str:
    bare = name.strip().lstrip("\ufeff")
    return _WORDS.get("".join(c for c in bare.lower() if c not in " -_"), bare)


def _of_row(line: int, names: list[str], row: list[str]) -> Person:
    if len(row) > len(names):
        return Person(line, None, f"There are {len(row)} values for {len(names)} columns.")
    made: Resource = {}
    for name, cell in zip(names, row, strict=False):
        value = cell.strip()
        if not value or not name:
            continue
        for path in name.split("+"):
            _put(made, path, value)
    return Person(line, made)


def _put(made: Resource, path: str, text: str) -> None:
    """Puts a cell where its path leads: into a list's first entry, an extension, a sub-attribute."""
    value: Value = _truth(text) if path == "active" else text
    if path in _LISTS:
        made[path] = [{"value": value, "type": "work", "primary": True}]
        return
    urn, _, rest = path.rpartition(":")
    inner = _within(made, urn) if urn else made
    name, _, sub = rest.partition(".")
    if sub:
        inner = _within(inner, name)
    inner[sub or name] = value


def _within(made: Resource, name: str) -> Resource:
    inner = made.setdefault(name, {})
    if not isinstance(inner, dict):
        inner = made[name] = {}
    return inner


def _truth(text: str) -> Value:
    """Yes or no; anything else is left for the schema to refuse."""
    return True if text.lower() in _TRUE else False if text.lower() in _FALSE else text
