"""One connection to a directory: over TLS before anything is said, with a bound on all that comes back."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec import Struct

from providers.addresses import look_up
from providers.contract import Misconfigured, ProviderError, Unreachable
from providers.ldap import ber, messages
from providers.ldap.ber import Element
from providers.ldap.messages import Entry, Result, Scope
from providers.redirects import shown

LIMIT = 1_000_000  # bytes of everything that a directory says in one session


class Place(Struct, frozen=True):
    """Where a directory is, and how it is spoken with; without `trust` in the clear, on this machine only."""

    host: str
    port: int
    trust: ssl.SSLContext | None
    starts: bool = False  # TLS follows a plain greeting (RFC 4511 section 4.14)


class Session:
    """Requests and answers, one at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._number = 1  # the first was for TLS, if it was sent
        self._left = LIMIT

    async def bind(self, dn: str, password: str) -> Result:
        """Say who we are; the caller has seen to it that the password is not empty."""
        return messages.result(await self._ask(messages.bind(dn, password), messages.BOUND))

    async def search(
        self, base: str, scope: Scope, attribute: str, value: str, wanted: list[str], most: int
    ) -> tuple[list[Entry], Result]:
        """The entries found, and how the search ended; references to other directories are not followed."""
        found = []
        operation = await self._ask(messages.search(base, scope, attribute, value, wanted, most))
        while operation.tag != messages.DONE:
            if operation.tag == messages.ENTRY:
                found.append(messages.entry(operation))
            elif operation.tag != messages.REFERENCE:
                raise ber.Malformed("something that was not asked for")
            operation = await self._next()
        return found, messages.result(operation)

    async def _ask(self, operation: bytes, expected: int | None = None) -> Element:
        self._number += 1
        self._writer.write(messages.message(self._number, operation))
        await self._writer.drain()
        answer = await self._next()
        if expected is not None and answer.tag != expected:
            raise ber.Malformed("something that was not asked for")
        return answer

    async def _next(self) -> Element:
        head = await self._reader.readexactly(2)
        if head[0] != ber.SEQUENCE:
            raise ber.Malformed("no message")
        while (size := ber.measure(head)) is None:
            head += await self._reader.readexactly(1)
        self._left -= sum(size)
        if self._left < 0:
            raise Unreachable(f"The directory sent more than {LIMIT} bytes")
        number, operation = messages.open_message(await self._reader.readexactly(size[1]))
        if number == 0:  # section 4.4.1
            raise Unreachable(f"The directory hung up: {shown(messages.result(operation).said)}")
        if number != self._number:
            raise ber.Malformed("an answer to something else")
        return operation


@asynccontextmanager
async def session(place: Place) -> AsyncIterator[Session]:
    """A connection for the length of the block, which the caller bounds in time. Raises ProviderError."""
    plain = await _connect(place)
    writer = None
    try:
        if place.starts and place.trust is not None:
            await _start_tls(plain)
        # The handshake may take as long as the caller's own deadline, no longer.
        name = place.host if place.trust else None
        reader, writer = await asyncio.open_connection(sock=plain, ssl=place.trust, server_hostname=name)
        yield Session(reader, writer)
    except ProviderError:
        raise
    except ssl.SSLCertVerificationError as problem:
        raise Misconfigured(
            f"{place.host} shows a certificate that is not trusted ({shown(problem.verify_message)}): "
            "TLS_CA names the authority that signed it"
        ) from problem
    except (OSError, EOFError) as problem:
        raise Unreachable(f"{place.host} broke off: {type(problem).__name__}") from problem
    except ValueError as problem:  # Malformed, and text that is not UTF-8
        raise Unreachable(f"{place.host} does not speak LDAP") from problem
    finally:
        if writer is not None:
            writer.transport.abort()  # a directory that hangs could draw out a farewell
        plain.close()


async def _connect(place: Place) -> socket.socket:
    failure: OSError | None = None
    for address in await look_up(place.host, place.port):
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        plain = socket.socket(family, socket.SOCK_STREAM)
        plain.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(plain, (str(address), place.port))
        except OSError as problem:
            plain.close()
            failure = problem
        except BaseException:
            plain.close()
            raise
        else:
            return plain
    raise Unreachable(f"{place.host} cannot be reached") from failure


async def _start_tls(plain: socket.socket) -> None:
    """Ask for TLS in the clear. What follows the answer before the handshake may be anybody's: refused."""
    loop, data = asyncio.get_running_loop(), b""
    await loop.sock_sendall(plain, messages.message(1, messages.start_tls()))
    while (size := ber.measure(data)) is None or len(data) < sum(size):
        part = await loop.sock_recv(plain, 4096)
        if not part or len(data) > 4096:
            raise EOFError
        data += part
    (whole, *more) = ber.read_all(data)
    _, operation = messages.open_message(whole.inside)
    if more or operation.tag != messages.EXTENDED:
        raise ber.Malformed("something that was not asked for")
    if messages.result(operation).code != messages.SUCCESS:
        raise Misconfigured("The directory offers no TLS at this address; ldaps:// may be the right one")
