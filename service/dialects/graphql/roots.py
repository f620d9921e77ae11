"""The fields of Query, Mutation and Subscription, in the schema. Who answers them is the API's to know."""

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from service.dialects.graphql.views import Glimpse, View

Needs = Literal["nothing", "person", "invites"]
Home = Literal["query", "mutation", "subscription"]
EVENTS: Final = ("create", "update", "delete")  # what happens to rows, as the activity calls it
_SILENT: Final = frozenset({"directus_activity", "directus_revisions"})  # which tell of the others


class Root(msgspec.Struct, frozen=True):
    """One field: arguments and type in the schema language. `lone`: once in a document, as guesses are."""

    name: str
    arguments: str
    type: str
    home: Home = "mutation"
    needs: Needs = "nothing"
    lone: bool = False
    collection: str | None = None


def listing(target: str) -> str:
    """The arguments of a list."""
    return f"filter: {target}_filter, sort: [String], limit: Int, offset: Int, page: Int, search: String"


def _reads(glimpse: Glimpse) -> Iterator[Root]:
    name, kind = glimpse.name, glimpse.collection
    yield Root(name, listing(kind), f"[{kind}!]!", home="query", collection=kind)
    yield Root(f"{name}_by_id", "id: ID!, version: String", kind, home="query", collection=kind)
    grouped = f"groupBy: [String], {listing(kind)}"
    yield Root(f"{name}_aggregated", grouped, f"[{kind}_aggregated!]!", home="query", collection=kind)


def _writes(glimpse: Glimpse) -> Iterator[Root]:
    """Whoever may not read what they wrote is told only that it was done."""
    name, kind = glimpse.name, glimpse.collection
    one, many = (kind, f"[{kind}!]!") if glimpse.read else ("Boolean", "Boolean")
    lists = f"{listing(kind)}, " if glimpse.read else ""
    if glimpse.create:
        given = f"create_{kind}_input"
        yield Root(f"create_{name}_items", f"{lists}data: [{given}!]", many, collection=kind)
        yield Root(f"create_{name}_item", f"data: {given}!", one, collection=kind)
    if glimpse.update:
        given = f"update_{kind}_input"
        yield Root(f"update_{name}_items", f"{lists}ids: [ID]!, data: {given}!", many, collection=kind)
        yield Root(f"update_{name}_batch", f"{lists}data: [{given}!]", many, collection=kind)
        yield Root(f"update_{name}_item", f"id: ID!, data: {given}!", one, collection=kind)
    if glimpse.delete:
        yield Root(f"delete_{name}_items", "ids: [ID]!", "delete_many", collection=kind)
        yield Root(f"delete_{name}_item", "id: ID!", "delete_one", collection=kind)


def _tells(glimpse: Glimpse) -> Iterator[Root]:
    """Whoever reads a collection may be told of what becomes of its rows; the names are Directus's own."""
    name, kind = f"{glimpse.collection}_mutated", glimpse.collection
    if glimpse.read and kind not in _SILENT:
        yield Root(name, "event: EventEnum", name, home="subscription", collection=kind)


def _query(name: str, arguments: str, kind: str, needs: Needs = "nothing") -> Root:
    return Root(name, arguments, kind, home="query", needs=needs)


_GUESS: Final = "email: String!, password: String!"
_CHOICE: Final = "token: String!, password: String!"
_NAMES: Final = "verification_url: String, first_name: String, last_name: String"
_FIXED: Final = (
    _query("server_ping", "", "String"),
    _query("server_info", "", "server_info"),
    _query("server_health", "", "JSON"),
    _query("server_specs_oas", "", "JSON"),
    _query("server_specs_graphql", "scope: graphql_sdl_scope", "String"),
    _query("users_me", "", "directus_users", "person"),
    Root("auth_login", f"{_GUESS}, mode: auth_mode, otp: String", "auth_tokens", lone=True),
    Root("auth_refresh", "refresh_token: String, mode: auth_mode", "auth_tokens", lone=True),
    Root("auth_logout", "refresh_token: String, mode: auth_mode", "Boolean"),
    Root("auth_password_request", "email: String!, reset_url: String", "Boolean", lone=True),
    Root("auth_password_reset", _CHOICE, "Boolean", lone=True),
    Root("users_register", f"{_GUESS}, {_NAMES}", "Boolean", lone=True),
    Root("users_register_verify", "token: String!", "Boolean", lone=True),
    Root("users_invite", "email: String!, role: String!, invite_url: String", "Boolean", needs="invites"),
    Root("users_invite_accept", _CHOICE, "Boolean", lone=True),
    Root("users_me_tfa_generate", "password: String!", "users_me_tfa_generate_data", lone=True),
    Root("users_me_tfa_enable", "otp: String!, secret: String!", "Boolean", lone=True),
    Root("users_me_tfa_disable", "otp: String!", "Boolean", lone=True),
    Root("users_me_tfa_recovery_codes", "password: String!", "users_me_tfa_recovery_codes_data", lone=True),
    Root("update_users_me", "data: update_directus_users_input!", "directus_users", needs="person"),
    Root("utils_revert", "revision: ID!", "Boolean", needs="person"),
)


def roots(view: View) -> tuple[Root, ...]:
    """The fields that this view has."""
    met = {"nothing": True, "person": view.person, "invites": view.invites}
    found = [root for root in _FIXED if met[root.needs]]
    for glimpse in view.glimpses:
        found += _reads(glimpse) if glimpse.read else ()
        found += (*_writes(glimpse), *_tells(glimpse))
    return tuple(found)
