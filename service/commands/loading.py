"""A first load of people on its way: a piece of them in each commit, with how far the file was read."""

from collections.abc import Iterable
from itertools import islice

from msgspec.structs import replace

from providers.scim.people import Person
from providers.scim.problems import ScimProblem
from providers.scim.resource import normalise
from providers.scim.tolerance import PROFILES
from providers.scim.user import USER
from service.commands.bar import Bar
from service.database import Database, Transaction, new_key
from service.dialects import problems, scim
from service.dialects.dialect import word_of
from service.users import imports, records
from service.users.connections import Connection
from service.users.imports import Load, Progress
from service.users.model import Caller, Origin
from service.users.problems import Problem, Taken
from service.users.rows import fold
from service.users.secrets import Secrets

_TOGETHER = 200  # people of one commit
_NAMES = ("userName", "externalId")
_USERS = "directus_users"
Values = dict[str, object]


class _Rehearsed(Exception):
    """Ends the transaction of a dry run."""


class Loading:
    """One load on its way."""

    def __init__(
        self, database: Database, connection: Connection, load: Load, secrets: Secrets, *, dry: bool
    ) -> None:
        self._database = database
        self._connection = connection
        self._load = load
        self._secrets = secrets
        self._dry = dry
        self._caller = connection.caller(Origin(user_agent="idbridge scim-import"))
        self.there = 0  # who was in before
        self._named: dict[tuple[str, str | None], int] = {}  # names in this file, and where they first stand

    async def all(self, people: Iterable[Person], progress: Progress, bar: Bar) -> Progress:
        """Every piece from where the progress is; gives the last. `people` are all of the file."""
        left = iter(people)
        while piece := list(islice(left, _TOGETHER)):
            ready: list[tuple[int, Values]] = []
            refused = 0
            for person in piece:
                values = self._values(person)
                if person.line <= progress.line:
                    continue
                if not isinstance(values, str):
                    values = await self._secured(values)
                if isinstance(values, str):
                    bar.tell(f"{person.line}: {values}")
                    refused += 1
                else:
                    ready.append((person.line, values))
            bar.show(len(piece))
            if piece[-1].line > progress.line:
                progress = await self._write(ready, replace(progress, failed=progress.failed + refused), bar)
                progress = replace(progress, line=piece[-1].line)
        progress = replace(progress, finished=True)
        if not self._dry:
            await self._database.write(imports.note, self._load, progress)
        bar.end()
        return progress

    def _values(self, person: Person) -> Values | str:
        """What a person is kept as, or why they cannot be."""
        if person.resource is None:
            return person.problem
        try:
            made = normalise(person.resource, USER, PROFILES[self._connection.profile]).resource
            values: Values = {"id": new_key(), **scim.values(made)}
        except ScimProblem as problem:
            return problem.detail
        for name in _NAMES:
            text = made.get(name)
            key = (name, fold(text) if name == "userName" and isinstance(text, str) else str(text))
            if text is not None and self._named.setdefault(key, person.line) != person.line:
                return f"{name} stands at {self._named[key]} already."
        if self._connection.default_role is not None:
            values["role"] = self._connection.default_role
        if made.get("password") is not None:
            values["password"] = made["password"]
        return values

    async def _secured(self, values: Values) -> Values | str:
        """The same with a password as it is kept."""
        if "password" not in values:
            return values
        given = {"password": values.pop("password")}
        try:
            return {**values, **await self._secrets.take(self._caller, given, str(values["id"]))}
        except Problem as problem:
            return _said(problem)

    async def _write(self, ready: list[tuple[int, Values]], progress: Progress, bar: Bar) -> Progress:
        """The piece in one commit; where one of them is refused, each in its own."""
        if not ready:
            return progress
        after = replace(progress, line=ready[-1][0], made=progress.made + len(ready))
        try:
            await self._commit([values for _, values in ready], after)
            return after
        except Problem as problem:
            if len(ready) == 1:
                return await self._refused(*ready[0], problem, progress, bar)
        for one in ready:
            progress = await self._write([one], progress, bar)
        return progress

    async def _refused(
        self, line: int, values: Values, problem: Problem, progress: Progress, bar: Bar
    ) -> Progress:
        """One who cannot be made: told by the line, unless the connection has them already."""
        name = str(values.get("user_name"))
        if isinstance(problem, Taken) and await self._database.read(imports.is_there, self._load, name):
            self.there += 1
            return replace(progress, line=line)
        bar.tell(f"{line}: {_said(problem)}")
        return replace(progress, failed=progress.failed + 1, line=line)

    async def _commit(self, values: list[Values], progress: Progress) -> None:
        try:
            await self._database.write(_piece, self._caller, values, self._load, progress, dry=self._dry)
        except _Rehearsed:
            return


async def _piece(
    tx: Transaction, caller: Caller, values: list[Values], load: Load, progress: Progress, *, dry: bool
) -> None:
    await records.create(tx, caller, values)
    await imports.note(tx, load, progress)
    if dry:
        await tx.settle()
        raise _Rehearsed


def _said(problem: Problem) -> str:
    field = word_of("scim", _USERS, getattr(problem, "field", ""))
    return problems.sentence(problem, "scim", field, _USERS)
