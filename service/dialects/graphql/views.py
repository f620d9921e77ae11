"""What a caller may see and do, as a key under which schemas are kept: equal rights share one schema."""

import msgspec


class Glimpse(msgspec.Struct, frozen=True):
    """One collection: the words that are read, those that a create and an update take, and if rows may go."""

    collection: str
    read: tuple[str, ...] = ()
    create: tuple[str, ...] = ()
    update: tuple[str, ...] = ()
    delete: bool = False

    @property
    def name(self) -> str:
        """How fields of Query and Mutation call it, without the prefix that types have."""
        return self.collection.removeprefix("directus_")


class View(msgspec.Struct, frozen=True):
    """All collections that are not hidden; `person`: there is a `me`; `invites`: may invite users."""

    glimpses: tuple[Glimpse, ...] = ()
    person: bool = False
    invites: bool = False

    def glimpse(self, collection: str) -> Glimpse:
        """The collection as this caller knows it; one that is hidden has no words."""
        found = (glimpse for glimpse in self.glimpses if glimpse.collection == collection)
        return next(found, Glimpse(collection))
