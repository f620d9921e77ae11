"""What every kind of provider is set up with, and how the texts of an environment become it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import Meta, Struct, convert, inspect, json, structs

from providers.contract import Provider
from providers.http import Outbound
from providers.secret import PrivateKey, Secret

# A setting's type says in its description what a value "must be"; that is all a mistake ever shows.
Url = Annotated[
    str,
    Meta(
        pattern=r"^https?://[A-Za-z0-9.:\[\]_-]+(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?\Z",
        max_length=2048,
        description="an https:// address without a query",
    ),
]
_ROLE = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z"
RoleId = Annotated[
    Annotated[str, Meta(pattern=_ROLE)] | None,
    Meta(description="the uuid of a role, in lower case"),
]
Project = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z", description="the name of a project")]
Domains = Annotated[
    tuple[Annotated[str, Meta(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*\Z", max_length=253)], ...],
    Meta(description="domains in lower case, separated by commas"),
]
AllowList = Annotated[
    tuple[Url, ...], Meta(description="absolute addresses without a query, separated by commas")
]
Label = Annotated[
    Annotated[str, Meta(max_length=100)] | None, Meta(description="a text of at most 100 characters")
]
Icon = Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,64}\Z", description="an icon's name, like account_circle")]
Flag = Annotated[bool, Meta(description="true or false")]
RoleMapping = Annotated[
    dict[Annotated[str, Meta(max_length=255)], Annotated[str, Meta(pattern=_ROLE)]],
    Meta(description='a JSON object from groups to the uuids of roles, such as json:{"staff": "..."}'),
]
Mode = Annotated[Literal["cookie", "session"], Meta(description="cookie or session")]
Span = Annotated[
    Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,4}[smhd]?\Z")] | None,
    Meta(description="a span of time, such as 900 (seconds), 15m, 8h or 7d"),
]
ContextClasses = Annotated[
    tuple[Annotated[str, Meta(pattern=r"^[!-~]{1,255}\Z")], ...],
    Meta(description="values of acr, separated by commas"),
]


class Policy(Struct, frozen=True, kw_only=True):
    """What the service lets a provider do; the provider itself reads nothing of it.

    `redirect_allow_list`: origin and path of where a sign-on may end. `allowed_domains`: those whose e-mail
    addresses may come through this provider; all of them when empty. `link_by_email`: somebody new to it may
    be the user who has the same address, verified on both sides. `sync_user_info` and `role_mapping` follow
    the provider at each sign-on; `allow_administrators` says on purpose that roles which it gives may be an
    administrator's. `second_factor_acr`: values of acr that answer for a second factor. `session_ttl` bounds
    the sessions that begin with it. `mode`: the cookie that a sign-on with a redirect ends with.
    """

    project: Project = "default"
    allow_public_registration: Flag = False
    default_role_id: RoleId = None
    require_verified_email: Flag = True
    redirect_allow_list: AllowList = ()
    allowed_domains: Domains = ()
    link_by_email: Flag = False
    sync_user_info: Flag = False
    role_mapping: RoleMapping = msgspec.field(default_factory=dict)
    allow_administrators: Flag = False
    second_factor_acr: ContextClasses = ()
    session_ttl: Span = None
    mode: Mode = "cookie"


class Signals(Struct, frozen=True, kw_only=True):
    """From whom we hear what happens to a provider's people after they signed on (Shared Signals 1.0).

    `ssf_issuer` is the transmitter; without one nobody is heard. `ssf_audience` is what it calls us, our own
    address for it unless given; `ssf_subject_issuer` whom it means by `iss_sub`, itself unless given.
    `ssf_push_token` is what it has to send as Authorization. With `ssf_poll_url` it is asked, with
    `ssf_poll_token`, instead of waiting. `ssf_email_subjects`: it may speak of people by their address.
    """

    ssf_issuer: Annotated[Url | None, Meta(description="an https:// address without a query")] = None
    ssf_audience: Annotated[str, Meta(pattern=r"^[!-~]{0,255}\Z", description="at most 255 characters")] = ""
    ssf_subject_issuer: Annotated[Url | None, Meta(description="an https:// address without a query")] = None
    ssf_push_token: Annotated[Secret | None, Meta(description="a text")] = None
    ssf_poll_url: Annotated[Url | None, Meta(description="an https:// address without a query")] = None
    ssf_poll_token: Annotated[Secret | None, Meta(description="a text")] = None
    ssf_email_subjects: Flag = False


class Common(Struct, frozen=True, kw_only=True):
    """How any provider is shown, and what it may do."""

    label: Label = None  # the provider's name unless given
    icon: Icon = "account_circle"
    policy: Policy = Policy()
    signals: Signals = Signals()

    @classmethod
    def driver(cls) -> str:
        """The word after AUTH_<NAME>_DRIVER, which is the tag of the kind."""
        return str(cls.__struct_config__.tag)

    def mistakes(self) -> list["Mistake"]:
        """What cannot be used together, although each by itself could."""
        return []

    def open(self, name: str, outbound: Outbound) -> Provider:
        """The provider called `name` with these settings, which calls others through `outbound` only."""
        raise NotImplementedError(f"{self.driver()} says how it is opened")


def seconds(span: str) -> int:
    """How many seconds a span of time lasts."""
    unit = {"s": 1, "m": 60, "h": 3600, "d": 86_400}.get(span[-1])
    return int(span) if unit is None else int(span[:-1]) * unit


class Mistake(NamedTuple):
    """One variable that cannot be used: its upper-case key, the rest of the sentence, never its value."""

    key: str
    why: str


Kind = TypeVar("Kind", bound=Common)


def read(kind: type[Kind], variables: Mapping[str, str]) -> Kind | list[Mistake]:
    """Make settings of upper-case keys and texts; an empty text counts as not given.

    Every key that is wrong, missing or unknown is named at once, and no value is repeated.
    """
    given = {key: text for key, text in variables.items() if text and key != "DRIVER"}
    mistakes: list[Mistake] = []
    own, policy, signals = (_take(part, given, mistakes) for part in (kind, Policy, Signals))
    mistakes += [Mistake(key, "is not a setting of this driver") for key in given]
    if mistakes:
        return sorted(mistakes)
    settings = kind(**own, policy=Policy(**policy), signals=Signals(**signals))
    return sorted(settings.mistakes()) or settings


def _take(owner: type[Struct], given: dict[str, str], mistakes: list[Mistake]) -> dict[str, Any]:
    """Take the texts that are fields of `owner` out of `given`, and read them."""
    values = {}
    for field in structs.fields(owner):
        key, shape = field.name.upper(), inspect.type_info(field.type)
        if not isinstance(shape, inspect.Metadata):
            continue  # the policy and the signals, which are taken field by field
        if key in given:
            try:
                raw = _split(given.pop(key), shape.type)
                values[field.name] = convert(raw, field.type, strict=False, dec_hook=_keep_secret)
            except (ValueError, RecursionError):  # msgspec's own problems are ValueErrors
                mistakes.append(Mistake(key, f"must be {(shape.extra_json_schema or {})['description']}"))
        elif field.required:
            mistakes.append(Mistake(key, "is missing"))
    return values


def _split(text: str, shape: inspect.Type) -> object:
    """Lists are separated by commas, objects are JSON (the documented prefix `json:` may lead)."""
    if isinstance(shape, inspect.VarTupleType):
        return [part.strip() for part in text.split(",") if part.strip()]
    return json.decode(text.removeprefix("json:")) if isinstance(shape, inspect.DictType) else text


def _keep_secret(kind: type, text: str) -> Secret:
    return PrivateKey(text) if kind is PrivateKey else Secret(text)
