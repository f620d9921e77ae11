"""From an entry of a directory to an Identity."""

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from providers.contract import Identity
from providers.ldap.messages import Entry
from providers.ldap.settings import LdapClient
from providers.profile import read_person
from providers.words import Words


def describe(name: str, entry: Entry, groups: list[str] | None, told: LdapClient) -> Identity:
    """The person of an entry, at the provider called `name`; of `groups` None says that nobody could tell."""
    named = (
        told.user_attribute,
        told.mail_attribute,
        told.first_name_attribute,
        told.last_name_attribute,
    )
    found = {word: next(iter(texts(entry.attributes.get(word.lower(), []))), None) for word in named}
    found |= {word: _identifier(word, entry) for word in told.identifiers()}
    said: dict[str, object] = {word: value for word, value in found.items() if value is not None}
    domain = str(said.get(told.mail_attribute, "")).rpartition("@")[2].lower()
    said |= {"dn": entry.dn, "email_verified": domain in told.verified_domains}
    words = Words(
        identifier=told.identifiers(),
        email=told.mail_attribute,
        first_name=told.first_name_attribute,
        last_name=told.last_name_attribute,
    )
    if groups is None:
        return replace(read_person(name, said, words), groups=None)
    return read_person(name, {**said, "groups": groups}, words)


def _identifier(name: str, entry: Entry) -> str | None:
    """As a text: Active Directory's objectGUID is a binary UUID, its first half little-endian."""
    values = entry.attributes.get(name.lower(), [])[:1]
    if values and name.lower() == "objectguid" and len(values[0]) == 16:
        return str(UUID(bytes_le=values[0]))
    return next(iter(texts(values)), None)


def texts(values: Sequence[bytes]) -> list[str]:
    """The values that are texts; a photo is none."""
    found = []
    for value in values:
        try:
            found.append(value.decode())
        except UnicodeDecodeError:
            continue
    return found
