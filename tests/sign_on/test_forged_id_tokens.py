"""A forged ID token is refused, whatever is wrong with it, and an honest one is not."""

import pytest
from joserfc.jwk import OKPKey

from providers.contract import Untrusted
from tests.sign_on.conftest import Open
from tests.sign_on.forgeries import FORGED, HONEST, Forge, claiming, signed
from tests.sign_on.issuer import KEYS, Issuer, sign_on_at


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
async def test_a_forged_token_is_not_trusted(issuer: Issuer, open_openid: Open, forge: Forge) -> None:
    # Even an issuer that announces everything gets no further.
    issuer.metadata["id_token_signing_alg_values_supported"] += ["none", "HS256"]
    with pytest.raises(Untrusted) as caught:
        await sign_on_at(issuer, open_openid(issuer.url), forge)
    assert "\n" not in caught.value.cause


@pytest.mark.parametrize("honest", HONEST.values(), ids=HONEST)
async def test_an_honest_token_is_read(issuer: Issuer, open_openid: Open, honest: Forge) -> None:
    assert (await sign_on_at(issuer, open_openid(issuer.url), honest)).external_identifier == "ada"


async def test_an_issuer_of_symmetric_signatures_only_is_not_trusted(
    issuer: Issuer, open_openid: Open
) -> None:
    issuer.metadata["id_token_signing_alg_values_supported"] = ["HS256"]
    with pytest.raises(Untrusted):
        await sign_on_at(issuer, open_openid(issuer.url), signed({"alg": "HS256"}, b"me"))
    with pytest.raises(Untrusted):
        await sign_on_at(issuer, open_openid(issuer.url), claiming())


async def test_an_issuer_that_announces_no_algorithms_means_rs256(issuer: Issuer, open_openid: Open) -> None:
    del issuer.metadata["id_token_signing_alg_values_supported"]
    assert (await sign_on_at(issuer, open_openid(issuer.url), claiming())).external_identifier == "ada"
    with pytest.raises(Untrusted):
        await sign_on_at(issuer, open_openid(issuer.url), signed({"alg": "ES256", "kid": "ec"}, KEYS["ec"]))


async def test_facts_about_the_session_come_from_the_signed_token_alone(
    issuer: Issuer, open_openid: Open
) -> None:
    issuer.userinfo = {
        "sub": "ada",
        "acr": "gold",
        "amr": ["hwk"],
        "auth_time": 1,
        "sid": "s",
        "iss": "https://evil.example",
    }
    plain = await sign_on_at(issuer, open_openid(issuer.url), claiming())
    assert (plain.acr, plain.amr, plain.auth_time, plain.sid) == (None, (), None, None)
    assert plain.profile == {"iss": issuer.url, "sub": "ada"}
    told = await sign_on_at(
        issuer,
        open_openid(issuer.url),
        claiming(acr="silver", amr=["pwd", 7], auth_time=1_700_000_000, sid="x"),
    )
    assert (told.acr, told.amr, told.auth_time, told.sid) == ("silver", ("pwd",), 1_700_000_000, "x")


async def test_no_ed25519_key_is_taken_for_another_curve(issuer: Issuer, open_openid: Open) -> None:
    key = OKPKey.generate_key("Ed448", {"kid": "ed448"})
    issuer.keys.append(key.as_dict(private=False))
    issuer.metadata["id_token_signing_alg_values_supported"] += ["Ed448"]
    with pytest.raises(Untrusted):
        await sign_on_at(issuer, open_openid(issuer.url), signed({"alg": "Ed448", "kid": "ed448"}, key))
