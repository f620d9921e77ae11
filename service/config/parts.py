"""Those parts of the configuration that several variables make together."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct

from mail.settings import Security
from mail.settings import Settings as SmtpSettings
from providers import kinds
from providers.access_token import Grant
from providers.discovery import WELL_KNOWN
from providers.secret import Secret
from service.config import readers
from service.config.environment import Environment, flag, number
from service.config.secret_file import is_kept, is_lost, kept_secret
from service.database.url import sqlite_path


class Values(Struct, frozen=True, kw_only=True):
    """Values that no log and no traceback prints: some of them are secret."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(hidden)"


class Administrator(Values, frozen=True, kw_only=True):
    """The first administrator; without a password one is made up and printed once."""

    email: str
    password: str | None
    token: str | None


def public_url(env: Environment, host: str, port: int) -> str:
    """Give our own address: https, this machine, or http that somebody accepted on purpose."""
    insecure = env.read("ALLOW_INSECURE_PUBLIC_URL", flag) or False
    url = env.read("PUBLIC_URL", readers.public_url)
    if url is None:
        name = host if readers.is_loopback_host(host) else "localhost"
        return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
    if url.startswith("http:") and not readers.is_loopback(url) and not insecure:
        env.wrong(
            "PUBLIC_URL",
            "must begin with https://, for passwords and tokens cross the network; "
            "ALLOW_INSECURE_PUBLIC_URL=true accepts that they can be read",
        )
    return url


def secrets(env: Environment, database_url: str, data_dir: Path, *, keep: bool) -> tuple[str, ...]:
    """Give the secrets: those of the environment, or on SQLite the one that this machine keeps."""
    given = env.read("SECRET", readers.secrets)
    file = sqlite_path(database_url)
    if given is None and file is None and not env.named("SECRET"):
        env.wrong(
            "SECRET", "is missing: replicas on PostgreSQL share it; make one with: openssl rand -hex 32"
        )
    if given is None and file is not None and is_lost(data_dir, file):
        env.wrong("SECRET", _LOST)
    if given is not None or env.problems or not (keep or is_kept(data_dir)):
        return given or ()
    try:
        return readers.secrets(kept_secret(data_dir))
    except OSError as problem:
        env.wrong("DATA_DIR", f"cannot keep the secret of the first start: {problem.strerror}; or set SECRET")
    except ValueError:  # an empty key would let anybody sign
        env.wrong("DATA_DIR", "has a file `secret` that is damaged: put your copy of it back, or set SECRET")
    return ()


_LOST = (
    "is missing, and so is the file `secret` in DATA_DIR, though there is a database already, in which things"
    " may be sealed under it: put it back, or, if it is lost, set a new one: openssl rand -hex 32"
)


def administrator(env: Environment) -> Administrator:
    """Give the first administrator."""
    return Administrator(
        email=env.read("ADMIN_EMAIL", readers.email) or "admin@example.com",
        password=env.read("ADMIN_PASSWORD", readers.password),
        token=env.read("ADMIN_TOKEN", readers.static_token),
    )


def smtp(env: Environment) -> SmtpSettings | None:
    """Give the mail server, if there is one: TLS is required unless it is this machine or asked not to be."""
    secure = env.read("EMAIL_SMTP_SECURE", flag) or False
    ignore = env.read("EMAIL_SMTP_IGNORE_TLS", flag) or False
    host = env.read("EMAIL_SMTP_HOST", readers.host)
    port = env.read("EMAIL_SMTP_PORT", number(1, 65_535)) or (465 if secure else 587)
    user, password = env.text("EMAIL_SMTP_USER"), env.text("EMAIL_SMTP_PASSWORD")
    by_token = env.text("EMAIL_SMTP_OAUTH_TOKEN_URL") is not None
    if (user is None) != (password is None and not by_token):
        env.wrong("EMAIL_SMTP_PASSWORD" if user else "EMAIL_SMTP_USER", "is missing: a sign-in needs both")
    if ignore and (secure or password):
        env.wrong(
            "EMAIL_SMTP_IGNORE_TLS", "cannot be true beside EMAIL_SMTP_SECURE, nor when a password is sent"
        )
    if host is None:
        unsent = (name for name in ("PORT", "USER", "PASSWORD", "SECURE") if env.given(f"EMAIL_SMTP_{name}"))
        env.remarks.extend(f"EMAIL_SMTP_{name} has no effect without EMAIL_SMTP_HOST" for name in unsent)
        return None
    security: Security = "offered" if readers.is_loopback_host(host) else "required"
    security = "implicit" if secure else "never" if ignore else security
    return SmtpSettings(host, port, user, password, security)


