"""The four ways in, a function each, with the client that really comes that way; every step is asserted."""

import asyncio
import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from urllib.parse import urlsplit

import httpx2

from tests.demo.stage import PROVIDER, Stage
from tests.demo.telling import command, good, note, say, shorten
from tests.peers import sdk as peers
from tests.running import run_idbridge
from tests.sign_on.browser import Browser, Page

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MARA = {
    "schemas": [USER, ENTERPRISE],
    "userName": "mara@example.com",
    "externalId": "00u-mara",
    "name": {"givenName": "Mara", "familyName": "Okafor"},
    "emails": [{"value": "mara@example.com", "type": "work", "primary": True}],
    "active": True,
    ENTERPRISE: {"department": "Harbour", "employeeNumber": "17"},
}
PASSPHRASE = "a quiet walk along the river"


def client(stage: Stage, token: str | None = None) -> httpx2.AsyncClient:
    """A client of idbridge whose every request is told."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    hooks = {"response": [stage.wire.exchange]}
    return httpx2.AsyncClient(
        base_url=stage.idbridge.url, headers=headers, trust_env=False, timeout=30, event_hooks=hooks
    )


def expect(is_so: bool, what: str) -> None:
    """Tell what has been proven; AssertionError where it has not."""
    assert is_so, f"not so: {what}"
    good(what)


async def by_scim(stage: Stage) -> None:
    """An identity provider looks somebody up, creates them, suspends them and takes them back."""
    arguments = ("scim-token", "create", "--provider", "okta", "--profile", "okta")
    token = await asyncio.to_thread(run_idbridge, stage.environment, *arguments)
    command(f"idbridge {' '.join(arguments)}", token)
    async with client(stage, token) as okta:
        found = await okta.get("/scim/v2/Users", params={"filter": 'userName eq "mara@example.com"'})
        expect(found.json()["totalResults"] == 0, "nobody is called so yet")
        made = await okta.post("/scim/v2/Users", json=MARA)
        expect(made.status_code == 201, "the user is created")
        same = {name: made.json()[name] for name in (*MARA.keys() - {"schemas"}, ENTERPRISE)}
        expect(all(same[name] == MARA[name] for name in same), "what was sent comes back unchanged")
        for active, status in ((False, "suspended"), (True, "active")):
            operation = {"op": "replace", "path": "active", "value": active}
            body = {"schemas": [PATCH], "Operations": [operation]}
            changed = await okta.patch(f"/scim/v2/Users/{made.json()['id']}", json=body)
            expect(
                changed.status_code == 200 and changed.json()["active"] is active, f"active is {active} now"
            )
            async with client(stage, stage.admin_token) as admin:
                read = await admin.get(f"/users/{made.json()['id']}", params={"fields": "status"})
            expect(read.json() == {"data": {"status": status}}, f"REST says that Mara is {status}")


async def by_sign_on(stage: Stage) -> None:
    """A browser goes to the OpenID provider, signs on there and comes back."""
    claims = {"email": "grace@example.com", "email_verified": True}
    stage.identities.describe("grace-7", **claims, given_name="Grace", family_name="Hopper")
    async with Browser() as browser:
        browser.http.event_hooks = {"response": [stage.wire.exchange]}
        landed = await browser.visit(f"{stage.idbridge.url}/auth/login/{PROVIDER}", login="grace-7")
    expect(landed.status_code == 200, "the browser is back, and idbridge has signed Grace in")
    async with client(stage, landed.json()["data"]["access_token"]) as grace:
        me = await grace.get("/users/me", params={"fields": "email,provider,external_identifier"})
    said = {"email": "grace@example.com", "provider": PROVIDER, "external_identifier": "grace-7"}
    expect(me.json() == {"data": said}, "her access token is good, and she was made on the way")


async def by_invitation(stage: Stage) -> None:
    """An administrator invites, the letter comes by SMTP, the person sets a password on the page behind it."""
    async with client(stage, stage.admin_token) as admin:
        role = (await admin.post("/roles", json={"name": "Members"})).json()["data"]
        body = {"email": "jean@example.com", "role": role["id"]}
        expect((await admin.post("/users/invite", json=body)).status_code == 204, "Jean is invited")
    link = await _letter(stage, "jean@example.com")
    async with client(stage) as browser:
        page = await browser.get(link)
        form = Page(page.text)
        expect(page.status_code == 200 and form.action is not None, "the letter's link shows a form")
        expect("jean@example.com" in page.text, "the page says whom it is for")
        again = await browser.get(link)
        expect(again.text == page.text, "looking uses nothing up")
        fields = {**form.fields, "password": PASSPHRASE}
        origin = "://".join(urlsplit(stage.idbridge.url)[:2])
        accepted = await browser.post(str(form.action), data=fields, headers={"origin": origin})
        expect(accepted.status_code == 303, "the button opens the account")
        done = await browser.get(accepted.headers["location"])
        expect(done.status_code == 200, "and the browser is told so")
        login = {"email": "jean@example.com", "password": PASSPHRASE}
        expect((await browser.post("/auth/login", json=login)).status_code == 200, "Jean signs in with it")
        expect((await browser.get(link)).status_code == 410, "the link works only once")


async def _letter(stage: Stage, recipient: str) -> str:
    """The link in the letter to this person, once it is there."""
    for _ in range(300):
        for envelope in stage.mail.envelopes:
            if envelope.rcpt_tos == [recipient]:
                assert isinstance(envelope.content, bytes)
                return _told(message_from_bytes(envelope.content, policy=default), str(envelope.mail_from))
        await asyncio.sleep(0.05)
    raise AssertionError(f"no letter came to {recipient}")


def _told(message: EmailMessage, sender: str) -> str:
    """Tell of the letter as the mail server took it; give its link."""
    say(f"   > SMTP MAIL FROM:<{sender}> RCPT TO:<{message['To'].addresses[0].addr_spec}>", colour="36")
    for name in ("From", "Subject", "Message-ID"):
        say(f"     {name}: {message[name]}", colour="2")
    text = message.get_body(("plain",))
    assert text is not None
    for line in filter(None, map(str.strip, text.get_content().splitlines())):
        say(f"     | {shorten(line)}", colour="2")
    found = re.search(r"https?://\S+token=\S+", text.get_content())
    assert found, "there is no link in the letter"
    return found[0]


async def by_rest(stage: Stage) -> None:
    """An application written with the public SDK creates a user and lists everybody."""
    note("node, with @directus/sdk 26 as it comes from npm")
    async with peers.client(26, stage.idbridge.url) as sdk:

        async def told(call: str, *given: Any) -> Any:
            value = await sdk(call, *given)
            for each in sdk.wire:
                url = stage.idbridge.url + each["path"]
                stage.wire.asked(each["method"], url, each["headers"], each["sent"] or "")
                stage.wire.answered(each["status"], {"content-type": "application/json"}, each["got"])
            return value

        await told("login", {"email": "admin@example.com", "password": stage.admin_password})
        ada = {"email": "ada@example.com", "first_name": "Ada", "auth_data": {"plan": "gold"}}
        made = await told("createUser", ada)
        expect(made["provider"] == "default" and made["auth_data"] == {"plan": "gold"}, "Ada is created")
        everybody = await told("readUsers", {"fields": ["email"], "sort": ["email"]})
        emails = [one["email"].partition("@")[0] for one in everybody]
        expect(emails == ["ada", "admin", "grace", "jean", "mara"], "one list shows all of them")
