"""LDAP: a person is looked up by a reader, and is who they say when the directory takes their password."""

import asyncio
import ssl
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Meta
from msgspec.structs import replace

from providers.contract import Identity, Misconfigured, Refused, Unreachable
from providers.http import Outbound
from providers.ldap import messages
from providers.ldap.messages import Entry, Result
from providers.ldap.session import Place, Session, session
from providers.profile import read_person
from providers.redirects import in_time, random_text, shown
from providers.secret import Secret
from providers.settings import Common, Domains, Flag
from providers.words import Words

AT_ONCE = 8  # connections to one directory; who comes when all are taken waits
_PORTS = {"ldap": 389, "ldaps": 636}
# What never changes, and is never given to somebody else: RFC 4530, Active Directory, 389 and FreeIPA.
_IDENTIFIERS = ("entryUUID", "objectGUID", "nsUniqueId", "ipaUniqueID")
# Words of a directory that did look at the password (RFC 4511 appendix A.2): not this one, or not now.
_NOT_TAKEN = {19, 48, 49, 50, 53}

DirectoryUrl = Annotated[
    str,
    Meta(
        pattern=r"^ldaps?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/?\Z",
        max_length=300,
        description="an ldaps:// or ldap:// address of a host",
    ),
]
Name = Annotated[str, Meta(min_length=1, max_length=1000, description="a DN, such as ou=people,dc=example")]
NameMaybe = Annotated[
    Annotated[str, Meta(max_length=1000)] | None, Meta(description="a DN, such as ou=groups,dc=example")
]
Attribute = Annotated[
    str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9;.-]{0,127}\Z", description="an attribute's name, such as uid")
]
AttributeMaybe = Annotated[
    Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9;.-]{0,127}\Z")] | None,
    Meta(description="an attribute's name, such as entryUUID, or dn"),
]
Depth = Annotated[Literal["base", "one", "sub"], Meta(description="base, one or sub")]
Password = Annotated[Secret | None, Meta(description="the password that goes with BIND_DN")]
Authority = Annotated[
    Annotated[str, Meta(pattern=r"^\s*-----BEGIN ")] | None,
    Meta(description="certificates in PEM, those of the authority that signs the directory's"),
]


class LdapSettings(Common, frozen=True, kw_only=True, tag_field="driver", tag="ldap"):
    """The documented variables, and beside them what says who somebody is for good.

    An address counts as verified in one of `verified_domains`. With `ldap://` TLS follows the greeting,
    always but on this machine, where `start_tls` asks for it.
    """

    client_url: DirectoryUrl
    bind_dn: NameMaybe = None
    bind_password: Password = None
    user_dn: Name
    user_attribute: Attribute = "cn"
    user_scope: Depth = "one"
    identifier_attribute: AttributeMaybe = None
    mail_attribute: Attribute = "mail"
    first_name_attribute: Attribute = "givenName"
    last_name_attribute: Attribute = "sn"
    group_dn: NameMaybe = None
    group_attribute: Attribute = "member"
    group_scope: Depth = "one"
    verified_domains: Domains = ()
    start_tls: Flag = False
    tls_ca: Authority = None

    def place(self) -> Place:
        """Where the directory is. Raises Misconfigured for certificates that are none."""
        parts = urlsplit(self.client_url)
        host = parts.hostname or ""
        port = parts.port or _PORTS[parts.scheme]
        if parts.scheme == "ldap" and not self.start_tls and _is_here(host):
            return Place(host, port, None)
        try:
            trust = ssl.create_default_context(cadata=self.tls_ca)
        except (ssl.SSLError, ValueError) as problem:
            raise Misconfigured("TLS_CA holds no certificate that can be read") from problem
        return Place(host, port, trust, starts=parts.scheme == "ldap")

    def identifiers(self) -> tuple[str, ...]:
        """The attributes that may say who somebody is; the first one there counts."""
        return (self.identifier_attribute,) if self.identifier_attribute else _IDENTIFIERS

    def open(self, name: str, outbound: Outbound) -> "Ldap":
        return Ldap(name, self)


