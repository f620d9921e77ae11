"""Every preset, at a server that speaks as its vendor does, passes what every provider must pass."""

from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest

from providers.afterwards import Renews
from providers.contract import Departure, Provider, Refused, Untrusted
from providers.kinds import KINDS, open_provider, read_settings
from providers.presets import apple, entra, github, google
from tests.sign_on.browser import CALLBACK, Page
from tests.sign_on.conftest import TRUST
from tests.sign_on.stand_in import SECRET, Rerouted, StandIn, Vendor, running
from tests.sign_on.test_provider_conformance import Conformance
from tests.sign_on.vendors import RECORDED, TENANT, Recorded


@pytest.fixture(params=list(RECORDED))
def recorded(request: pytest.FixtureRequest) -> Recorded:
    one = RECORDED[request.param]
    variables = {"DRIVER": request.param, "CLIENT_ID": "me", **one.variables}
    if request.param != "apple":
        variables["CLIENT_SECRET"] = SECRET
    return one._replace(variables=variables)


@pytest.fixture
def stand_in(recorded: Recorded) -> Iterator[StandIn]:
    with running(recorded.vendor) as server:
        yield server


@pytest.fixture
async def provider(recorded: Recorded, stand_in: StandIn) -> AsyncIterator[Provider]:
    settings = read_settings(recorded.variables)
    assert not isinstance(settings, list), settings
    way = Rerouted(stand_in, trust=TRUST)
    yield open_provider("op", settings, way)
    await way.shut()


class TestPresets(Conformance):
    """The class of every provider, once for each vendor."""

    stand_in: StandIn
    recorded: Recorded

    @pytest.fixture(autouse=True)
    def _vendor(self, recorded: Recorded, stand_in: StandIn) -> None:
        self.recorded, self.stand_in = recorded, stand_in
        self.identifier, self.shown = recorded.who[0], recorded.shown

    async def come_back(self, departure: Departure) -> str:
        scheme, _, rest = departure.url.partition("://")
        assert scheme == "https"
        async with httpx2.AsyncClient(trust_env=False, timeout=60, verify=False) as browser:
            answer = await browser.get(f"{self.stand_in.url}/{rest}")
        if answer.is_redirect:
            return answer.headers["Location"]
        page = Page(answer.text)
        assert page.action is not None, answer.text
        return f"{page.action}?{httpx2.QueryParams({**page.fields, **self.recorded.form})}"

    async def test_a_person_comes_back_as_who_they_are(self, provider: Provider) -> None:
        departure = await self.depart(provider)
        identity = await provider.arrive(await self.back(departure), departure.memory)
        assert self.recorded.who == (
            identity.external_identifier,
            identity.email,
            identity.email_verified,
            identity.first_name,
            identity.last_name,
            identity.groups,
        )

    async def test_the_answer_to_another_departure_is_not_accepted(self, provider: Provider) -> None:
        if self.recorded.vendor.takes_verifier:
            await super().test_the_answer_to_another_departure_is_not_accepted(provider)
        else:  # LinkedIn refuses PKCE and leaves the nonce out: what it has is the state and the secret
            assert self.recorded.shown[0] == "LinkedIn"

    async def test_what_was_granted_is_renewed_until_it_is_revoked(self, provider: Provider) -> None:
        departure = await self.depart(provider)
        identity = await provider.arrive(await self.back(departure), departure.memory)
        assert isinstance(provider, Renews)
        assert identity.tokens.refresh_token is not None
        newer = await provider.renew(identity.tokens.refresh_token)
        assert newer is not None
        assert newer != identity.tokens.refresh_token
        self.stand_in.grants.clear()
        with pytest.raises(Refused) as caught:
            await provider.renew(newer)
        assert caught.value.code == "invalid_grant"

    async def test_the_challenge_is_s256_wherever_it_is_taken(self, provider: Provider) -> None:
        departure = await self.depart(provider)
        await self.back(departure)
        (asked,) = self.stand_in.asked
        if self.recorded.vendor.takes_verifier:
            assert asked["code_challenge_method"] == "S256"
            assert departure.memory["code_verifier"] not in departure.url
        else:
            assert "code_challenge" not in asked


