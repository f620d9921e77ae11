"""What a callback takes at the least: code for tokens, the ID token verified, userinfo, with Authlib and nothing
else. `python -m tests.bench.exchange ISSUER COUNT` prints the seconds and the CPU seconds that it took."""

import asyncio
import sys
import time

import httpx2
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.bench.vouching import CLIENT, Issuer

AT_ONCE = 16
_TRUST = httpx2.create_ssl_context()


async def exchange(issuer: str, count: int) -> None:
    """So many exchanges, some at once."""
    shared = httpx2.AsyncHTTPTransport(verify=_TRUST)
    keys = KeySet.import_key_set((await _get(shared, f"{issuer}/keys")).json())
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            async with _client(shared) as client:
                code = Issuer.code("n", f"p{number % 50}")
                said = await client.fetch_token(f"{issuer}/token", code=code, code_verifier="v" * 43)
                claims = jwt.decode(said["id_token"], keys, algorithms=["RS256"]).claims
                person = (await client.get(f"{issuer}/userinfo")).json()
            assert claims["sub"] == person["sub"]

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


class _Kept(httpx2.AsyncBaseTransport):
    """A transport that outlives its clients."""

    def __init__(self, shared: httpx2.AsyncHTTPTransport) -> None:
        self._shared = shared

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._shared.handle_async_request(request)


def _client(shared: httpx2.AsyncHTTPTransport) -> AsyncOAuth2Client:
    return AsyncOAuth2Client(CLIENT, "secret", transport=_Kept(shared), trust_env=False)


async def _get(shared: httpx2.AsyncHTTPTransport, url: str) -> httpx2.Response:
    async with httpx2.AsyncClient(transport=_Kept(shared), trust_env=False) as client:
        return await client.get(url)


if __name__ == "__main__":
    asyncio.run(exchange(sys.argv[1], 50))
    began, used = time.perf_counter(), time.process_time()
    asyncio.run(exchange(sys.argv[1], int(sys.argv[2])))
    print(time.perf_counter() - began, time.process_time() - used)
