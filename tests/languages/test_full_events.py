"""Events that say the values too (RFC 9967, "full"): who applies them has what a GET would answer."""

from typing import Any

from providers.scim import messages, patch
from providers.scim.group import GROUP as GROUPS
from providers.scim.user import USER as USERS
from service.users import events
from tests.languages.test_connections import change
from tests.languages.test_provisioning_events import GROUP, PROV, Application, told
from tests.languages.test_scim_users import ENTERPRISE, JENSEN, PATCH, Okta
from tests.served import Served


class Mirror:
    """An application that keeps what it is told, by the rules of SCIM."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.held: dict[str, dict[str, Any]] = {}
        self.noticed: list[tuple[str, list[str]]] = []

    async def catch_up(self) -> list[str]:
        """Apply what waits; gives the names of its events."""
        seen = []
        for claims in await self.application.drain():
            for uri, payload in claims["events"].items():
                seen.append(uri.removeprefix(PROV))
                self._apply(claims["sub_id"]["uri"], seen[-1], payload)
        return seen

    def _apply(self, place: str, name: str, payload: dict[str, Any]) -> None:
        match name:
            case "create:full" | "put:full":
                self.held[place] = payload["data"]
            case "patch:full":
                type_ = GROUPS if place.startswith("/Groups") else USERS
                operations = messages.operations(payload["data"])
                self.held[place] = patch.apply(self.held[place], operations, type_).resource
            case "delete":
                del self.held[place]
            case _ if "attributes" in payload:
                self.noticed.append((name, payload["attributes"]))
        if "data" in payload:
            self.held[place]["meta"] = {"version": payload["version"]}

    async def agrees(self, okta: Okta, place: str) -> None:
        """Whether it has what the connection would read."""
        there = (await okta.ask("GET", place)).json()
        here = dict(self.held[place])
        assert there["meta"]["version"].partition("-")[0].strip('"') == here["meta"]["version"].strip('"')
        for one in (there, here):
            one.pop("meta")
            one.pop("groups", None)
            members = one.pop("members", [])
            one["members"] = {(member["value"], member["type"]) for member in members}
        assert here == there


async def test_who_applies_what_is_told_has_what_is_here(house: Served) -> None:
    okta, application = await told(house, events_full=True)
    mirror = Mirror(application)
    user = f"/Users/{(await okta.add(password='a long enough secret'))['id']}"
    assert await mirror.catch_up() == ["create:full"]
    await mirror.agrees(okta, user)
    assert "password" not in mirror.held[user]
    key = user.removeprefix("/Users/")
    for operations in (
        [{"op": "replace", "path": "name.givenName", "value": "Barb"}],
        [{"op": "remove", "path": "title"}, {"op": "replace", "path": "active", "value": False}],
        [{"op": "add", "path": "emails", "value": [{"value": "b@example.net", "type": "home"}]}],
        [{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "new@example.com"}],
        [{"op": "add", "value": {ENTERPRISE: {"department": "Tours", "division": "Theme"}}}],
        [{"op": "remove", "path": f"{ENTERPRISE}:division"}],
        [{"op": "replace", "path": "name.middleName", "value": "Q"}, {"op": "remove", "path": "externalId"}],
        [{"op": "remove", "path": "phoneNumbers"}, {"op": "replace", "path": "active", "value": "True"}],
    ):  # fmt: skip
        assert (await okta.patch(key, *operations)).status_code == 200
        assert (await mirror.catch_up())[0] == "patch:full"
        await mirror.agrees(okta, user)
    assert (await house.ask("PATCH", f"{user.lower()}", {"last_name": "Changed here"})).status_code == 200
    assert await mirror.catch_up() == ["patch:full"]
    await mirror.agrees(okta, user)
    assert (await okta.ask("PUT", user, JENSEN)).status_code == 200
    assert await mirror.catch_up() == ["put:full"]
    await mirror.agrees(okta, user)
    assert mirror.noticed == []
    assert (await okta.ask("DELETE", user)).status_code == 204
    assert await mirror.catch_up() == ["delete"] and mirror.held == {}


async def test_groups_are_told_by_who_came_and_went(house: Served) -> None:
    okta, application = await told(house, events_full=True)
    mirror = Mirror(application)
    first = (await okta.add())["id"]
    second = (await okta.add(userName="two@example.com", externalId="two", emails=[]))["id"]
    body = {"schemas": [GROUP], "displayName": "Staff", "externalId": "g1", "members": [{"value": first}]}
    inner = (await okta.ask("POST", "/Groups", {"schemas": [GROUP], "displayName": "Inner"})).json()["id"]
    group = f"/Groups/{(await okta.ask('POST', '/Groups', body)).json()['id']}"
    await mirror.catch_up()
    await mirror.agrees(okta, group)
    members = [{"value": second}, {"value": inner, "type": "Group"}]
    operations = [
        {"op": "add", "path": "members", "value": members},
        {"op": "remove", "path": f'members[value eq "{first}"]'},
        {"op": "replace", "path": "displayName", "value": "Crew"},
    ]
    await okta.ask("PATCH", group, {"schemas": [PATCH], "Operations": operations})
    assert await mirror.catch_up() == ["patch:full"]
    await mirror.agrees(okta, group)
    await okta.ask("PUT", group, {**body, "externalId": None, "members": [{"value": first}]})
    assert await mirror.catch_up() == ["patch:full"]  # the PATCH that the PUT comes to
    await mirror.agrees(okta, group)
    await okta.ask("PUT", group, {**body, "members": []})
    await mirror.catch_up()
    await mirror.agrees(okta, group)


async def test_what_values_cannot_tell_is_noticed_beside_them(house: Served) -> None:
    okta, application = await told(house, events_full=True)
    mirror = Mirror(application)
    key = (await okta.add())["id"]
    await okta.patch(key, {"op": "replace", "value": {"password": "a long enough secret", "title": "Guide"}})
    assert await mirror.catch_up() == ["create:full", "patch:full", "patch:notice"]
    await okta.patch(key, {"op": "replace", "path": "password", "value": "another long secret"})
    await house.ask("PATCH", f"/users/{key}", {"theme_dark": "night"})
    await okta.patch(
        key, {"op": "add", "path": "photos", "value": [{"value": f"https://x/{'y' * events._LARGEST}"}]}
    )
    assert await mirror.catch_up() == ["patch:notice"] * 3
    assert mirror.noticed == [
        ("patch:notice", one) for one in (["password"], ["password"], ["meta"], ["photos"])
    ]


async def test_values_are_told_from_the_time_on_that_a_connection_wants_them(house: Served) -> None:
    okta, application = await told(house)
    uris = (await okta.ask("GET", "/ServiceProviderConfig")).json()["securityEvents"]["eventUris"]
    assert f"{PROV}create:full" not in uris
    await okta.add()
    await change(house, application.connection, events_full=True)
    await okta.add(userName="two@example.com", externalId="two", emails=[])
    mirror = Mirror(application)
    assert await mirror.catch_up() == ["create:notice", "create:full"]
    uris = (await okta.ask("GET", "/ServiceProviderConfig")).json()["securityEvents"]["eventUris"]
    assert {f"{PROV}{name}:full" for name in ("create", "patch", "put")} <= set(uris)