def test_every_preset_is_recorded() -> None:
    assert set(RECORDED) == set(KINDS) - {"openid", "mock", "ldap", "saml"}


def test_rule_10_an_entra_tenant_cannot_vouch_for_any_address_it_likes() -> None:
    said = {"email": "ceo@victim.example"}
    assert entra.describe(said)["email_verified"] is False
    assert entra.describe({**said, "email_verified": True})["email_verified"] is False
    assert entra.describe({**said, "xms_edov": "0"})["email_verified"] is False
    assert entra.describe({**said, "xms_edov": "1"})["email_verified"] is True
    assert entra.describe(said, ("victim.example",))["email_verified"] is True


def test_more_groups_than_fit_a_token_are_not_no_groups() -> None:
    from providers.words import find, read_groups

    for overflow in ({"hasgroups": True}, {"_claim_names": {"groups": "src1"}}):
        assert read_groups(find(entra.describe(overflow), "groups")) is None
    assert read_groups(find(entra.describe({}), "groups")) == ()


def test_google_vouches_for_its_own_mail_and_workspaces_alone() -> None:
    def verified(**said: object) -> object:
        return google.describe({"email_verified": True, **said})["email_verified"]

    assert verified(email="ada@gmail.com") is True
    assert verified(email="ada@example.com", hd="example.com") is True
    assert verified(email="ada@example.com") is False


@pytest.mark.parametrize(
    "emails",
    [
        None,
        [],
        "x",
        [1],
        [{"email": "a@b.c", "primary": True, "verified": False}],
        [{"email": "a@b.c", "verified": True}],
    ],
)
def test_a_github_address_that_is_not_primary_and_verified_is_not_verified(emails: object) -> None:
    assert github.describe({"id": 1, "email": "a@b.c", "emails": emails})["email_verified"] is False


@pytest.mark.parametrize(
    "user",
    [
        "",
        "{",
        "[]",
        '{"name": 1}',
        '{"name": {"firstName": 1}}',
        '{"email": "x@y.z", "sub": "z"}',
        "[" * 100_000,
    ],
)
def test_apples_unsigned_name_brings_nothing_but_a_name(user: str) -> None:
    said = apple.describe({"sub": "a", "email": "a@b.c"}, {"user": user})
    assert (said["sub"], said["email"]) == ("a", "a@b.c")


async def _claiming(driver: str, variables: dict[str, str], vendor: Vendor) -> None:
    given = {"DRIVER": driver, "CLIENT_ID": "me", "CLIENT_SECRET": SECRET, **variables}
    settings = read_settings(given)
    assert not isinstance(settings, list), settings
    with running(vendor) as server:
        way = Rerouted(server, trust=TRUST)
        provider = open_provider("op", settings, way)
        departure = await provider.depart(CALLBACK)
        async with httpx2.AsyncClient(trust_env=False, timeout=60, verify=False) as browser:
            answer = await browser.get(f"{server.url}/{departure.url.removeprefix('https://')}")
        query = dict(httpx2.URL(answer.headers["Location"]).params)
        try:
            await provider.arrive(query, departure.memory)
        finally:
            await way.shut()


@pytest.mark.parametrize("driver", ["google", "entra", "slack"])
async def test_somebody_of_another_organisation_is_not_trusted(driver: str) -> None:
    one = RECORDED[driver]
    theirs = {
        "hd": "evil.example",
        "tid": TENANT.replace("9", "8"),
        "https://slack.com/team_id": "T9999999999",
    }
    changed = {name: theirs.get(name, value) for name, value in one.vendor.claims.items()}
    await _claiming(driver, one.variables, one.vendor)
    with pytest.raises(Untrusted, match="another"):
        await _claiming(driver, one.variables, one.vendor._replace(claims=changed))
