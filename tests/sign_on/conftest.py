"""Providers, and the servers that they speak with."""

from collections.abc import AsyncIterator, Callable, Iterator
from ipaddress import ip_network
from typing import Any

import httpx2
import pytest

from providers.contract import Provider
from providers.http import Outbound
from providers.kinds import open_provider, read_settings
from tests.peers import oidc, saml, slapd
from tests.sign_on.browser import CALLBACK
from tests.sign_on.issuer import Issuer, running_issuer

TRUST = httpx2.create_ssl_context()  # made once: reading all those certificates takes its time

Open = Callable[..., Provider]


@pytest.fixture(scope="session")
def idp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[oidc.OpenIDProvider]:
    """A real OpenID provider: oidc-provider from npm, on node."""
    if why := oidc.missing():
        pytest.skip(why)
    with oidc.running(tmp_path_factory.mktemp("idp") / "log") as provider:
        yield provider


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[slapd.Directory]:
    """A real directory: OpenLDAP's slapd, over TLS."""
    if why := slapd.missing():
        pytest.skip(why)
    with slapd.running(tmp_path_factory.mktemp("slapd")) as running:
        yield running


@pytest.fixture(scope="session")
def saml_idp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[saml.IdentityProvider]:
    """A real SAML identity provider: samlp from npm, on node."""
    if why := saml.missing():
        pytest.skip(why)
    with saml.running(tmp_path_factory.mktemp("saml")) as running:
        yield running


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """An issuer that lies as it is told to."""
    with running_issuer() as liar:
        yield liar


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    """A way out that may reach this machine."""
    way = Outbound([ip_network("127.0.0.0/8")], trust=TRUST)
    yield way
    await way.shut()


@pytest.fixture
def open_openid(outbound: Outbound) -> Open:
    """Makes an OpenID provider called `op` of an issuer's address and the words after AUTH_OP_."""

    def opens(issuer_url: str, **variables: Any) -> Provider:
        settings = read_settings(
            {"DRIVER": "openid", "CLIENT_ID": "me", "ISSUER_URL": issuer_url, **variables}
        )
        assert not isinstance(settings, list), settings
        return open_provider("op", settings, outbound)

    return opens


@pytest.fixture
def op(idp: oidc.OpenIDProvider, open_openid: Open) -> Provider:
    """A confidential client at the real provider."""
    client = idp.register(CALLBACK)
    return open_openid(idp.issuer, CLIENT_ID=client.client_id, CLIENT_SECRET=client.client_secret)
