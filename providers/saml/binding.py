"""How messages travel by the browser (SAML Bindings 3.4 and 3.5): in a query, packed, or in a form."""

import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from secrets import token_hex
from typing import NamedTuple
from urllib.parse import urlencode

from lxml import etree

from providers.afterwards import Carried
from providers.contract import Untrusted
from providers.saml import xml
from providers.saml.metadata import Place
from providers.saml.signature import Trust, verify_element, verify_query
from providers.saml.signing import Pair, sign_element, sign_query
from providers.saml.xml import SAML, SAMLP, SPACES, Element


class Sent(NamedTuple):
    """A message on its way: its number, where the browser takes it, and the form in which it does, if it is
    not in the address."""

    id: str
    url: str
    form: dict[str, str]


def write(kind: str, issuer: str, destination: str, **attributes: str) -> Element:
    """The beginning of a message of ours: `kind` is its element, such as LogoutRequest."""
    root = etree.Element(f"{SAMLP}{kind}", nsmap={name: SPACES[name] for name in ("samlp", "saml")})
    told = {
        "ID": f"_{token_hex(20)}",
        "Version": "2.0",
        "IssueInstant": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Destination": destination,
    }
    for name, value in {**told, **attributes}.items():
        root.set(name, value)
    etree.SubElement(root, f"{SAML}Issuer").text = issuer
    return root


def send(root: Element, name: str, place: Place, relay_state: str | None, pair: Pair | None) -> Sent:
    """A message as the parameter `name`, in the way that the place takes it; signed where there is a pair."""
    number, state = root.get("ID", ""), {} if relay_state is None else {"RelayState": relay_state}
    if place.posts:
        whole = etree.tostring(root if pair is None else sign_element(root, pair))
        return Sent(number, place.url, {name: b64encode(whole).decode(), **state})
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(etree.tostring(root)) + packer.flush()
    query = urlencode({name: b64encode(packed).decode(), **state})
    query = query if pair is None else sign_query(query, pair)
    return Sent(number, f"{place.url}{'&' if '?' in place.url else '?'}{query}", {})


def receive(carried: Carried, name: str, trust: Trust) -> Element:
    """The signed message that came as the parameter `name`. Raises Untrusted for one that nobody signed."""
    data = unpack(carried.fields, name)
    if not carried.query:
        return verify_element(xml.parse(data), ".", trust)
    verify_query(carried.query, name, trust)
    unpacker = zlib.decompressobj(-15)
    try:  # what grows beyond the limit is cut there, and the parser refuses it
        return xml.parse(unpacker.decompress(data, xml.LIMIT + 1))
    except zlib.error as problem:
        raise Untrusted(f"The {name} cannot be unpacked") from problem


def unpack(fields: Mapping[str, str], name: str) -> bytes:
    """The base64 of a field. Raises Untrusted."""
    try:
        return b64decode("".join(fields.get(name, "").split()), validate=True)
    except ValueError as problem:
        raise Untrusted(f"The {name} is not base64") from problem
