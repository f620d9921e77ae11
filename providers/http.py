"""The one door to other people's servers: https to public addresses, 4 seconds, 1 MB, no proxy."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from typing import TypeVar
from weakref import WeakValueDictionary

import httpcore2
import httpx2
import msgspec

from providers.addresses import Address, Network, is_in, is_public, look_up
from providers.connections import Connections
from providers.contract import Misconfigured, Unreachable

AGENT = "idbridge"  # who we say that we are
TIMEOUT = 4.0  # seconds for one call, from the look-up of the name to the last byte
LIMIT = 1_000_000  # bytes of one answer
AT_ONCE = 20  # calls to one host: those who wait for one that hangs are in nobody else's way
MOST = 400  # connections to all of them

Resolve = Callable[[str, int], Awaitable[list[Address]]]
Shape = TypeVar("Shape")

# At DEBUG and INFO these print verifiers, codes in URLs and headers with credentials.
for _name in ("authlib", "httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Outbound(httpx2.AsyncBaseTransport):
    """The transport of every client; shared by all providers, closed by `shut()` alone.

    Addresses in `allow` pass although they are private, plain http included; everything else is https to
    addresses of the public internet. Raises Unreachable or Misconfigured; the cause names the host only.
    """

    def __init__(
        self,
        allow: Iterable[Network] = (),
        *,
        trust: ssl.SSLContext | None = None,
        resolve: Resolve = look_up,
    ) -> None:
        allowed = tuple(allow)
        self._turns: WeakValueDictionary[tuple[str, int | None], asyncio.Semaphore] = WeakValueDictionary()
        self._places = asyncio.Semaphore(MOST)
        context = trust or _authorities()
        public = Guard(resolve, lambda a: is_public(a) or is_in(a, allowed))
        private = Guard(resolve, lambda a: is_in(a, allowed))
        self._pools = {
            "https": Connections(
                lambda to: httpcore2.AsyncHTTPConnection(to, ssl_context=context, network_backend=public)
            ),
            "http": Connections(lambda to: httpcore2.AsyncHTTPConnection(to, network_backend=private)),
        }

    async def fetch(self, url: str, shape: type[Shape]) -> Shape:
        """GET a JSON document and read it as `shape`."""
        content = await self.fetch_bytes(url, "application/json")
        try:
            return msgspec.json.decode(content, type=shape)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as problem:
            raise Unreachable(f"{httpx2.URL(url).host} cannot be read: {problem}") from problem

    async def fetch_bytes(self, url: str, accept: str = "*/*") -> bytes:
        """GET a document."""
        try:
            request = httpx2.Request("GET", url, headers={"Accept": accept})
        except (httpx2.InvalidURL, UnicodeError) as problem:
            raise Unreachable(f"An address cannot be read: {problem}") from problem
        response = await self.handle_async_request(request)
        if response.status_code != 200:
            raise Unreachable(f"{request.url.host} answered with status {response.status_code}")
        return response.content

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        pool = self._pools.get(request.url.scheme)
        if pool is None:
            raise Misconfigured(f"{host} is to be reached by something else than https")
        turn = self._turns.setdefault((host, request.url.port), asyncio.Semaphore(AT_ONCE))
        try:
            async with asyncio.timeout(TIMEOUT), turn, self._places:
                return await _exchange(pool, request)
        except (TimeoutError, httpcore2.TimeoutException) as problem:
            raise Unreachable(f"{host} did not answer within {TIMEOUT:.0f} seconds") from problem
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as problem:
            # What a server sent instead of HTTP may stand in the other problems' texts.
            why = problem if isinstance(problem, httpcore2.ConnectError) else type(problem).__name__
            raise Unreachable(f"{host} cannot be reached: {why}") from problem

    async def shut(self) -> None:
        """Close every connection; aclose() must not, because Authlib closes its clients after each call."""
        for pool in self._pools.values():
            await pool.shut()


@cache
def _authorities() -> ssl.SSLContext:
    """Whom the machine trusts; reading their certificates takes 20 ms and a megabyte, so it is done once."""
    return httpx2.create_ssl_context()


async def _exchange(pool: Connections, request: httpx2.Request) -> httpx2.Response:
    # What arrives is what counts against the limit: a compressed answer could grow a thousandfold.
    request.headers["Accept-Encoding"] = "identity"
    url = request.url
    target = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    sent = await request.aread()
    asked = httpcore2.Request(request.method, target, headers=request.headers.raw, content=sent or None)
    async with pool.lend(target.origin) as connection:
        answer = await connection.handle_async_request(asked)
        try:
            headers = httpx2.Headers(answer.headers)
            if headers.get("Content-Encoding", "identity") != "identity":
                raise Unreachable(f"{url.host} sent a compressed answer, unasked")
            body = bytearray()
            async for part in answer.aiter_stream():
                body += part
                if len(body) > LIMIT:
                    raise Unreachable(f"{url.host} sent more than {LIMIT} bytes")
        finally:
            await answer.aclose()
    return httpx2.Response(answer.status, headers=headers, content=bytes(body), request=request)


class Guard(httpcore2.AsyncNetworkBackend):
    """Resolves a name, checks every address, connects to the checked ones: no second look-up in between."""

    def __init__(self, resolve: Resolve, passes: Callable[[Address], bool]) -> None:
        self._resolve, self._passes = resolve, passes
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the signature is httpcore2's
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = await self._resolve(host, port)
        for address in addresses:
            if not self._passes(address):
                raise Misconfigured(
                    f"{host} is at {address}, which is reached over https at public addresses only "
                    "unless OUTBOUND_IP_ALLOW_LIST names its network"
                )
        failure: Exception = httpcore2.ConnectError("the name has no address")
        for address in addresses:
            try:
                return await self._network.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except httpcore2.ConnectError as problem:
                failure = problem
        raise failure