def smtp_grant(env: Environment, smtp: SmtpSettings | None) -> Grant | None:
    """Give what the mail server's access tokens (XOAUTH2) are asked for with, if it takes such."""
    prefix = "EMAIL_SMTP_OAUTH_"
    token_url = env.read(f"{prefix}TOKEN_URL", readers.public_url)
    client_id, scope = env.text(f"{prefix}CLIENT_ID"), env.text(f"{prefix}SCOPE")
    secret, refresh = (env.read(f"{prefix}{name}", Secret) for name in ("CLIENT_SECRET", "REFRESH_TOKEN"))
    if token_url is None or smtp is None:
        return None
    if client_id is None:
        env.wrong(f"{prefix}CLIENT_ID", "is missing: the token endpoint asks who we are")
    if secret is None and refresh is None:
        env.wrong(f"{prefix}CLIENT_SECRET", "is missing, and EMAIL_SMTP_OAUTH_REFRESH_TOKEN too")
    if smtp.password is not None:
        env.wrong("EMAIL_SMTP_PASSWORD", "cannot stand beside EMAIL_SMTP_OAUTH_TOKEN_URL")
    return Grant(
        token_url=token_url,
        client_id=client_id or "",
        client_secret=secret,
        refresh_token=refresh,
        scope=scope,
    )


def sender(env: Environment, smtp: SmtpSettings | None) -> str:
    """Give the address that letters come from."""
    sender = env.read("EMAIL_FROM", readers.sender)
    if sender is None and smtp is not None and not env.named("EMAIL_FROM"):
        env.wrong("EMAIL_FROM", "is missing: letters need a sender, such as: Our App <no-reply@example.com>")
    return sender or "no-reply@example.com"


def providers(env: Environment, public_url: str) -> Mapping[str, kinds.Settings]:
    """Give the settings of every sign-on provider under its name."""
    names = env.read("AUTH_PROVIDERS", readers.provider_names) or ()
    prefixes = {name: f"AUTH_{name.upper().replace('-', '_')}_" for name in names}
    found: dict[str, kinds.Settings] = {}
    for name, prefix in prefixes.items():
        settings = kinds.read_settings(env.under(prefix, prefixes.values()))
        if isinstance(settings, list):
            for mistake in settings:
                env.wrong(f"{prefix}{mistake.key}", mistake.why)
        elif settings.driver() == "mock" and not readers.is_loopback(public_url):
            env.wrong(
                f"{prefix}DRIVER", "cannot be mock, which believes anybody, unless PUBLIC_URL is this machine"
            )
        else:
            found[name] = settings
    _check_clients(env, found, prefixes)
    return MappingProxyType(found)


def disables_default(env: Environment, providers: Mapping[str, kinds.Settings]) -> bool:
    """Whether nobody signs in with a password or a passkey of ours."""
    disabled = env.read("AUTH_DISABLE_DEFAULT", flag) or False
    if disabled and not providers:
        env.remarks.append("AUTH_DISABLE_DEFAULT without AUTH_PROVIDERS leaves nobody a way to sign in")
    return disabled


def _check_clients(
    env: Environment, found: Mapping[str, kinds.Settings], prefixes: Mapping[str, str]
) -> None:
    """Refuse a client that is there twice: what its issuer signs for the one would be good for the other."""
    if not found:
        return
    from providers.oidc import OpenIDClient  # with Authlib behind it: only where somebody signs on

    known: dict[tuple[str, str], str] = {}
    for name, settings in found.items():
        if isinstance(settings, OpenIDClient):
            issuer = settings.issuer().removesuffix(WELL_KNOWN).rstrip("/")
            first = known.setdefault((issuer, settings.client_id), name)
            if first != name:
                env.wrong(f"{prefixes[name]}CLIENT_ID", f"is the client of {first} at the same issuer")


def limit(env: Environment, name: str, default: int | None = None) -> int | None:
    """Give the most of something; -1 is no limit."""
    most = env.read(name, number(-1, 1_000_000))
    return default if most is None else None if most == -1 else most
