"""What the OpenAPI document promises of connections: a row for each operation."""

from typing import Final

from service.api.openapi_route import LIST, ONE, Route

ROUTES: Final = (
    Route(
        "get", "/connections", "List connections", "Connections", "Connections", many=True, parameters=LIST
    ),
    Route("post", "/connections", "Create a connection", "Connections", "Connections", "Connections"),
    Route("get", "/connections/{id}", "Read a connection", "Connections", "Connections", parameters=ONE),
    Route("patch", "/connections/{id}", "Change a connection", "Connections", "Connections", "Connections"),
    Route("delete", "/connections/{id}", "Remove a connection; its users stay", "Connections"),
    Route(
        "get",
        "/connections/{id}/tokens",
        "List its tokens and client secrets",
        "Connections",
        "Connection_tokens",
        many=True,
        parameters=LIST,
    ),
    Route(
        "post",
        "/connections/{id}/tokens",
        "Make a token or a client secret",
        "Connections",
        "IssuedToken",
        "NewToken",
    ),
    Route("delete", "/connections/{id}/tokens/{token}", "Revoke one", "Connections"),
    Route(
        "get",
        "/connections/{id}/log",
        "What it asked, and what to do about failures",
        "Connections",
        "Sync_log",
        many=True,
        parameters=LIST,
    ),
    Route(
        "get",
        "/connections/{id}/group-roles",
        "The roles that its groups give; the first entry that applies decides",
        "Connections",
        "GroupRoles",
    ),
    Route(
        "put",
        "/connections/{id}/group-roles",
        "Put another list in its place",
        "Connections",
        "GroupRoles",
        "GroupRoles",
    ),
)
