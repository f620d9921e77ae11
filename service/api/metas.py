"""What `meta` tells of an answer: counts in the 9/10 generation; others bring their own."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol

from service.api.query_string import words
from service.database import Transaction
from service.dialects import question
from service.dialects.question import Question
from service.users.problems import BadQuery

if TYPE_CHECKING:
    from service.api.calls import Call

METAS: Final = ("total_count", "filter_count")


class Metas(Protocol):
    """How a generation reads and answers `meta`."""

    def read(self, query: Mapping[str, object]) -> tuple[str, ...]:
        """What is asked for. Raises BadQuery."""

    async def tell(
        self, tx: Transaction, call: "Call", asked: Question, names: tuple[str, ...], shown: int
    ) -> Mapping[str, object]:
        """What is told of an answer of many, of which so many are shown."""

    def of_one(self, asked: Question, names: tuple[str, ...]) -> Mapping[str, object]:
        """What is told of an answer of one."""


class Counts:
    """`total_count` and `filter_count`."""

    def read(self, query: Mapping[str, object]) -> tuple[str, ...]:
        """What is asked for. Raises BadQuery."""
        if "meta" not in query:
            return ()
        asked = words(query["meta"], "meta")
        if "*" in asked:
            return METAS
        for place, name in enumerate(asked):
            if name not in METAS:
                raise BadQuery(f'"meta[{place}]" must be one of [{", ".join(METAS)}]')
        return tuple(asked)

    async def tell(
        self, tx: Transaction, call: "Call", asked: Question, names: tuple[str, ...], shown: int
    ) -> Mapping[str, object]:
        """The counts."""
        return {name: await question.count(tx, asked, filtered=name == "filter_count") for name in names}

    def of_one(self, asked: Question, names: tuple[str, ...]) -> Mapping[str, object]:
        """Nothing is told of one."""
        return {}
