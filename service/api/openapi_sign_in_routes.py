"""What the OpenAPI document promises of signing in, and of the server itself: a row for each operation."""

from typing import Final

from service.api.openapi_route import Route


def _posted(path: str, summary: str) -> Route:
    """What a browser brings by a form: a page somewhere else has it do so."""
    sends = "application/x-www-form-urlencoded"
    return Route(
        "post", path, summary, "Authentication", None, "Arrival", sends=sends, public=True, status=303
    )


ROUTES: Final = (
    Route("post", "/auth/login", "Sign in", "Authentication", "Tokens", "Login", public=True),
    Route("post", "/auth/refresh", "Refresh the tokens", "Authentication", "Tokens", "Refresh", public=True),
    Route(
        "post",
        "/auth/logout",
        "Sign out; with `redirect`, at the provider as well",
        "Authentication",
        "Farewell",
        "Logout",
        public=True,
        status=204,
    ),
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
        "post",
        "/auth/login/{provider}",
        "Sign on at a directory",
        "Authentication",
        "Tokens",
        "DirectoryLogin",
        public=True,
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
    _posted("/auth/login/{provider}/callback", "Come back from a provider that posts a form"),
    _posted("/auth/login/{provider}/acs", "Come back from a SAML identity provider"),
    Route(
        "get",
        "/auth/login/{provider}/metadata",
        "What a SAML identity provider has to know of us",
        "Authentication",
        public=True,
        media="application/samlmetadata+xml",
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
    Route(
        "get",
        "/auth/login/{provider}/logout",
        "What a SAML identity provider has a browser bring that signs out",
        "Authentication",
        public=True,
        status=302,
    ),
    _posted(
        "/auth/login/{provider}/logout", "Sign out here and at a SAML identity provider, or hear from it"
    ),
    Route(
        "post",
        "/auth/login/{provider}/passkey/options",
        "What the browser is to ask for in place of the code that is owed",
        "Passkeys",
        "PasskeyQuestion",
        "Nothing",
        public=True,
    ),
    Route(
        "post",
        "/auth/login/{provider}/passkey",
        "Give a passkey in place of the code that is owed",
        "Passkeys",
        "Tokens",
        "PasskeyAnswer",
        public=True,
    ),
    Route(
        "post",
        "/auth/passkey/options",
        "What the browser is to ask for to sign in",
        "Passkeys",
        "PasskeyQuestion",
        "Nothing",
        public=True,
    ),
    Route(
        "post",
        "/auth/passkey",
        "Sign in with a passkey",
        "Passkeys",
        "Tokens",
        "PasskeyAnswer",
        public=True,
    ),
    Route(
        "post",
        "/auth/login/{provider}/backchannel-logout",
        "Hear from a provider that somebody has signed out there",
        "Authentication",
        None,
        "LogoutToken",
        sends="application/x-www-form-urlencoded",
        public=True,
        status=200,
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
