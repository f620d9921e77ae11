"""One request: its query, its body and its caller, each read once and only when somebody asks."""

from collections.abc import AsyncIterator
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec
from litestar.types import Receive, Scope

from service.api import query_string
from service.database import new_key
from service.users.model import Caller, Origin
from service.users.problems import (
    BadPayload,
    BadQuery,
    Forbidden,
    NoPayload,
    NotSignedIn,
    TooLarge,
    WrongMedia,
)

if TYPE_CHECKING:
    from service.api.generations import Generation
    from service.api.house import House
    from service.api.sync_entry import Entry

Piece = bytes  # inside the class the word is the name of a method
KIB = 1024
MOST_CONDITIONS = 1000  # of all filters of a request: to make statements of them takes the time of others
JSON_BODY = 1024 * KIB  # REST, GraphQL and auth
FILES_BODY = 10 * 1024 * KIB
SCIM_BODY = 8 * 1024 * KIB  # what ServiceProviderConfig tells as maxPayloadSize


class Call:
    """A request on its way through the house; `of(scope)` finds it again in a handler."""

    __slots__ = (
        "_caller",
        "_conditions",
        "_headers",
        "_headers_of",
        "_query",
        "_txn",
        "body",
        "entry",
        "generation",
        "house",
        "id",
        "ip",
        "prefix",
        "project",
        "receive",
        "scope",
        "started",
    )

    def __init__(
        self, house: "House", generation: "Generation", project: str, scope: Scope, receive: Receive, *,
        identity: str, ip: str | None,
    ) -> None:  # fmt: skip
        self.house = house
        self.generation = generation
        self.project = project
        self.prefix = ""  # what stood before a path that every project has, as `/thumper`
        self.scope = scope
        self.receive = receive
        self.id = identity
        self.ip = ip
        self.started = perf_counter_ns()
        self._headers: dict[Piece, Piece] = {}
        self._headers_of: object = None
        self._caller: Caller | None = None
        self._conditions = 0
        self._query: query_string.Tree | None = None
        self._txn: str | None = None
        self.body = b""  # once it was read
        self.entry: Entry | None = None  # in a connection's sync log

    @property
    def method(self) -> str:
        """GET, POST and so on; HEAD has become GET at the gate."""
        scope: Any = self.scope  # the gate lets nothing but http through
        return str(scope["method"])

    @property
    def path(self) -> str:
        """The address within the generation: what stands before it is ours, or names the project."""
        return str(self.scope["path"]).removeprefix(self.generation.prefix)

    @property
    def query(self) -> query_string.Tree:
        """The parameters behind the question mark."""
        if self._query is None:
            self._query = query_string.read(self.scope["query_string"])
        return self._query

    def asked(self, name: str) -> str:
        """A parameter that is a text; empty where there is none, or where it comes twice or in parts."""
        given = self.query.get(name)
        return given if isinstance(given, str) else ""

    @property
    def query_text(self) -> Piece | None:
        """The parameters as they were written; None where they come from elsewhere."""
        text: Piece = self.scope["query_string"]
        return text

    @property
    def address(self) -> str:
        """The path as it was asked: where a number stood, nobody is told the key that it is to us."""
        scope: Any = self.scope
        return unquote(scope["raw_path"]).rstrip("/") or "/"

    @property
    def wants_page(self) -> bool:
        """Whether it asks as browsers do for what a person is to see; programs ask for JSON, or anything."""
        return "text/html" in (self.header(b"accept") or "")

    def page(self, path: str) -> str:
        """The URL of a page that the people of the call's project have under this path."""
        return f"{self.house.terms.public_url}{self.prefix}{path}"

    def count(self, conditions: int) -> None:
        """Count those of one filter. Raises BadQuery when there are too many in all."""
        self._conditions += conditions
        if self._conditions > MOST_CONDITIONS:
            raise BadQuery(f"The filters of a request hold at most {MOST_CONDITIONS} conditions together")

    def header(self, name: bytes) -> str | None:
        """A header by its lower-case name; the first where there are several."""
        value = self._named().get(name)
        return None if value is None else value.decode("latin-1")

    def _named(self) -> dict[Piece, Piece]:
        headers: Any = self.scope["headers"]
        if self._headers_of is not headers:  # a socket brings its own with its first message
            self._headers_of, self._headers = headers, dict(reversed(headers))
        return self._headers

    @property
    def media(self) -> str:
        """What the body says that it is, without parameters; empty where it says nothing."""
        return (self.header(b"content-type") or "").partition(";")[0].strip().lower()

    def lines(self, name: bytes) -> list[str]:
        """Every line of a header by its lower-case name."""
        if name not in self._named():
            return []
        return [value.decode("latin-1") for key, value in self.scope["headers"] if key == name]

    def cookie(self, name: str) -> str | None:
        """A cookie of the request."""
        for piece in (self.header(b"cookie") or "").split(";"):
            key, found, value = piece.strip().partition("=")
            if found and key == name:
                return value
        return None

    @property
    def known(self) -> Caller:
        """The caller, once somebody has asked who it is; until then nobody."""
        return self._caller or Caller(self.project)

    @property
    def known_user(self) -> str | None:
        """The caller's key, where somebody asked who it is."""
        return self._caller.user if self._caller else None

    @property
    def origin(self) -> Origin:
        """Where it comes from, for the activity."""
        agent = self.header(b"user-agent")
        found = Origin(self.ip, agent[:512] if agent else None, (self.header(b"origin") or "")[:255] or None)
        return self.generation.noted(self, found)

    @property
    def txn(self) -> str:
        """What names this request to whoever is told of what it did."""
        if self._txn is None:
            self._txn = new_key()
        return self._txn

    @txn.setter
    def txn(self, txn: str) -> None:
        """A request that is done later has the one that it was accepted with."""
        self._txn = txn

    async def caller(self) -> Caller:
        """Who is asking; nobody when the request carries no token. Raises when the token is not good."""
        if self._caller is None:
            self._caller = await self.house.callers.identify(self)
        return self._caller

    async def person(self) -> tuple[Caller, str]:
        """The person asking and their key, where the address speaks of `me`."""
        caller = await self.caller()
        if caller.user is None:
            raise NotSignedIn
        return caller, caller.user

    async def member(self) -> Caller:
        """The person asking, where nothing is for the public, whatever a rule says."""
        caller = await self.caller()
        if caller.user is None:
            raise Forbidden
        return caller

    async def author(self) -> Caller:
        """Who asks for a change, with what the activity notes of the request."""
        return msgspec.structs.replace(await self.caller(), origin=self.origin, txn=self.txn)

    async def member_author(self) -> Caller:
        """`author`, where nothing is for the public."""
        await self.member()
        return await self.author()

    @property
    def public(self) -> Caller:
        """Nobody, with what the activity notes of the request."""
        return Caller(self.project, origin=self.origin)

    async def bytes(self, limit: int = JSON_BODY) -> bytes:
        """The body, of at most `limit` bytes; TooLarge is raised before the rest of it is read."""
        self.body = b"".join([chunk async for chunk in self.chunks(limit)])
        return self.body

    async def chunks(self, limit: int) -> AsyncIterator[Piece]:
        """The body piece by piece, as `bytes` bounds it."""
        declared = self.header(b"content-length")
        if declared and declared.isdecimal() and int(declared) > limit:
            raise TooLarge(limit)
        size = 0
        while True:
            message: Any = await self.receive()
            if message["type"] == "http.disconnect":
                raise BadPayload("The body ended early")
            size += len(message.get("body", b""))
            if size > limit:
                raise TooLarge(limit)
            yield message.get("body", b"")
            if not message.get("more_body", False):
                return

    async def json(self, limit: int = JSON_BODY) -> object:
        """The body as JSON; None when there is none, whatever its content type says."""
        body = await self.bytes(limit)
        if not body.strip():
            return None
        media = self.media or "application/json"
        if media != "application/json" and not media.endswith("+json"):
            raise WrongMedia(media[:64])
        try:
            return msgspec.json.decode(body)
        except RecursionError:
            raise NoPayload("The JSON nests too deeply") from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise NoPayload("The body is not valid JSON") from None

    async def said(self) -> object:
        """The body as JSON, where none at all says nothing."""
        body = await self.json()
        return {} if body is None else body


def of(scope: Scope) -> Call:
    """The call that this scope belongs to."""
    call: Call = scope["state"]["call"]
    return call
