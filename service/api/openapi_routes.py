"""What the OpenAPI document promises: its operations and their parameters, a row each."""

from collections.abc import Mapping
from typing import Final

import msgspec

from service.api.openapi_bodies import Json
from service.users.model import Kind

ONE: Final = ("fields", "alias", "deep")
READ: Final = (*ONE, "export")
LIST: Final = (*READ, "filter", "search", "sort", "limit", "offset", "page", "meta", "aggregate", "groupBy")
TURNED: Final = ("limit", "before")
PARAMETERS: Final[Mapping[str, tuple[str, Json]]] = {
    "fields": ("Words of the answer, as CSV or array; `*` is every one.", {"type": "string"}),
    "alias": ("Other names for fields: an object, as JSON or in brackets.", {"type": "string"}),
    "deep": ("Questions about relations to many: an object, as JSON or in brackets.", {"type": "string"}),
    "aggregate": ("Counts and sums: an object, as JSON or in brackets.", {"type": "string"}),
    "groupBy": ("Words to group an aggregate by, as CSV or array.", {"type": "string"}),
    "filter": ("A filter object, as JSON or in brackets.", {"type": "string"}),
    "search": ("A text to be found in any text field.", {"type": "string"}),
    "sort": ("Words to sort by, as CSV; `-` before a word turns its order round.", {"type": "string"}),
    "limit": ("Rows of a page; -1 is all.", {"type": "integer", "minimum": -1, "default": 100}),
    "offset": ("Rows to pass over.", {"type": "integer", "minimum": 0}),
    "before": (
        "The key of the last row that was seen.",
        {"type": "string", "format": "uuid"},
    ),
    "page": ("The page, counted from 1; wins over offset.", {"type": "integer", "minimum": 1}),
    "export": ("The answer as a file.", {"type": "string", "enum": ["csv", "json", "xml", "yaml"]}),
    "width": ("Pixels; a side that is left out follows from the other.", {"type": "integer", "minimum": 1}),
    "height": ("Pixels.", {"type": "integer", "minimum": 1}),
    "fit": (
        "How the picture gets this size.",
        {"type": "string", "enum": ["cover", "contain", "inside", "outside"]},
    ),
    "download": ("To be kept and not shown.", {"type": "string"}),
    "token": ("What the letter brought.", {"type": "string"}),
    "redirect": ("Where to go afterwards.", {"type": "string"}),
    "meta": ("`total_count`, `filter_count` or `*`.", {"type": "string"}),
}


class Route(msgspec.Struct, frozen=True):
    """One operation: what goes in and what comes out, by the names of schemas.

    With `media` the answer is what it says and stands in no envelope; `answer` is then its schema, if any.
    """

    method: str
    path: str
    summary: str
    tag: str
    answer: str | None = None  # None: 204
    body: str | None = None
    many: bool = False
    parameters: tuple[str, ...] = ()
    public: bool = False
    key: Kind = "uuid"  # of `{id}` in the path
    media: str | None = None
    sends: str = "application/json"
    status: int | None = None  # of an answer without a body that it may give as well


