"""Signing out at a real OpenID provider, from here and from there."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urljoin

import pytest

from tests.peers.oidc import OpenIDProvider
from tests.served import Served, served
from tests.sign_on.browser import Browser, Page
from tests.sign_on.liar import is_in


@pytest.fixture
async def house(database_url: str, tmp_path: Path, idp: OpenIDProvider) -> AsyncIterator[Served]:
    def variables(url: str) -> dict[str, str]:
        client = idp.register(
            f"{url}/auth/login/op/callback",
            post_logout_redirect_uris=[f"{url}/admin/login"],
            backchannel_logout_uri=f"{url}/auth/login/op/backchannel-logout",
            backchannel_logout_session_required=True,
        )
        return {
            "AUTH_PROVIDERS": "op",
            "OUTBOUND_IP_ALLOW_LIST": "127.0.0.0/8",
            "AUTH_OP_DRIVER": "openid",
            "AUTH_OP_CLIENT_ID": client.client_id,
            "AUTH_OP_CLIENT_SECRET": client.client_secret or "",
            "AUTH_OP_ISSUER_URL": idp.issuer,
            "AUTH_OP_ALLOW_PUBLIC_REGISTRATION": "true",
        }

    async with served(database_url, tmp_path / "data", variables) as house:
        yield house


async def test_who_signs_out_here_signs_out_there_and_everywhere(house: Served, idp: OpenIDProvider) -> None:
    idp.describe("odo", email="odo@example.com", email_verified=True)
    start = f"{house.url}/auth/login/op"
    async with Browser() as browser, Browser() as elsewhere:
        first = (await browser.visit(start, login="odo")).json()["data"]
        second = (await browser.visit(start, login="odo")).json()["data"]  # one session there, two here
        other = (await elsewhere.visit(start, login="odo")).json()["data"]
        body = {"refresh_token": first["refresh_token"], "redirect": "/admin/login"}
        left = await house.ask("POST", "/auth/logout", body, token=None)
        asked = await browser.http.get(left.json()["data"]["redirect"])
        page = Page(asked.text)
        assert page.action is not None, asked.text
        assert await is_in(house, second)
        done = await browser.http.post(
            urljoin(str(asked.url), page.action), data={**page.fields, "logout": "yes"}
        )
        assert done.headers["location"] == f"{house.url}/admin/login"
    assert [await is_in(house, one) for one in (first, second, other)] == [False, False, True]
