"""SAML answers, from a real identity provider and from attackers: security.md's rules 13 and 14."""

import re
import time
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from providers.contract import Departure, Misconfigured, Refused, Unreachable, Untrusted
from providers.http import Outbound
from providers.kinds import open_provider, read_settings
from providers.saml.provider import Saml
from tests.peers.saml import ADA, ISSUER, IdentityProvider, Pair
from tests.sign_on.assertions import SAML, assertion_of, at, issue, pack, sign, unpack, unsigned
from tests.sign_on.issuer import Answer, Issuer
from tests.stopwatch import within

ACS = "http://127.0.0.1:8055/auth/login/op/acs"
US = "http://127.0.0.1:8055/auth/login/op/metadata"
SOMEBODY = "<saml:NameID>Somebody-else</saml:NameID>"


@pytest.fixture
def make(saml_idp: IdentityProvider, outbound: Outbound) -> Callable[..., Saml]:
    """Makes the provider `op` with further variables."""

    def makes(**variables: str) -> Saml:
        settings = read_settings({"DRIVER": "saml", "IDP_metadata": saml_idp.metadata, **variables})
        assert not isinstance(settings, list), settings
        provider = open_provider("op", settings, outbound)
        assert isinstance(provider, Saml)
        return provider

    return makes


async def arrive(provider: Saml, departure: Departure, answer: str) -> object:
    query = {"SAMLResponse": answer, "RelayState": departure.memory["state"]}
    return await provider.arrive(query, departure.memory)


async def test_who_comes_back_keeps_their_case_and_their_groups(
    make: Callable[..., Saml], saml_idp: IdentityProvider
) -> None:
    provider = make(VERIFIED_DOMAINS="example.com", SECOND_FACTOR_ACR="urn:loa:2")
    departure = await provider.depart(ACS)
    form = saml_idp.answer(departure.url, recipient=ACS, destination=ACS, authnContextClassRef="urn:loa:2")
    assert form.fields["RelayState"] == departure.memory["state"]
    person = await provider.arrive(form.fields, departure.memory)
    assert (person.external_identifier, person.email, person.email_verified) == (
        "Ada-1",
        "ada@example.com",
        True,
    )
    assert (person.first_name, person.last_name, person.groups) == ("Ada", "Lovelace", ("Staff", "All"))
    assert person.acr == "urn:loa:2"
    assert person.once is not None and time.time() < person.once.until < time.time() + 4000


@pytest.mark.parametrize(
    "options",
    [
        {"signResponse": True}, {"signatureNamespacePrefix": "ds"},
        {"encrypted": "http://www.w3.org/2009/xmlenc11#aes256-gcm"},
        {"encrypted": "http://www.w3.org/2001/04/xmlenc#aes256-cbc", "disallowEncryptionWithInsecureAlgorithm": False},
    ],
)  # fmt: skip
async def test_what_honest_providers_send(
    make: Callable[..., Saml], saml_idp: IdentityProvider, options: dict[str, object]
) -> None:
    ours = Pair()
    provider = make(SP_PRIVATE_KEY=ours.key_pem, SP_CERTIFICATE=ours.certificate_pem)
    if algorithm := options.get("encrypted"):
        certificates = {"encryptionCert": ours.certificate_pem, "encryptionPublicKey": ours.public_pem}
        options = {**options, "encryptionAlgorithm": algorithm, **certificates}
    departure = await provider.depart(ACS)
    # The identity provider verifies that the question was signed by us.
    asked = {"recipient": ACS, "destination": ACS, "signingCert": ours.certificate_pem, **options}
    form = saml_idp.answer(departure.url, **asked)
    assert (await provider.arrive(form.fields, departure.memory)).external_identifier == "Ada-1"
    if "encrypted" in options:
        assert "ada@example.com" not in unpack(form.fields["SAMLResponse"])
        other = make(SP_PRIVATE_KEY=Pair().key_pem)
        with pytest.raises(Untrusted, match="cannot be decrypted"):
            await other.arrive(form.fields, departure.memory)


async def test_an_identifier_of_the_administrators_choice(
    make: Callable[..., Saml], saml_idp: IdentityProvider
) -> None:
    provider = make(IDENTIFIER_KEY="employee")
    departure = await provider.depart(ACS)
    person = {**ADA, "employee": "E-17"}
    form = saml_idp.answer(departure.url, person, recipient=ACS, destination=ACS)
    assert (await provider.arrive(form.fields, departure.memory)).external_identifier == "E-17"
    form = saml_idp.answer(departure.url, recipient=ACS, destination=ACS)
    with pytest.raises(Untrusted, match="employee is missing"):
        await provider.arrive(form.fields, departure.memory)


