"""What stands after AUTH_<NAME>_ becomes settings, or everything wrong with it is named at once."""

import msgspec
import pytest

from providers.http import Outbound
from providers.kinds import KINDS, kind, open_provider, read_settings
from providers.mock import MockSettings
from providers.oidc import OpenIDSettings
from providers.secret import Secret
from providers.settings import Mistake, Policy

LEAST = {"DRIVER": "openid", "CLIENT_ID": "me", "ISSUER_URL": "https://idp.example"}
ROLE = "0192f3a0-0000-7000-8000-000000000001"


def wrong(**variables: str) -> dict[str, str]:
    """The keys that are wrong, with why; variables are added to the least that an OpenID provider needs."""
    found = read_settings({**LEAST, **variables})
    return dict(found) if isinstance(found, list) else {}


def test_the_least_is_enough_and_careful() -> None:
    settings = read_settings(LEAST)
    assert settings == OpenIDSettings(client_id="me", issuer_url="https://idp.example")
    assert isinstance(settings, OpenIDSettings)
    assert (settings.scope, settings.identifier_key, settings.client_secret) == (
        "openid profile email",
        "sub",
        None,
    )
    assert settings.policy == Policy(allow_public_registration=False, require_verified_email=True)


def test_every_setting_is_read() -> None:
    settings = read_settings(
        {
            **LEAST,
            "CLIENT_SECRET": "between us",
            "SCOPE": "email openid",
            "IDENTIFIER_KEY": "employee.number",
            "PARAMS": '{"audience": "users", "prompt": "login"}',
            "LABEL": "Our staff",
            "ICON": "badge",
            "PROJECT": "shop",
            "ALLOW_PUBLIC_REGISTRATION": "TRUE",
            "DEFAULT_ROLE_ID": ROLE,
            "REQUIRE_VERIFIED_EMAIL": "false",
            "REDIRECT_ALLOW_LIST": "https://app.example/in, http://localhost:3000/x",
            "ALLOWED_DOMAINS": "example.com,example.org",
        }
    )
    assert settings == OpenIDSettings(
        client_id="me",
        client_secret=Secret("between us"),
        issuer_url="https://idp.example",
        scope="email openid",
        identifier_key="employee.number",
        params={"audience": "users", "prompt": "login"},
        label="Our staff",
        icon="badge",
        policy=Policy(
            project="shop",
            allow_public_registration=True,
            default_role_id=ROLE,
            require_verified_email=False,
            redirect_allow_list=("https://app.example/in", "http://localhost:3000/x"),
            allowed_domains=("example.com", "example.org"),
        ),
    )
    assert "between us" not in repr(settings)


def test_parameters_may_carry_the_documented_prefix() -> None:
    settings = read_settings({**LEAST, "PARAMS": 'json:{"a": "b"}'})
    assert isinstance(settings, OpenIDSettings)
    assert settings.params == {"a": "b"}


def test_an_empty_variable_counts_as_not_given() -> None:
    assert read_settings({**LEAST, "CLIENT_SECRET": "", "LABEL": "", "PARAMS": ""}) == read_settings(LEAST)
    assert wrong(CLIENT_ID="") == {"CLIENT_ID": "is missing"}


