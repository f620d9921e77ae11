"""Single logout (SAML Core 3.7, Profiles 4.4): what both sides ask and answer, each signed."""

import time
from typing import NamedTuple

import msgspec
from lxml import etree
from msgspec import Struct

from providers.afterwards import Carried, LoggedOut, LogoutAsked
from providers.contract import Misconfigured, Untrusted
from providers.saml import binding, xml
from providers.saml.binding import Sent
from providers.saml.encryption import Decryption, name_in
from providers.saml.metadata import IdentityProvider
from providers.saml.response import SKEW, Assertion
from providers.saml.signature import Trust
from providers.saml.signing import Pair
from providers.saml.status import add_success, check_status
from providers.saml.xml import SAMLP, Element, find_all, find_one, read_moment, read_text

LIFETIME = 300  # seconds in which a request counts, where it does not say so itself
_LONGEST = 2000  # characters of a RelayState, and of a hint: who has a longer name is signed out here alone


class Hint(Struct, frozen=True, array_like=True):
    """How the identity provider knows one session of somebody: the NameID as it wrote it, and its index."""

    name: str
    index: str | None


class Sides(NamedTuple):
    """Who speaks with whom, at which address of ours."""

    whom: IdentityProvider
    entity_id: str
    here: str
    trust: Trust
    pair: Pair


def hint_of(assertion: Assertion) -> str | None:
    """What is kept of a sign-on so that its session can be ended there."""
    told = msgspec.json.encode(Hint(assertion.name, assertion.session_index)).decode()
    return told if len(told) <= _LONGEST else None


def ask(sides: Sides, hint: str, relay_state: str) -> Sent | None:
    """Ask for the end of the session that the hint names; None where nobody takes such questions."""
    place = sides.whom.logout
    if place is None:
        return None
    told = msgspec.json.decode(hint, type=Hint)
    root = binding.write("LogoutRequest", sides.entity_id, place.url)
    root.append(xml.parse(told.name.encode()))
    if told.index is not None:
        etree.SubElement(root, f"{SAMLP}SessionIndex").text = told.index
    return binding.send(root, "SAMLRequest", place, relay_state, sides.pair)


def confirm(carried: Carried, sides: Sides, request: str) -> None:
    """Read the answer to our request. Raises Refused where it is no, Untrusted where it answers another."""
    root = binding.receive(carried, "SAMLResponse", sides.trust)
    _check(root, "LogoutResponse", sides)
    if root.get("InResponseTo") != request:
        raise Untrusted("The response answers another request than ours")
    check_status(root)


def read(carried: Carried, sides: Sides) -> LogoutAsked:
    """Whose sessions the identity provider wants ended. Raises Untrusted."""
    root = binding.receive(carried, "SAMLRequest", sides.trust)
    issued = _check(root, "LogoutRequest", sides)
    ends = root.get("NotOnOrAfter")
    if ends is not None and read_moment(ends) <= time.time() - SKEW:
        raise Untrusted("The request has expired")
    number = root.get("ID")
    if not number:
        raise Untrusted("The request has no ID")
    said = LoggedOut(
        token=f"{sides.whom.entity_id} {number}",
        until=int(issued + LIFETIME + 2 * SKEW),
        sids=tuple(read_text(one) for one in find_all(root, "samlp:SessionIndex")),
        subject=read_text(name_in(root, Decryption(sides.pair.key))),
    )
    state = carried.fields.get("RelayState")
    if state is not None and len(state) > _LONGEST:  # no signature covers that of a form
        raise Untrusted("The RelayState is longer than any that is carried back")
    return LogoutAsked(said, number, state)


def answer(asked: LogoutAsked, sides: Sides) -> Sent:
    """Our word that it is done, on its way. Raises Misconfigured."""
    place = sides.whom.logout_answer
    if place is None:
        raise Misconfigured("IDP_METADATA names no SingleLogoutService for HTTP-Redirect or HTTP-POST")
    root = binding.write("LogoutResponse", sides.entity_id, place.url, InResponseTo=asked.request)
    add_success(root)
    return binding.send(root, "SAMLResponse", place, asked.relay_state, sides.pair)


def _check(root: Element, kind: str, sides: Sides) -> float:
    """When the message was issued: by this identity provider, for us, just now. Raises Untrusted."""
    if root.tag != f"{SAMLP}{kind}" or root.get("Version") != "2.0":
        raise Untrusted(f"This is no {kind} of SAML 2.0")
    if read_text(find_one(root, "saml:Issuer")) != sides.whom.entity_id:
        raise Untrusted("The message is another identity provider's")
    if root.get("Destination") != sides.here:  # which a signed message has to name (Bindings 3.4.5.2)
        raise Untrusted("The message was meant for another address")
    issued, now = read_moment(root.get("IssueInstant", "")), time.time()
    if not now - LIFETIME - SKEW < issued <= now + SKEW:
        raise Untrusted("The message was not issued just now: compare the clocks of both sides")
    return issued