async def test_an_answer_that_is_good(make: Callable[..., Saml], saml_idp: IdentityProvider) -> None:
    """What the attacks below start from is accepted, so that each fails for its own reason."""
    provider = make()
    departure = await provider.depart(ACS)
    ends = int(time.time()) + 60
    session = f' SessionIndex="s1" SessionNotOnOrAfter="{at(60)}"'
    good = issue(saml_idp.pair, departure.memory["request"], ACS, US, session=session)
    person = await provider.arrive(
        {"SAMLResponse": good, "RelayState": departure.memory["state"]}, departure.memory
    )
    assert (person.external_identifier, person.sid, person.groups) == ("Ada-1", "s1", ("Staff",))
    assert person.ends_at == pytest.approx(ends, abs=3)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"issuer": "urn:evil"}, "another identity provider's"),
        ({"audience": ""}, "another audience"),
        ({"audience": "<saml:AudienceRestriction><saml:Audience>urn:x</saml:Audience></saml:AudienceRestriction>"}, "audience"),
        ({"recipient": ""}, "another address"),
        ({"recipient": f'Recipient="{ACS}/x" '}, "another address"),
        ({"answers": ""}, "another question"),
        ({"answers": 'InResponseTo="_other" '}, "another question"),
        ({"wrapper": ' InResponseTo="_other"'}, "another question"),
        ({"wrapper": ""}, "another question"),
        ({"until": ""}, "stale"),
        ({"until": 'NotOnOrAfter="@-90@"'}, "stale"),
        ({"until": 'NotOnOrAfter="soon"'}, "a moment that is none"),
        ({"until": 'NotOnOrAfter="@300@" NotBefore="@90@"'}, "stale"),
        ({"window": ' NotBefore="@90@"'}, "not valid now"),
        ({"window": ' NotOnOrAfter="@-90@"'}, "not valid now"),
        ({"session": ' SessionNotOnOrAfter="@-90@"'}, "is over"),
        ({"method": "holder-of-key"}, "stale"),
        ({"condition": '<saml:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x"/>'}, "condition"),
        ({"name": ""}, "0 saml:NameID"),
        ({"name": "<saml:NameID>Ada-1</saml:NameID>" * 2}, "2 saml:NameID"),
        ({"name": "<saml:NameID/>"}, "named nobody"),
        ({"name": "<saml:NameID>Ada<b/>-1</saml:NameID>"}, "elements where a text must be"),
    ],
)  # fmt: skip
async def test_a_signed_answer_for_somebody_or_some_time_else(
    make: Callable[..., Saml], saml_idp: IdentityProvider, changes: dict[str, str], cause: str
) -> None:
    provider = make()
    departure = await provider.depart(ACS)
    told = {
        name: re.sub("@(-?[0-9]+)@", lambda found: at(int(found[1])), text) for name, text in changes.items()
    }
    with pytest.raises(Untrusted, match=cause):
        await arrive(provider, departure, issue(saml_idp.pair, departure.memory["request"], ACS, US, **told))


async def test_clocks_may_be_a_minute_apart(make: Callable[..., Saml], saml_idp: IdentityProvider) -> None:
    provider = make()
    departure = await provider.depart(ACS)
    for seconds in (-45, 45):
        window = f' NotBefore="{at(seconds - 1)}" NotOnOrAfter="{at(seconds + 1)}"'
        told = {"window": window, "until": f'NotOnOrAfter="{at(seconds + 1)}"'}
        await arrive(provider, departure, issue(saml_idp.pair, departure.memory["request"], ACS, US, **told))


async def test_rule_13_another_key_or_no_signature(
    make: Callable[..., Saml], saml_idp: IdentityProvider
) -> None:
    """An answer that brings its own certificate, one without a signature, one with another's."""
    provider = make()
    departure = await provider.depart(ACS)
    request = departure.memory["request"]
    forged = issue(Pair(), request, ACS, US)
    good = unpack(issue(saml_idp.pair, request, ACS, US))
    stripped = pack(good.replace(assertion_of(good), unsigned(assertion_of(good))))
    for answer in (
        forged,
        stripped,
        pack(good.replace("Ada-1", "Eve-1")),
        pack(good.replace(">Staff<", ">Admins<")),
    ):
        with pytest.raises(Untrusted):
            await arrive(provider, departure, answer)


