"""What bad input costs: each is answered 4xx in the shape of SCIM's errors, in about the time of a blink."""

import asyncio
import json
import time
from collections.abc import Sequence
from statistics import median

from service.database import new_key
from tests.bench import crowd, seed
from tests.bench.houses import House
from tests.bench.measures import Size, Table, met
from tests.bench.rounds import Progress, spread
from tests.bench.wire import Answer, Wire, connect, request

AIM = 100  # ms
MANY = 10_000
_DEEP = 2_000
_PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def refusals(houses: Sequence[House], size: Size, progress: Progress) -> Table:
    """Each bad request several times, with nothing else under way."""
    rows: list[tuple[str, ...]] = [("", "status", "ms", "aim")]
    for house in houses:
        crowd.fill(house, 1, progress)
        progress(f"{house.name}: bad input")
        rows += asyncio.run(_refused(house, size.rounds))
    return Table("Bad input over SCIM", rows)


async def _refused(house: House, rounds: int) -> list[tuple[str, ...]]:
    wire = await connect(house.server.url, Wire)
    key = await _made(house, wire, "/Users", seed.resource(seed.fresh()))
    group = await _made(house, wire, "/Groups", json.dumps({"displayName": f"Group {seed.fresh()}"}).encode())
    rows = []
    for name, (method, path, body) in _bad(key, group).items():
        times, status = [], 0
        for _ in range(rounds):
            began = time.perf_counter()
            answer = await wire.ask(request(method, f"/scim/v2{path}", house.scim_token, body))
            times.append(1000 * (time.perf_counter() - began))
            status = _status(answer)
        rows.append(
            (f"{house.name}, {name}", str(status), spread(times), f"<= {AIM} ms: {met(median(times) <= AIM)}")
        )
    wire.close()
    return rows


async def _made(house: House, wire: Wire, path: str, body: bytes) -> str:
    answer = await wire.ask(request("POST", f"/scim/v2{path}", house.scim_token, body))
    assert answer.status == 201, answer.body[:300]
    return str(json.loads(answer.body)["id"])


def _status(answer: Answer) -> int:
    assert 400 <= answer.status < 500, (answer.status, answer.body[:300])
    assert json.loads(answer.body)["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    return answer.status


def _bad(key: str, group: str) -> dict[str, tuple[str, str, bytes]]:
    terms = " or ".join(f'userName eq "u{n}"' for n in range(MANY))
    one, person = f"/Users/{key}", json.loads(seed.resource(0))
    strangers = [{"value": new_key()} for _ in range(MANY)]
    replaced = [{"op": "replace", "path": "title", "value": f"t{n}"} for n in range(MANY)]
    return {
        f"filter of {MANY:,} terms": ("POST", "/Users/.search", _search(terms)),
        "filter of 1 MB": ("POST", "/Users/.search", _search(f'userName eq "{"x" * 2**20}"')),
        f"PATCH of {MANY:,} operations": ("PATCH", one, _patch(replaced)),
        f"JSON {_DEEP:,} deep": ("POST", "/Users", b"[" * _DEEP + b"]" * _DEEP),
        f"attribute {_DEEP:,} deep": ("PUT", one, _nested(person)),
        "wrong types": (
            "PUT",
            one,
            json.dumps({**person, "name": 7, "active": "maybe", "emails": 1}).encode(),
        ),
        f"{MANY:,} unknown members": (
            "PATCH",
            f"/Groups/{group}",
            _patch([{"op": "add", "path": "members", "value": strangers}]),
        ),
    }


def _search(text: str) -> bytes:
    schema = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
    return json.dumps({"schemas": [schema], "filter": text}).encode()


def _patch(operations: Sequence[object]) -> bytes:
    return json.dumps({"schemas": [_PATCH], "Operations": operations}).encode()


def _nested(person: dict[str, object]) -> bytes:
    whole = json.dumps({**person, "title": "?"}).encode()
    return whole.replace(b'"?"', b"[" * _DEEP + b"]" * _DEEP)