ROUTES: Final = (
    Route("get", "/users", "List users", "Users", "Users", many=True, parameters=LIST),
    Route("post", "/users", "Create one or many", "Users", "Users", "Users", parameters=ONE),
    Route("patch", "/users", "Change many", "Users", "Users", "UsersChange", many=True, parameters=ONE),
    Route("delete", "/users", "Remove many", "Users", None, "Removal"),
    Route("get", "/users/me", "Read the caller", "Users", "Users", parameters=READ),
    Route("patch", "/users/me", "Change the caller", "Users", "Users", "Users", parameters=ONE),
    Route("patch", "/users/me/track/page", "Note the page that the caller looks at", "Users", None, "Page"),
    Route("get", "/users/{id}", "Read a user", "Users", "Users", parameters=READ),
    Route("patch", "/users/{id}", "Change a user", "Users", "Users", "Users", parameters=ONE),
    Route("delete", "/users/{id}", "Remove a user", "Users"),
    Route("post", "/users/invite", "Invite by e-mail", "Users", None, "Invite"),
    Route("get", "/users/invite", "List invitations", "Users", "Invitation", many=True, parameters=TURNED),
    Route("post", "/users/invite/{id}/resend", "Send an invitation again", "Users", "Key"),
    Route("delete", "/users/invite/{id}", "Withdraw an invitation", "Users"),
    Route("post", "/users/invite/accept", "Accept an invitation", "Users", None, "Accept", public=True),
    Route("post", "/users/register", "Register with an e-mail", "Users", None, "Register", public=True),
    Route(
        "get",
        "/users/register/verify-email",
        "Prove the e-mail",
        "Users",
        public=True,
        parameters=("token",),
        status=302,
    ),
    Route("post", "/users/me/tfa/generate", "Make a secret", "Two-factor", "Secret", "Password"),
    Route("post", "/users/me/tfa/enable", "Ask for codes from now on", "Two-factor", None, "Factor"),
    Route("post", "/users/me/tfa/disable", "Ask for no codes any more", "Two-factor", None, "Code"),
    Route(
        "post",
        "/users/me/tfa/recovery-codes",
        "Codes for a lost telephone",
        "Two-factor",
        "Codes",
        "Password",
    ),
    Route("post", "/users/{id}/tfa/disable", "Take a second factor away", "Two-factor"),
    Route("get", "/letters", "List letters", "Letters", "Letter", many=True, parameters=TURNED),
    Route("get", "/letters/{id}", "Read a letter", "Letters", "Letter"),
    Route("post", "/letters/{id}/resend", "Send a letter again", "Letters", "Letter"),
    Route("post", "/letters/{id}/cancel", "Cancel a letter that waits", "Letters", "Letter"),
    Route("get", "/roles", "List roles", "Roles", "Roles", many=True, parameters=LIST),
    Route("post", "/roles", "Create one or many", "Roles", "Roles", "Roles", parameters=ONE),
    Route("patch", "/roles", "Change many", "Roles", "Roles", "RolesChange", many=True, parameters=ONE),
    Route("delete", "/roles", "Remove many; their users are suspended", "Roles", None, "Removal"),
    Route("get", "/roles/{id}", "Read a role", "Roles", "Roles", parameters=READ),
    Route("patch", "/roles/{id}", "Change a role", "Roles", "Roles", "Roles", parameters=ONE),
    Route("delete", "/roles/{id}", "Remove a role; its users are suspended", "Roles"),
    Route("get", "/roles/me", "The caller's roles, by their keys", "Roles", "Roles", many=True),
    Route("get", "/permissions", "List rules", "Permissions", "Permissions", many=True, parameters=LIST),
    Route(
        "post",
        "/permissions",
        "Create one or many",
        "Permissions",
        "Permissions",
        "Permissions",
        parameters=ONE,
    ),
    Route(
        "patch",
        "/permissions",
        "Change many",
        "Permissions",
        "Permissions",
        "PermissionsChange",
        many=True,
        parameters=ONE,
    ),
    Route("delete", "/permissions", "Remove many", "Permissions", None, "NumberedRemoval"),
    Route("get", "/permissions/me", "What the caller may do", "Permissions", "Accesses"),
    Route(
        "get",
        "/permissions/{id}",
        "Read a rule",
        "Permissions",
        "Permissions",
        parameters=READ,
        key="integer",
    ),
    Route(
        "patch",
        "/permissions/{id}",
        "Change a rule",
        "Permissions",
        "Permissions",
        "Permissions",
        parameters=ONE,
        key="integer",
    ),
    Route("delete", "/permissions/{id}", "Remove a rule", "Permissions", key="integer"),
    Route("search", "/users", "List users", "Users", "Users", "Search", many=True),
    Route("search", "/roles", "List roles", "Roles", "Roles", "Search", many=True),
    Route("search", "/files", "List files", "Files", "Files", "Search", many=True),
    Route("search", "/permissions", "List rules", "Permissions", "Permissions", "Search", many=True),
    Route("search", "/activity", "List what happened", "Activity", "Activity", "Search", many=True),
    Route("search", "/revisions", "List revisions", "Revisions", "Revisions", "Search", many=True),
    Route("get", "/files", "List files", "Files", "Files", many=True, parameters=LIST),
    Route(
        "post",
        "/files",
        "Upload pictures, one or several",
        "Files",
        "Files",
        "Upload",
        parameters=ONE,
        sends="multipart/form-data",
    ),
    Route("patch", "/files", "Change many", "Files", "Files", "FilesChange", many=True, parameters=ONE),
    Route("delete", "/files", "Remove many", "Files", None, "Removal"),
    Route("get", "/files/{id}", "Read a file", "Files", "Files", parameters=READ),
    Route("patch", "/files/{id}", "Change a file", "Files", "Files", "Files", parameters=ONE),
    Route("delete", "/files/{id}", "Remove a file", "Files"),
    Route(
        "get",
        "/assets/{id}",
        "The picture itself",
        "Files",
        parameters=("width", "height", "fit", "download"),
        media="image/*",
        status=304,
    ),
    Route("get", "/fields", "List every field", "Collections", "Described", many=True),
    Route("get", "/fields/{collection}", "List fields", "Collections", "Described", many=True),
    Route("get", "/fields/{collection}/{field}", "Read a field", "Collections", "Described"),
    Route("get", "/collections", "List collections", "Collections", "Described", many=True),
    Route("get", "/collections/{collection}", "Read a collection", "Collections", "Described"),
    Route("get", "/relations", "List every relation", "Collections", "Described", many=True),
    Route("get", "/relations/{collection}", "List relations", "Collections", "Described", many=True),
    Route("get", "/relations/{collection}/{field}", "Read a relation", "Collections", "Described"),
    Route("get", "/activity", "List what happened", "Activity", "Activity", many=True, parameters=LIST),
    Route("get", "/activity/{id}", "Read one", "Activity", "Activity", parameters=ONE, key="integer"),
    Route("get", "/revisions", "List revisions", "Revisions", "Revisions", many=True, parameters=LIST),
    Route("get", "/revisions/{id}", "Read one", "Revisions", "Revisions", parameters=ONE, key="integer"),
    Route("post", "/utils/revert/{id}", "Go back to a revision", "Revisions", key="integer"),
    Route("get", "/projects", "List projects", "Projects", "Project", many=True),
    Route("post", "/projects", "Create a project", "Projects", "Project", "NewProject"),
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
    Route("post", "/auth/login", "Sign in", "Authentication", "Tokens", "Login", public=True),
    Route("post", "/auth/refresh", "Refresh the tokens", "Authentication", "Tokens", "Refresh", public=True),
    Route("post", "/auth/logout", "Sign out", "Authentication", None, "Refresh", public=True),
    Route(
        "post", "/auth/password/request", "Ask for a letter", "Authentication", None, "Forgotten", public=True
    ),
    Route(
        "post", "/auth/password/reset", "Set a new password", "Authentication", None, "Accept", public=True
    ),
    Route("get", "/auth", "List the providers", "Authentication", "Providers", public=True),
    Route(
        "get",
        "/auth/login/{provider}",
        "Sign on with a provider",
        "Authentication",
        parameters=("redirect",),
        public=True,
        status=302,
    ),
    Route(
        "get",
        "/auth/login/{provider}/callback",
        "Come back from a provider",
        "Authentication",
        "Tokens",
        public=True,
        status=302,
    ),
    Route(
        "post",
        "/auth/login/{provider}/callback",
        "Come back from a provider that posts a form",
        "Authentication",
        None,
        "Arrival",
        sends="application/x-www-form-urlencoded",
        public=True,
        status=303,
    ),
    Route(
        "post",
        "/auth/login/{provider}/otp",
        "Give the code that is owed after a sign-on",
        "Authentication",
        "Tokens",
        "OwedCode",
        public=True,
    ),
    Route("get", "/server/ping", "pong", "Server", public=True, media="text/html"),
    Route(
        "get",
        "/server/health",
        "Whether everything works",
        "Server",
        "Health",
        public=True,
        media="application/health+json",
    ),
    Route(
        "get",
        "/server/specs/graphql/system",
        "The schema of GraphQL",
        "Server",
        public=True,
        media="text/plain",
    ),
    Route("get", "/server/specs/oas", "This document", "Server", public=True, media="application/json"),
    Route("get", "/server/info", "What a client may know", "Server", "Info", public=True),
)