async def test_rule_13_no_way_of_wrapping_brings_in_somebody_else(
    make: Callable[..., Saml], saml_idp: IdentityProvider
) -> None:
    """XSW: the signed assertion is somewhere, the forged one where it is looked for."""
    provider = make()
    departure = await provider.depart(ACS)
    good = unpack(issue(saml_idp.pair, departure.memory["request"], ACS, US))
    signed = assertion_of(good)
    evil = unsigned(signed).replace("<saml:NameID>Ada-1</saml:NameID>", SOMEBODY)
    same, other = evil, evil.replace('ID="_', 'ID="_evil')
    signature = signed[
        signed.index("<ds:Signature") : signed.index("</ds:Signature>") + len("</ds:Signature>")
    ]

    def held(kind: str, inside: str) -> str:
        return f"<samlp:{kind}>{inside}</samlp:{kind}>"

    moved = signature.replace("</ds:Signature>", f"<ds:Object>{unsigned(signed)}</ds:Object></ds:Signature>")
    issuer = "</saml:Issuer>"
    wrapped = [
        *(one + signed for one in (same, other)), *(signed + one for one in (same, other)),
        *(held("Extensions", signed) + one for one in (same, other)),
        *(one.replace(issuer, issuer + signature) for one in (same, other)),
        *(one.replace(issuer, issuer + moved) for one in (same, other)),
        *(one.replace("</saml:Assertion>", f"{signed}</saml:Assertion>") for one in (same, other)),
        other.replace(issuer, issuer + signature).replace("</saml:Assertion>", f"{unsigned(signed)}</saml:Assertion>"),
        other.replace(issuer, issuer + signature) + held("Extensions", unsigned(signed)),
        signed.replace("</saml:Subject>", f"</saml:Subject><saml:Subject>{SOMEBODY}</saml:Subject>"),
        signed.replace("<saml:Subject>", f"<saml:Subject>{SOMEBODY}"),
    ]  # fmt: skip
    for inside in wrapped:
        with pytest.raises(Untrusted):
            await arrive(provider, departure, pack(good.replace(signed, inside)))


async def test_a_comment_cuts_no_name_in_two(make: Callable[..., Saml], saml_idp: IdentityProvider) -> None:
    """CVE-2017-11427 and its like: a name is read whole, or the answer is refused."""
    provider = make(IDENTIFIER_KEY="")
    departure = await provider.depart(ACS)
    name = "<saml:NameID>ada@example.com.evil.example</saml:NameID>"
    good = unpack(issue(saml_idp.pair, departure.memory["request"], ACS, US, name=name))
    cut = pack(good.replace("example.com.evil", "example.com<!-- -->.evil"))
    person = await provider.arrive(
        {"SAMLResponse": cut, "RelayState": departure.memory["state"]}, departure.memory
    )
    assert person.external_identifier == "ada@example.com.evil.example"
    for inside in ("<?x?>", "<![CDATA[]]><b/>"):
        with pytest.raises(Untrusted):
            await arrive(
                provider, departure, pack(good.replace("example.com.evil", f"example.com{inside}.evil"))
            )


@pytest.mark.parametrize(
    ("method", "digest"), [("RSA_SHA1", "SHA256"), ("RSA_SHA256", "SHA1"), ("RSA_SHA1", "SHA1")]
)
async def test_weak_algorithms_count_only_where_told_so(
    make: Callable[..., Saml], saml_idp: IdentityProvider, method: str, digest: str
) -> None:
    careful, careless = make(), make(ALLOW_SHA1="true")
    departure = await careful.depart(ACS)
    strong = unpack(issue(saml_idp.pair, departure.memory["request"], ACS, US))
    signed = assertion_of(strong)
    number = signed.partition(' ID="')[2].partition('"')[0]
    placed = unsigned(signed).replace(
        "</saml:Issuer>",
        '</saml:Issuer><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="placeholder"/>',
    )
    weak = pack(strong.replace(signed, sign(placed, saml_idp.pair, number, method, digest)))
    with pytest.raises(Untrusted, match="too weak"):
        await arrive(careful, departure, weak)
    await arrive(careless, departure, weak)


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><x>&b;</x>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><x/>',
        "<x>&undeclared;</x>",
        "<x>" * 100_000,
        f'<Response xmlns="urn:oasis:names:tc:SAML:2.0:protocol" Version="2.0">{"<a/>" * 90_000}</Response>',
        "not xml", "", "\x00", f'<Assertion xmlns="{SAML}"/>',
    ],
)  # fmt: skip
async def test_rule_13_hostile_documents_are_refused_at_once(make: Callable[..., Saml], text: str) -> None:
    provider = make()
    departure = await provider.depart(ACS)
    encodings = [text.encode(), text.encode("utf-16")] + ([text.encode("utf-7")] if len(text) < 999 else [])
    declared = [b'<?xml version="1.0" encoding="UTF-7"?>' + data for data in encodings]
    with within(5):
        for data in (*encodings, *declared):
            with pytest.raises((Untrusted, Refused)):
                await arrive(provider, departure, b64encode(data).decode())


