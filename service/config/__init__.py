"""The environment, read once into a frozen and typed value; every bad variable is named at once."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from msgspec import structs
from sqlalchemy.engine import make_url

from mail.allowance import PER_RECIPIENT
from mail.settings import Settings as SmtpSettings
from providers import kinds
from providers.access_token import Grant
from providers.secret import Secret
from service import journal
from service.config import parts, readers
from service.config.environment import Environment, choice, duration, flag, number
from service.config.parts import Administrator, Values

DAY = 86_400  # seconds
FAMILIES = (
    "ADMIN_",
    "AUTH_",
    "EMAIL_",
    "USER_INVITE_",
    "ACCESS_TOKEN_",
    "REFRESH_TOKEN_",
    "SESSION_COOKIE_",
    "PASSWORD_RESET_",
    "PUBLIC_REGISTRATION",
    "USER_REGISTER_",
    "OUTBOUND_IP_",
    "CORS_",
    "DB_",
    "RATE_LIMITER_",
)


class ConfigInvalid(Exception):
    """The service cannot start like this; `problems` has a sentence for each variable, without its value."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Config(Values, frozen=True, kw_only=True):
    """What the environment says: spans of time in seconds, our own address without a slash at its end."""

    public_url: str
    secrets: tuple[str, ...]
    database_url: str
    data_dir: Path
    host: str
    port: int
    admin: Administrator
    access_token_ttl: int
    refresh_token_ttl: int
    session_cookie_ttl: int
    user_invite_token_ttl: int
    user_invite_url_allow_list: tuple[str, ...]
    password_reset_url_allow_list: tuple[str, ...]
    public_registration: bool
    public_registration_role: str | None
    user_register_url_allow_list: tuple[str, ...]
    email_from: str
    smtp: SmtpSettings | None
    smtp_grant: Grant | None
    smtp_connections: int
    email_recipient_limit: int | None
    email_project_limit: int | None
    providers: Mapping[str, kinds.Settings]
    auth_disable_default: bool
    outbound_ip_allow_list: tuple[IPv4Network | IPv6Network, ...]
    ip_trust_proxy: tuple[str, ...]
    log_level: str
    query_limit_max: int | None
    cors_origin: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def is_https(self) -> bool:
        """Whether browsers reach us over https, so that cookies are Secure."""
        return self.public_url.startswith("https:")

    @property
    def hidden(self) -> tuple[str | None, ...]:
        """What the log must never say, wherever it turns up."""
        mine = (self.admin.password, self.admin.token, make_url(self.database_url).password)
        held = tuple(value for kind in self.providers.values() for value in structs.asdict(kind).values())
        signals = (kind.signals for kind in self.providers.values())
        held = (*held, *(value for one in signals for value in structs.asdict(one).values()))
        held = (*held, *structs.asdict(self.smtp_grant).values()) if self.smtp_grant else held
        theirs = (value.reveal() for value in held if isinstance(value, Secret))
        return *self.secrets, *mine, self.smtp.password if self.smtp else None, *theirs


def load(variables: Mapping[str, str], *, keep: bool = True) -> Config:
    """Read the environment. Raises ConfigInvalid with everything that is wrong in it.

    On SQLite without a SECRET one is made and kept in DATA_DIR; with `keep` false nothing is written, and
    `secrets` is empty where there is none.
    """
    env = Environment(variables)
    config = _read(env, keep=keep)
    if env.problems:
        raise ConfigInvalid(env.problems)
    return config


def _read(env: Environment, *, keep: bool) -> Config:
    """A row each; what is wrong with any of them is in `env.problems`."""
    data_dir = Path(env.text("DATA_DIR") or "data")
    database_url = env.read("DATABASE_URL", readers.database) or f"sqlite:///{data_dir / 'idbridge.sqlite3'}"
    host, port = env.read("HOST", readers.host) or "127.0.0.1", env.read("PORT", number(0, 65_535))
    public_url = parts.public_url(env, host, 8055 if port is None else port)
    smtp = parts.smtp(env)
    return Config(
        public_url=public_url,
        database_url=database_url,
        data_dir=data_dir,
        host=host,
        port=8055 if port is None else port,
        admin=parts.administrator(env),
        access_token_ttl=env.read("ACCESS_TOKEN_TTL", duration(30 * DAY)) or 900,
        refresh_token_ttl=env.read("REFRESH_TOKEN_TTL", duration(400 * DAY)) or 7 * DAY,
        session_cookie_ttl=env.read("SESSION_COOKIE_TTL", duration(400 * DAY)) or DAY,
        user_invite_token_ttl=env.read("USER_INVITE_TOKEN_TTL", duration(30 * DAY)) or 7 * DAY,
        user_invite_url_allow_list=env.read("USER_INVITE_URL_ALLOW_LIST", readers.allowed_urls) or (),
        password_reset_url_allow_list=env.read("PASSWORD_RESET_URL_ALLOW_LIST", readers.allowed_urls) or (),
        public_registration=env.read("PUBLIC_REGISTRATION", flag) or False,
        public_registration_role=env.read("PUBLIC_REGISTRATION_ROLE", readers.key),
        user_register_url_allow_list=env.read("USER_REGISTER_URL_ALLOW_LIST", readers.allowed_urls) or (),
        email_from=parts.sender(env, smtp),
        smtp=smtp,
        smtp_grant=parts.smtp_grant(env, smtp),
        smtp_connections=env.read("EMAIL_SMTP_CONNECTIONS", number(1, 64)) or 4,
        email_recipient_limit=parts.limit(env, "EMAIL_RECIPIENT_LIMIT", PER_RECIPIENT),
        email_project_limit=parts.limit(env, "EMAIL_PROJECT_LIMIT"),
        providers=(providers := parts.providers(env, public_url)),
        auth_disable_default=parts.disables_default(env, providers),
        outbound_ip_allow_list=env.read("OUTBOUND_IP_ALLOW_LIST", readers.networks) or (),
        ip_trust_proxy=env.read("IP_TRUST_PROXY", readers.proxies) or (),
        log_level=env.read("LOG_LEVEL", choice(tuple(journal.LEVELS))) or "info",
        query_limit_max=parts.limit(env, "QUERY_LIMIT_MAX"),
        cors_origin=env.read("CORS_ORIGIN", readers.origins) or (),
        secrets=parts.secrets(env, database_url, data_dir, keep=keep),
        warnings=(*env.remarks, *env.unused(FAMILIES)),
    )
