"""What has expired is cleared away, and what cannot be cleared holds up nothing else."""

import pytest
from sqlalchemy import insert

from service import upkeep
from service.database import Database, TooSlow, Transaction
from service.database.tables import attempts
from tests.core.people import all_rows

LONG_AGO = "2021-02-05T15:18:13.000Z"


async def test_what_takes_too_long_holds_up_nothing_else(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endless(tx: Transaction) -> None:
        raise TooSlow

    async def fail(tx: Transaction) -> None:
        await tx.run(insert(attempts), project="default", mark="x", count=1, ends_at=LONG_AGO)

    await database.write(fail)
    monkeypatch.setattr(upkeep, "CLEARING", (endless, *upkeep.CLEARING))
    await upkeep.clear(database)
    assert await database.read(all_rows, attempts) == []
