"""XML from others: UTF-8, small, without DTD or entities; and the words of SAML in it."""

from datetime import UTC, datetime
from typing import TypeAlias

from lxml import etree

from providers.contract import Untrusted

LIMIT = 262_144  # bytes of a document
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
SAMLP = "{urn:oasis:names:tc:SAML:2.0:protocol}"
MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
SPACES = {
    "saml": SAML[1:-1],
    "samlp": SAMLP[1:-1],
    "md": MD[1:-1],
    "ds": DS[1:-1],
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
}

Element: TypeAlias = etree._Element


def parse(data: bytes) -> Element:
    """The root of a document, without its comments: no word in it can be cut in two. Raises Untrusted.

    A DTD is refused before anything is parsed. So that none can hide, the text is UTF-8, whatever it says.
    """
    try:
        text = data.decode()
        if len(data) > LIMIT or "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise Untrusted("The document is too large, or has a document type of its own")
        return etree.fromstring(data, parser=_parser())
    except (etree.XMLSyntaxError, ValueError) as problem:
        raise Untrusted("The document is not XML in UTF-8") from problem


def _parser() -> etree.XMLParser:
    """One for each document: a parser cannot be shared between threads."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
    )


def find_all(parent: Element, path: str) -> list[Element]:
    """The elements at a path such as `saml:Subject/saml:NameID`."""
    return parent.findall(path, SPACES)


def find_one(parent: Element, path: str) -> Element:
    """The one element at a path. Raises Untrusted where there is none, or more."""
    found = find_all(parent, path)
    if len(found) != 1:
        raise Untrusted(f"The document has {len(found)} {path.rpartition('/')[2]} where there must be one")
    return found[0]


def read_text(element: Element) -> str:
    """The text of an element that holds nothing else, without blanks around it. Raises Untrusted."""
    if len(element):
        raise Untrusted("The document has elements where a text must be")
    return (element.text or "").strip()


def read_moment(text: str) -> float:
    """Seconds since 1970 of a moment, which SAML writes in UTC (Core 1.3.3). Raises Untrusted."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as problem:
        raise Untrusted("The document has a moment that is none") from problem
