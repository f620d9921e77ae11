"""Who is to be in a group, and who came and went when they were let in and out."""

from collections.abc import Iterable, Mapping

import msgspec


class Wanted(msgspec.Struct):
    """Who is to be in a group: of those named the True ones are, the False ones are not; with `only`, nobody
    else is. `displays` are the provider's names of newcomers."""

    named: dict[str, bool] = {}
    only: bool = False
    displays: dict[str, str | None] = {}

    def add(self, entries: Mapping[str, str | None]) -> None:
        """These are to be in it, each with the provider's name."""
        self.named.update(dict.fromkeys(entries, True))
        self.displays.update(entries)

    def remove(self, ids: Iterable[str]) -> None:
        """These are not."""
        self.named.update(dict.fromkeys(ids, False))

    def replace(self, entries: Mapping[str, str | None]) -> None:
        """These and nobody else."""
        self.named, self.only = {}, True
        self.add(entries)

    @property
    def inside(self) -> list[str]:
        """Who is to be in it."""
        return [id_ for id_, within in self.named.items() if within]

    @property
    def outside(self) -> list[str]:
        """Who is not."""
        return [id_ for id_, within in self.named.items() if not within]


class Moved(msgspec.Struct):
    """Who came and who went, users and groups."""

    added: list[str] = []
    removed: list[str] = []
    added_groups: list[str] = []
    removed_groups: list[str] = []

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.added_groups or self.removed_groups)

    @property
    def incoming(self) -> list[str]:
        """Who came."""
        return [*self.added, *self.added_groups]

    @property
    def outgoing(self) -> list[str]:
        """Who went."""
        return [*self.removed, *self.removed_groups]

    @property
    def users(self) -> list[str]:
        """The users."""
        return [*self.added, *self.removed]

    @property
    def groups(self) -> list[str]:
        """The groups inside."""
        return [*self.added_groups, *self.removed_groups]
