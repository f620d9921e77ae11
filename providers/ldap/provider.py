"""LDAP: a person is looked up by a reader, and is who they say when the directory takes their password."""

import asyncio

from providers.contract import Identity, Misconfigured, Refused
from providers.http import Outbound
from providers.ldap import messages
from providers.ldap.messages import Entry
from providers.ldap.person import describe, texts
from providers.ldap.results import NOT_TAKEN, judge, must, word
from providers.ldap.session import Place, Session, session
from providers.ldap.settings import LdapClient
from providers.redirects import in_time, random_text
from providers.secret import Secret

AT_ONCE = 8  # connections to one directory; who comes when all are taken waits


class LdapSettings(LdapClient, frozen=True, kw_only=True, tag_field="driver", tag="ldap"):
    """The documented variables, and beside them what says who somebody is for good."""

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
            judge(await directory.bind(dn, password.reveal()))
        if entry is None:
            raise Refused("The directory knows nobody of this name")
        return describe(self.name, entry, groups, self._settings)

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
                        found.append(f"{key}: the directory does not let us search there ({word(ended)}).")
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
        if ended.code in NOT_TAKEN:
            raise Misconfigured(f"The directory does not take BIND_DN and BIND_PASSWORD ({word(ended)})")
        must(ended)

    async def _find(self, directory: Session, identifier: str) -> Entry | None:
        """The one entry of this name; of two none is taken."""
        told = self._settings
        wanted = [told.user_attribute, told.mail_attribute, told.first_name_attribute]
        wanted += [told.last_name_attribute, *(name for name in told.identifiers() if name != "dn")]
        place = (told.user_dn, told.user_scope, told.user_attribute, identifier)
        entries, ended = await directory.search(*place, wanted, 2)
        if len(entries) > 1 or ended.code == messages.SIZE_EXCEEDED:
            raise Refused("The directory knows several people of this name")
        must(ended)
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
        must(ended)
        return [name for entry in entries for name in texts(entry.attributes.get("cn", []))]
