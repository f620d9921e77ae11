"""What a directory is set up with."""

import ssl
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from providers.contract import Misconfigured
from providers.ldap.session import Place
from providers.secret import Secret
from providers.settings import Common, Domains, Flag

_PORTS = {"ldap": 389, "ldaps": 636}
# What never changes, and is never given to somebody else: RFC 4530, Active Directory, 389 and FreeIPA.
_IDENTIFIERS = ("entryUUID", "objectGUID", "nsUniqueId", "ipaUniqueID")

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


class LdapClient(Common, frozen=True, kw_only=True):
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


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