class Ldap:
    """One directory."""

    def __init__(self, name: str, settings: LdapSettings) -> None:
        self.name, self.driver = name, settings.driver()
        self.label, self.icon = settings.label or name, settings.icon
        self._settings = settings
        self._place: Place | None = None
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def recognise(self, identifier: str, password: Secret) -> Identity:
        # RFC 4513 section 5.1.2: a bind with a name and no password succeeds, and proves nothing.
        if not identifier or not password.reveal() or "\0" in identifier:
            raise Refused("The identifier or the password is empty")
        async with in_time(), self._turn, session(self._at()) as directory:
            await self._enter(directory)
            entry = await self._find(directory, identifier)
            groups = await self._groups(directory, entry, identifier)
            # Who is not there costs as many questions, and as wrong a password, as who is.
            dn = (
                entry.dn
                if entry
                else f"{self._settings.user_attribute}={random_text()},{self._settings.user_dn}"
            )
            _judge(await directory.bind(dn, password.reveal()))
        if entry is None:
            raise Refused("The directory knows nobody of this name")
        return self._describe(entry, groups)

    async def inspect(self, return_url: str) -> list[str]:
        """Whether the reader gets in, and finds the places that are named."""
        found = []
        told = self._settings
        async with in_time(), self._turn, session(self._at()) as directory:
            await self._enter(directory)
            for key, dn in (("USER_DN", told.user_dn), ("GROUP_DN", told.group_dn)):
                if dn is not None:
                    asked = directory.search(dn, "one", told.user_attribute, random_text(), ["1.1"], 1)
                    _, ended = await asked
                    if ended.code != messages.SUCCESS:
                        found.append(f"{key}: the directory does not let us search there ({_word(ended)}).")
        if told.bind_dn is None:
            found.append("BIND_DN is not set: people are looked up by nobody in particular (anonymously).")
        if self._at().trust is None:
            found.append("Passwords travel in the clear, which is for trying on one machine only.")
        return found

    def _at(self) -> Place:
        if self._place is None:
            self._place = self._settings.place()
        return self._place

    async def _enter(self, directory: Session) -> None:
        """As the reader; without one nobody has to be said, RFC 4513 section 5.1.1."""
        told = self._settings
        if told.bind_dn is None:
            return
        if told.bind_password is None or not told.bind_password.reveal():
            raise Misconfigured("BIND_DN is set and BIND_PASSWORD is not")
        ended = await directory.bind(told.bind_dn, told.bind_password.reveal())
        if ended.code in _NOT_TAKEN:
            raise Misconfigured(f"The directory does not take BIND_DN and BIND_PASSWORD ({_word(ended)})")
        _must(ended)

    async def _find(self, directory: Session, identifier: str) -> Entry | None:
        """The one entry of this name; of two none is taken."""
        told = self._settings
        wanted = [told.user_attribute, told.mail_attribute, told.first_name_attribute]
        wanted += [told.last_name_attribute, *(name for name in told.identifiers() if name != "dn")]
        place = (told.user_dn, told.user_scope, told.user_attribute, identifier)
        entries, ended = await directory.search(*place, wanted, 2)
        if len(entries) > 1 or ended.code == messages.SIZE_EXCEEDED:
            raise Refused("The directory knows several people of this name")
        _must(ended)
        return entries[0] if entries else None

    async def _groups(self, directory: Session, entry: Entry | None, identifier: str) -> list[str] | None:
        """The names of the person's groups; None where the directory cannot tell all of them."""
        told = self._settings
        if told.group_dn is None:
            return None
        # A posixGroup (RFC 2307) lists names, every other kind lists DNs.
        member = identifier if told.group_attribute.lower() == "memberuid" else entry.dn if entry else "cn=-"
        place = (told.group_dn, told.group_scope, told.group_attribute, member)
        entries, ended = await directory.search(*place, ["cn"], 0)
        if ended.code == messages.SIZE_EXCEEDED:
            return None
        _must(ended)
        return [name for entry in entries for name in _texts(entry.attributes.get("cn", []))]

    def _describe(self, entry: Entry, groups: list[str] | None) -> Identity:
        told = self._settings
        named = (
            told.user_attribute,
            told.mail_attribute,
            told.first_name_attribute,
            told.last_name_attribute,
        )
        found = {name: next(iter(_texts(entry.attributes.get(name.lower(), []))), None) for name in named}
        found |= {name: _identifier(name, entry) for name in told.identifiers()}
        said: dict[str, object] = {name: value for name, value in found.items() if value is not None}
        domain = str(said.get(told.mail_attribute, "")).rpartition("@")[2].lower()
        said |= {"dn": entry.dn, "email_verified": domain in told.verified_domains}
        words = Words(
            identifier=told.identifiers(),
            email=told.mail_attribute,
            first_name=told.first_name_attribute,
            last_name=told.last_name_attribute,
        )
        if groups is None:
            return replace(read_person(self.name, said, words), groups=None)
        return read_person(self.name, {**said, "groups": groups}, words)


def _judge(ended: Result) -> None:
    """Raises Refused for a password that the directory does not take."""
    if ended.code in _NOT_TAKEN | {messages.NO_SUCH_OBJECT}:
        raise Refused(f"The directory does not take the password ({_word(ended)})")
    _must(ended)


def _must(ended: Result) -> None:
    if ended.code == messages.REFERRAL:
        raise Misconfigured(
            "The directory sends us to another one, and we do not follow: name that one instead"
        )
    if ended.code == messages.NO_SUCH_OBJECT:
        raise Misconfigured("The directory has nothing at USER_DN or GROUP_DN, or does not let us read there")
    if ended.code != messages.SUCCESS:
        raise Unreachable(f"The directory answered {_word(ended)}")


def _word(ended: Result) -> str:
    return f"{ended.code} {shown(ended.said)}".strip()


def _identifier(name: str, entry: Entry) -> str | None:
    """As a text: Active Directory's objectGUID is a binary UUID, its first half little-endian."""
    values = entry.attributes.get(name.lower(), [])[:1]
    if values and name.lower() == "objectguid" and len(values[0]) == 16:
        return str(UUID(bytes_le=values[0]))
    return next(iter(_texts(values)), None)


def _texts(values: Sequence[bytes]) -> list[str]:
    """The values that are texts; a photo is none."""
    found = []
    for value in values:
        try:
            found.append(value.decode())
        except UnicodeDecodeError:
            continue
    return found


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
