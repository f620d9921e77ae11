"""What comes back (SAML Core 3.2.2, Profiles 4.1.4.3): verified, and read from what was signed alone.

The response around the assertion may be anybody's: what it says can make us refuse, never accept.
"""

import time
from collections.abc import Callable, Mapping
from typing import NoReturn

from lxml import etree
from msgspec import Struct

from providers.contract import Untrusted
from providers.saml import xml
from providers.saml.binding import unpack
from providers.saml.encryption import name_in
from providers.saml.signature import Trust, verify_element
from providers.saml.status import check_status
from providers.saml.xml import SAML, SAMLP, Element, find_all, find_one, read_moment, read_text

SKEW = 60.0  # seconds that two clocks may be apart
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_CONDITIONS = {f"{SAML}{name}" for name in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction")}


class Expected(Struct, frozen=True):
    """What an answer has to fit. Without a `request` it must answer none: nobody asked for it."""

    issuer: str
    trust: Trust
    audience: str
    recipient: str
    request: str | None


class Assertion(Struct, frozen=True):
    """What the identity provider has signed; moments in seconds since 1970, the attributes as lists."""

    id: str
    name_id: str
    name_format: str
    name: str  # the whole NameID, as XML
    attributes: dict[str, list[str]]
    ends: float  # when nobody may use it any more
    auth_time: int
    context: str | None
    session_index: str | None
    session_ends: float | None


def read_response(
    fields: Mapping[str, str], expected: Expected, decrypt: Callable[[Element], Element] | None = None
) -> Assertion:
    """The assertion in a SAMLResponse. Raises Refused for a status that says no, Untrusted for all else."""
    root = xml.parse(unpack(fields, "SAMLResponse"))
    _check_wrapper(root, expected)
    assertion = _signed(root, expected.trust, decrypt)
    if read_text(find_one(assertion, "saml:Issuer")) != expected.issuer:
        _mistrust("The assertion is another identity provider's")
    return _read(assertion, expected, decrypt)


def vet_response(
    fields: Mapping[str, str], trust: Trust, decrypt: Callable[[Element], Element] | None = None
) -> None:
    """Raises Untrusted for a SAMLResponse whose assertion was not signed by whom we trust."""
    _signed(xml.parse(unpack(fields, "SAMLResponse")), trust, decrypt)


def _signed(root: Element, trust: Trust, decrypt: Callable[[Element], Element] | None) -> Element:
    """The one assertion, verified."""
    encrypted = find_all(root, "saml:EncryptedAssertion")
    if encrypted and decrypt is not None:
        root.replace(encrypted[0], decrypt(encrypted[0]))
    if len(list(root.iter(f"{SAML}Assertion", f"{SAML}EncryptedAssertion"))) != 1:
        _mistrust("The response holds no assertion, an encrypted one, or more than one")
    return verify_element(root, "./saml:Assertion", trust)


def _check_wrapper(root: Element, expected: Expected) -> None:
    if root.tag != f"{SAMLP}Response" or root.get("Version") != "2.0":
        _mistrust("This is no response of SAML 2.0")
    check_status(root)
    if root.get("Destination", expected.recipient) != expected.recipient:
        _mistrust("The response was meant for another address")
    if root.get("InResponseTo") != expected.request:
        _mistrust("The response answers another question than ours")
    for issuer in find_all(root, "saml:Issuer"):
        if read_text(issuer) != expected.issuer:
            _mistrust("The response is another identity provider's")


def _read(assertion: Element, expected: Expected, decrypt: Callable[[Element], Element] | None) -> Assertion:
    now = time.time()
    ends = _check_subject(assertion, expected, now)
    _check_conditions(find_one(assertion, "saml:Conditions"), expected, now)
    name = name_in(find_one(assertion, "saml:Subject"), decrypt)
    said = find_one(assertion, "saml:AuthnStatement")
    session_ends = _moment(said, "SessionNotOnOrAfter")
    if session_ends is not None and session_ends <= now - SKEW:
        _mistrust("The session at the identity provider is over")
    contexts = find_all(said, "saml:AuthnContext/saml:AuthnContextClassRef")
    return Assertion(
        id=assertion.get("ID", ""),
        name_id=read_text(name),
        name_format=name.get("Format", ""),
        name=etree.tostring(name, with_tail=False).decode(),
        attributes=_attributes(assertion),
        ends=ends + SKEW,
        auth_time=int(read_moment(said.get("AuthnInstant", ""))),
        context=read_text(contexts[0]) if contexts else None,
        session_index=said.get("SessionIndex"),
        session_ends=session_ends,
    )


def _check_subject(assertion: Element, expected: Expected, now: float) -> float:
    """When the assertion may not be delivered any more; for us, and in answer to our question only."""
    for one in find_all(assertion, "saml:Subject/saml:SubjectConfirmation"):
        if one.get("Method") != _BEARER:
            continue
        for data in find_all(one, "saml:SubjectConfirmationData"):
            ends, begins = _moment(data, "NotOnOrAfter"), _moment(data, "NotBefore") or 0.0
            if (
                data.get("Recipient") == expected.recipient
                and data.get("InResponseTo") == expected.request
                and ends is not None
                and begins - SKEW <= now < ends + SKEW
            ):
                return ends
    raise Untrusted(
        "The assertion is stale, meant for another address, or answers another question than ours"
    )


def _check_conditions(conditions: Element, expected: Expected, now: float) -> None:
    begins, ends = _moment(conditions, "NotBefore"), _moment(conditions, "NotOnOrAfter")
    if (begins is not None and now < begins - SKEW) or (ends is not None and now >= ends + SKEW):
        _mistrust("The assertion is not valid now: compare the clocks of both sides")
    if any(condition.tag not in _CONDITIONS for condition in conditions):
        _mistrust("The assertion has a condition that we do not know (Core 2.5.1)")
    restrictions = find_all(conditions, "saml:AudienceRestriction")
    audiences = [{read_text(one) for one in find_all(each, "saml:Audience")} for each in restrictions]
    if not audiences or any(expected.audience not in each for each in audiences):
        _mistrust("The assertion is meant for another audience")


def _attributes(assertion: Element) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in find_all(assertion, "saml:AttributeStatement/saml:Attribute"):
        values = [read_text(value) for value in find_all(one, "saml:AttributeValue") if not len(value)]
        found.setdefault(one.get("Name", ""), []).extend(value for value in values if value)
    return {name: values for name, values in found.items() if name and values}


def _moment(element: Element, name: str) -> float | None:
    text = element.get(name)
    return None if text is None else read_moment(text)


def _mistrust(cause: str) -> NoReturn:
    raise Untrusted(cause)