async def test_rule_14_nobody_is_sent_here_unasked_unless_the_administrator_says_so(
    make: Callable[..., Saml], saml_idp: IdentityProvider
) -> None:
    closed, opened = make(), make(ALLOW_IDP_INITIATED="true")
    unasked = {"SAMLResponse": issue(saml_idp.pair, None, ACS, US)}
    with pytest.raises(Untrusted, match="Nobody asked"):
        await closed.receive(unasked, ACS)
    assert (await opened.receive(unasked, ACS)).external_identifier == "Ada-1"
    departure = await opened.depart(ACS)
    with pytest.raises(Untrusted):  # who did leave from here comes back with an answer to that
        await arrive(opened, departure, unasked["SAMLResponse"])
    answered = {"SAMLResponse": issue(saml_idp.pair, departure.memory["request"], ACS, US)}
    with pytest.raises(Untrusted):
        await opened.receive(answered, ACS)


async def test_a_name_that_is_another_one_each_time_names_nobody(
    make: Callable[..., Saml], saml_idp: IdentityProvider
) -> None:
    provider = make()
    departure = await provider.depart(ACS)
    name = '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">x1</saml:NameID>'
    with pytest.raises(Misconfigured, match="persistent"):
        await arrive(
            provider, departure, issue(saml_idp.pair, departure.memory["request"], ACS, US, name=name)
        )


async def test_our_metadata_and_our_question(make: Callable[..., Saml]) -> None:
    ours = Pair()
    provider = make(SP_PRIVATE_KEY=ours.key_pem, SP_CERTIFICATE=ours.certificate_pem)
    said = provider.describe_us(ACS).decode()
    assert f'entityID="{US}"' in said
    assert 'AuthnRequestsSigned="true" WantAssertionsSigned="true"' in said
    assert ours.certificate_pem.splitlines()[1] in said
    assert "PRIVATE" not in said
    query = parse_qs(urlsplit((await provider.depart(ACS)).url).query)
    assert list(query) == ["SAMLRequest", "RelayState", "SigAlg", "Signature"]
    known = make(
        SP_metadata='<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="urn:us"/>'
    )
    assert 'entityID="urn:us"' in known.describe_us(ACS).decode()


@pytest.mark.parametrize(
    ("metadata", "cause"),
    [
        ("<x/>", "describes 0 identity providers"), ("<!DOCTYPE x><x/>", "cannot be read"), ("<x", "cannot be read"),
        (f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ISSUER}"><IDPSSODescriptor/></EntityDescriptor>', "HTTP-Redirect"),
    ],
)  # fmt: skip
async def test_metadata_that_is_none(make: Callable[..., Saml], metadata: str, cause: str) -> None:
    with pytest.raises(Misconfigured, match=cause):
        await make(IDP_METADATA=metadata, IDP_metadata=metadata).depart(ACS)


async def test_metadata_from_an_address(
    make: Callable[..., Saml], saml_idp: IdentityProvider, issuer: Issuer
) -> None:
    issuer.answers["/metadata"] = lambda: Answer(saml_idp.metadata.encode())
    assert (await make(IDP_metadata=f"{issuer.url}/metadata").depart(ACS)).url.startswith(saml_idp.url)
    for answer in (Answer(b"<html>"), Answer(status=500), Answer(b"<x>" + b" " * 2_000_000)):
        issuer.answers["/metadata"] = lambda answer=answer: answer
        with pytest.raises((Misconfigured, Unreachable)):
            await make(IDP_metadata=f"{issuer.url}/metadata").depart(ACS)
    with pytest.raises(Unreachable):
        await make(IDP_metadata="http://127.0.0.1:1/metadata").depart(ACS)
