"""What vendors say of a person, as their documentation shows it, and who that is."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.sign_on.stand_in import Vendor

TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
OBJECT = "0e1f2a3b-1111-4222-8333-444455556666"
PEM = (
    generate_private_key(SECP256R1())
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)


class Recorded(NamedTuple):
    """`variables` set the preset up; `who`: identifier, e-mail, verified, first and last name, groups."""

    variables: dict[str, str]
    vendor: Vendor
    who: tuple[str, str | None, bool, str | None, str | None, tuple[str, ...] | None]
    shown: tuple[str, str]
    form: Mapping[str, str] = MappingProxyType({})  # what the browser brings besides code and state


ADA = ("ada@example.com", True, "Ada", "Lovelace")
MAIL: dict[str, Any] = {"email": "ada@example.com", "email_verified": True}
NAMES = {"given_name": "Ada", "family_name": "Lovelace"}

RECORDED: dict[str, Recorded] = {
    "oauth2": Recorded(
        {
            "AUTHORIZE_URL": "https://id.example.com/authorize", "ACCESS_URL": "https://id.example.com/token",
            "PROFILE_URL": "https://id.example.com/me", "IDENTIFIER_KEY": "data.number", "EMAIL_KEY": "mail.address",
            "EMAIL_VERIFIED_KEY": "mail.checked", "FIRST_NAME_KEY": "first", "LAST_NAME_KEY": "last",
            "GROUP_CLAIM_NAME": "teams",
        },
        Vendor(
            places={
                "https://id.example.com/me": {
                    "data": {"number": 7}, "mail": {"address": "ada@example.com", "checked": True}, "first": "Ada",
                    "last": "Lovelace", "teams": [{"name": "engines"}, {"other": 1}],
                }
            }
        ),
        ("7", *ADA, ("engines",)),
        ("op", "account_circle"),
    ),
    "google": Recorded(
        {"HOSTED_DOMAIN": "example.com"},
        Vendor(
            "https://accounts.google.com",
            {"sub": "110169484474386276334", "hd": "example.com", "azp": "me", "picture": "https://x/y", **MAIL, **NAMES},
        ),
        ("110169484474386276334", *ADA, ()),
        ("Google", "google"),
    ),
    "entra": Recorded(
        {"TENANT_ID": TENANT},
        Vendor(
            f"https://login.microsoftonline.com/{TENANT}/v2.0",
            {
                "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ", "oid": OBJECT, "tid": TENANT, "ver": "2.0",
                "preferred_username": "ada@example.com", "email": "ada@example.com", "xms_edov": True,
                "groups": ["b1b1b1b1-0000-4000-8000-000000000001"], **NAMES,
            },
        ),
        (OBJECT, *ADA, ("b1b1b1b1-0000-4000-8000-000000000001",)),
        ("Microsoft", "microsoft"),
    ),
    "okta": Recorded(
        {"DOMAIN": "dev-1.okta.com", "AUTHORIZATION_SERVER": "default"},
        Vendor(
            "https://dev-1.okta.com/oauth2/default",
            {"sub": "00uid4BxXw6I6TV4m0g3", "amr": ["pwd"], "groups": ["Everyone", "Staff"], "ver": 1, **MAIL, **NAMES},
        ),
        ("00uid4BxXw6I6TV4m0g3", *ADA, ("Everyone", "Staff")),
        ("Okta", "okta"),
    ),
    "github": Recorded(
        {"SCOPE": "read:user user:email read:org"},
        Vendor(
            places={
                "https://api.github.com/user": {
                    "login": "octoada", "id": 583231, "node_id": "MDQ6VXNlcjE=", "name": "Ada Lovelace",
                    "email": None, "site_admin": False, "two_factor_authentication": True,
                },
                "https://api.github.com/user/emails": [
                    {"email": "old@example.org", "primary": False, "verified": True, "visibility": None},
                    {"email": "ada@example.com", "primary": True, "verified": True, "visibility": "private"},
                ],
                "https://api.github.com/user/orgs": [{"login": "engines", "id": 1}],
            }
        ),
        ("583231", *ADA, ("engines",)),
        ("GitHub", "github"),
    ),
    "gitlab": Recorded(
        {},
        Vendor(
            "https://gitlab.com",
            {"sub": "4242", "name": "Ada Lovelace", "nickname": "ada", "groups_direct": ["engines/notes"], **MAIL},
        ),
        ("4242", *ADA, ("engines/notes",)),
        ("GitLab", "gitlab"),
    ),
    "apple": Recorded(
        {"TEAM_ID": "ABCDE12345", "KEY_ID": "FGHIJ67890", "PRIVATE_KEY": PEM},
        Vendor(
            "https://appleid.apple.com",
            {
                "sub": "001234.0123456789abcdef.0123", "email": "ada@example.com", "email_verified": "true",
                "is_private_email": "false", "nonce_supported": True,
            },
            posts_back=True,
        ),
        ("001234.0123456789abcdef.0123", *ADA, ()),
        ("Apple", "apple"),
        {"user": '{"name":{"firstName":"Ada","lastName":"Lovelace"},"email":"liar@example.org"}'},
    ),
    "keycloak": Recorded(
        {"BASE_URL": "https://id.example.com/auth", "REALM": "staff", "GROUP_CLAIM_NAME": "realm_access.roles"},
        Vendor(
            "https://id.example.com/auth/realms/staff",
            {"sub": "f6c3-1", "preferred_username": "ada", "realm_access": {"roles": ["editor"]}, **MAIL, **NAMES},
        ),
        ("f6c3-1", *ADA, ("editor",)),
        ("Keycloak", "key"),
    ),
    "auth0": Recorded(
        {"DOMAIN": "dev-1.eu.auth0.com", "GROUP_CLAIM_NAME": "https://example.com/roles"},
        Vendor(
            "https://dev-1.eu.auth0.com/",
            {"sub": "auth0|5f7c", "nickname": "ada", "https://example.com/roles": ["editor"], **MAIL, **NAMES},
        ),
        ("auth0|5f7c", *ADA, ("editor",)),
        ("Auth0", "lock"),
    ),
    "discord": Recorded(
        {},
        Vendor(
            places={
                "https://discord.com/api/users/@me": {
                    "id": "80351110224678912", "username": "ada", "discriminator": "0", "global_name": "Ada",
                    "verified": True, "email": "ada@example.com", "mfa_enabled": True,
                }
            }
        ),
        ("80351110224678912", "ada@example.com", True, "Ada", None, ()),
        ("Discord", "discord"),
    ),
    "linkedin": Recorded(
        {},
        Vendor(
            places={
                "https://api.linkedin.com/v2/userinfo": {
                    "sub": "782bbtaQ", "name": "Ada Lovelace", "locale": {"country": "GB", "language": "en"},
                    **MAIL, **NAMES,
                }
            },
            takes_verifier=False,
        ),
        ("782bbtaQ", *ADA, ()),
        ("LinkedIn", "linkedin"),
    ),
    "facebook": Recorded(
        {},
        Vendor(
            places={
                "https://graph.facebook.com/v23.0/me?fields=id,email,first_name,last_name": {
                    "id": "1234567890", "email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace",
                }
            }
        ),
        ("1234567890", "ada@example.com", False, "Ada", "Lovelace", ()),
        ("Facebook", "facebook"),
    ),
    "cognito": Recorded(
        {"USER_POOL_ID": "eu-central-1_AbCdEfGhI"},
        Vendor(
            "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI",
            {"sub": "aaaa-bbbb", "cognito:groups": ["editor"], **MAIL, **NAMES, "email_verified": "true"},
        ),
        ("aaaa-bbbb", *ADA, ("editor",)),
        ("Cognito", "aws"),
    ),
    "slack": Recorded(
        {"TEAM_ID": "T0123456789"},
        Vendor("https://slack.com", {"sub": "U0R7MFMJM", "https://slack.com/team_id": "T0123456789", **MAIL, **NAMES}),
        ("U0R7MFMJM", *ADA, ()),
        ("Slack", "slack"),
    ),
}  # fmt: skip
