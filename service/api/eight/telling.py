"""What the 8 generation shows of rows: tokens in clear to who may know them, former states with numbers."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from service.api.calls import Call
from service.database import Transaction
from service.dialects.former import Kept
from service.dialects.sealed import Sealed
from service.sealing import SealBroken
from service.users import model, numbers
from service.users.model import CONCEALED


async def told(tx: Transaction, call: Call, items: Sequence[object]) -> Sequence[object]:
    """The rows with what stands for a value as that value."""
    wanted: set[tuple[str, str]] = set()

    def note(kept: Kept) -> object:
        wanted.update(kept.keys())
        return None

    found = _built(call, items, note)
    if not wanted:
        return found
    known = await _numbers(tx, call.project, wanted)
    return _built(call, items, lambda kept: kept.told(lambda name, key: known.get((name, key))))


def _built(call: Call, items: Sequence[object], former: Callable[[Kept], object]) -> Sequence[object]:
    def hook(value: object) -> object:
        if isinstance(value, msgspec.Raw):
            return msgspec.json.decode(value)
        if isinstance(value, Sealed):
            return _revealed(call, value)
        if isinstance(value, Kept):
            return former(value)
        raise NotImplementedError

    return [msgspec.to_builtins(item, enc_hook=hook) for item in items]


async def _numbers(
    tx: Transaction, project: str, wanted: set[tuple[str, str]]
) -> Mapping[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for name in (model.USERS, model.ROLES, model.FILES):
        keys = {key for collection, key in wanted if collection == name}
        found |= {(name, key): number for key, number in (await numbers.of(tx, project, name, keys)).items()}
    return found


def _revealed(call: Call, sealed: Sealed) -> str:
    """The token in clear for administrators and its owner; asterisks for others, and when secrets changed."""
    caller = call.known
    if caller.admin or caller.user == sealed.user:
        try:
            return call.house.secrets.reveal(call.project, sealed.user, sealed.text)
        except SealBroken:
            return CONCEALED
    return CONCEALED