def test_everything_wrong_is_named_at_once_and_nothing_is_repeated() -> None:
    found = read_settings(
        {
            "DRIVER": "openid",
            "ISSUER_URL": "ftp://hidden-1",
            "SCOPE": "hidden-2",
            "ALLOW_PUBLIC_REGISTRATION": "hidden-3",
            "DEFAULT_ROLE_ID": "hidden-4",
            "PARAMS": '{"state": "hidden-5"}',
            "CLIENT_SECRETS": "hidden-6",
        }
    )
    assert isinstance(found, list)
    assert [mistake.key for mistake in found] == [
        "ALLOW_PUBLIC_REGISTRATION",
        "CLIENT_ID",
        "CLIENT_SECRETS",
        "DEFAULT_ROLE_ID",
        "ISSUER_URL",
        "PARAMS",
        "SCOPE",
    ]
    assert "hidden" not in repr(found)
    assert Mistake("CLIENT_SECRETS", "is not a setting of this driver") in found
    assert Mistake("ALLOW_PUBLIC_REGISTRATION", "must be true or false") in found


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ISSUER_URL", "idp.example"),
        ("ISSUER_URL", "https://idp.example/?a=b"),
        ("ISSUER_URL", "https://idp.example/#a"),
        ("ISSUER_URL", "https://user:word@idp.example/"),
        ("ISSUER_URL", "https://idp.example/\n"),
        ("ISSUER_URL", "https://idp.example\\evil"),
        ("CLIENT_ID", "two words"),
        ("CLIENT_ID", "é"),
        ("SCOPE", "profile email"),
        ("SCOPE", "openidx"),
        ("IDENTIFIER_KEY", "a b"),
        ("PARAMS", "[1]"),
        ("PARAMS", "{"),
        ("PARAMS", '{"a": 1}'),
        ("PARAMS", "[" * 100_000),
        *(
            ("PARAMS", f'{{"{name}": "x"}}')
            for name in (
                "state",
                "nonce",
                "redirect_uri",
                "code_challenge",
                "request_uri",
                "response_mode",
                "uri",
                "url",
            )
        ),
        ("ICON", "<svg>"),
        ("LABEL", "a" * 101),
        ("PROJECT", "a/b"),
        ("DEFAULT_ROLE_ID", ROLE.upper()),
        ("DEFAULT_ROLE_ID", "1"),
        ("REQUIRE_VERIFIED_EMAIL", "no"),
        ("REDIRECT_ALLOW_LIST", "/relative"),
        ("REDIRECT_ALLOW_LIST", "https://app.example/,javascript:alert(1)"),
        ("ALLOWED_DOMAINS", "Example.com"),
        ("ALLOWED_DOMAINS", "ada@example.com"),
        ("ALLOWED_DOMAINS", "*.example.com"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(key: str, value: str) -> None:
    assert list(wrong(**{key: value})) == [key]
    assert wrong(**{key: value})[key].startswith("must be ")


@pytest.mark.parametrize("driver", ["", "wrong", "OpenID"])
def test_an_unknown_driver_is_told_the_known_ones(driver: str) -> None:
    assert read_settings({"DRIVER": driver}) == [Mistake("DRIVER", f"must be one of {', '.join(KINDS)}")]
    assert {"openid", "oauth2", "mock", "google", "github", "entra"} <= set(KINDS)
    assert read_settings({}) == read_settings({"DRIVER": driver})


@pytest.mark.parametrize("driver", KINDS)
def test_every_driver_leads_to_its_own_settings(driver: str) -> None:
    assert kind(driver).driver() == driver


@pytest.mark.parametrize("driver", ["openid", "oauth2", "mock"])
def test_every_protocol_can_be_opened_under_a_name_and_is_shown_as_told(
    driver: str, outbound: Outbound
) -> None:
    addresses = {f"{name}_URL": "https://idp.example/x" for name in ("AUTHORIZE", "ACCESS", "PROFILE")}
    needed = {"openid": LEAST, "oauth2": {"CLIENT_ID": "me", **addresses}, "mock": {}}[driver]
    settings = read_settings({**needed, "DRIVER": driver, "LABEL": "Ours", "ICON": "badge"})
    assert not isinstance(settings, list)
    provider = open_provider("staff", settings, outbound)
    assert (provider.name, provider.driver, provider.label, provider.icon) == (
        "staff",
        driver,
        "Ours",
        "badge",
    )


def test_settings_of_one_kind_are_not_settings_of_another() -> None:
    assert read_settings({"DRIVER": "mock", "CLIENT_ID": "me"}) == [
        Mistake("CLIENT_ID", "is not a setting of this driver")
    ]
    assert read_settings({"DRIVER": "mock", "EMAIL": "ada@example.com"}) == MockSettings(
        email="ada@example.com"
    )


def test_a_secret_is_shown_by_nothing() -> None:
    secret = Secret("between us")
    assert secret.reveal() == "between us"
    assert secret == Secret("between us")
    assert secret != Secret("between them")
    assert secret != "between us"
    shown = [repr(secret), str(secret), f"{secret}", f"{[secret]}"]
    assert not [text for text in shown if "between" in text]
    with pytest.raises(TypeError):
        msgspec.json.encode(secret)
    with pytest.raises(TypeError):
        hash(secret)
