"""The environment becomes one typed value, or a sentence for each variable that is wrong."""

import multiprocessing
import secrets
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.config import Config, ConfigInvalid, load

SECRET = secrets.token_hex(16)
OIDC = {
    "AUTH_PROVIDERS": "okta",
    "AUTH_OKTA_DRIVER": "openid",
    "AUTH_OKTA_CLIENT_ID": "idbridge",
    "AUTH_OKTA_CLIENT_SECRET": secrets.token_hex(16),
    "AUTH_OKTA_ISSUER_URL": "https://id.example.com/.well-known/openid-configuration",
}


def read(**variables: str) -> Config:
    return load({"SECRET": SECRET, **variables})


def problems(**variables: str) -> list[str]:
    with pytest.raises(ConfigInvalid) as caught:
        read(**variables)
    return caught.value.problems


def names(**variables: str) -> list[str]:
    return [problem.split()[0] for problem in problems(**variables)]


def test_with_nothing_set_it_runs_on_this_machine(tmp_path: Path) -> None:
    config = load({"DATA_DIR": str(tmp_path / "data")})
    assert config.public_url == "http://127.0.0.1:8055"
    assert (config.host, config.port) == ("127.0.0.1", 8055)
    assert config.database_url == f"sqlite:///{tmp_path}/data/idbridge.sqlite3"
    assert (config.access_token_ttl, config.refresh_token_ttl, config.user_invite_token_ttl) == (
        900,
        604_800,
        604_800,
    )
    assert (config.admin.email, config.admin.password, config.admin.token) == (
        "admin@example.com",
        None,
        None,
    )
    assert (config.smtp, config.providers, config.ip_trust_proxy, config.outbound_ip_allow_list) == (
        None,
        {},
        (),
        (),
    )
    assert (config.query_limit_max, config.log_level, config.warnings) == (None, "info", ())
    assert not config.is_https


def test_the_secret_it_makes_is_kept_for_its_owner_only(tmp_path: Path) -> None:
    first = load({"DATA_DIR": str(tmp_path)}).secrets
    assert len(first[0]) == 64
    assert load({"DATA_DIR": str(tmp_path)}).secrets == first
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]


def _make(folder: str) -> str:
    return load({"DATA_DIR": folder}).secrets[0]


def test_processes_that_start_together_get_one_secret(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert len(set(pool.map(_make, [str(tmp_path)] * 16))) == 1


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("damaged", [b"", b"\n", b"0123456789", b"\xff" * 64])
def test_a_damaged_secret_signs_nothing(tmp_path: Path, damaged: bytes, *, keep: bool) -> None:
    (tmp_path / "secret").write_bytes(damaged)
    with pytest.raises(ConfigInvalid, match=r"^DATA_DIR has a file `secret` that is damaged"):
        load({"DATA_DIR": str(tmp_path)}, keep=keep)


@pytest.mark.parametrize("keep", [True, False])
def test_a_database_does_not_get_another_secret_by_itself(tmp_path: Path, *, keep: bool) -> None:
    given = {"DATA_DIR": str(tmp_path)}
    (tmp_path / "idbridge.sqlite3").write_bytes(b"SQLite format 3\0...")
    with pytest.raises(ConfigInvalid, match=r"^SECRET is missing, and so is"):
        load(given, keep=keep)
    assert not (tmp_path / "secret").exists()
    assert load({**given, "SECRET": "s" * 32}).secrets == ("s" * 32,)
    (tmp_path / "secret").write_text("t" * 32)
    assert load(given).secrets == ("t" * 32,)


def test_a_check_writes_nothing(tmp_path: Path) -> None:
    assert load({"DATA_DIR": str(tmp_path / "data")}, keep=False).secrets == ()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(ConfigInvalid, match=r"^DATA_DIR "):
        load({"DATA_DIR": str(tmp_path / "data")})


BAD = {
    "PUBLIC_URL": "ftp://pa55word.example",
    "SECRET": "pa55word-too-short",
    "DATABASE_URL": "mysql://root:pa55word@db/x",
    "PORT": "pa55word",
    "HOST": "pa55 word",
    "ADMIN_EMAIL": "pa55word",
    "ADMIN_PASSWORD": "pa55wor",
    "ADMIN_TOKEN": "pa55 word",
    "ACCESS_TOKEN_TTL": "pa55word",
    "REFRESH_TOKEN_TTL": "0",
    "USER_INVITE_TOKEN_TTL": "99w",
    "USER_INVITE_URL_ALLOW_LIST": "https://app.example/ok,javascript:pa55word",
    "EMAIL_FROM": "pa55word\nbcc: everybody@example.com",
    "EMAIL_SMTP_HOST": "pa55word:25",
    "EMAIL_SMTP_PORT": "0",
    "EMAIL_SMTP_SECURE": "pa55word",
    "EMAIL_SMTP_IGNORE_TLS": "pa55word",
    "EMAIL_SMTP_PASSWORD": "pa55word",
    "AUTH_PROVIDERS": "okta,pa55 word",
    "AUTH_DISABLE_DEFAULT": "pa55word",
    "OUTBOUND_IP_ALLOW_LIST": "10.0.0.0/8,pa55word",
    "IP_TRUST_PROXY": "true",
    "LOG_LEVEL": "pa55word",
    "QUERY_LIMIT_MAX": "-2",
    "ALLOW_INSECURE_PUBLIC_URL": "pa55word",
}


def test_every_bad_variable_is_named_at_once_and_no_value_is_repeated() -> None:
    found = problems(**BAD)
    # A password for nobody is told as the name that is missing beside it.
    expected = {name for name in BAD if name != "EMAIL_SMTP_PASSWORD"} | {"EMAIL_SMTP_USER"}
    assert {problem.split()[0] for problem in found} == expected
    assert len(found) == len(expected)
    assert "pa55" not in "".join(found)


@pytest.mark.parametrize("name", BAD)
def test_each_bad_variable_is_refused_by_itself(name: str) -> None:
    assert names(**{name: BAD[name]}) == [name if name != "EMAIL_SMTP_PASSWORD" else "EMAIL_SMTP_USER"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://ada:hunt@er:pa55word@db.example/x"),
        ("DATABASE_URL", "postgresql://ada:hunter@db.example:pa55word/x"),
        ("PUBLIC_URL", "https://ada:pa55word"),
        ("PUBLIC_URL", "https://[pa55word"),
        ("PUBLIC_URL", "https://pa55word\u2100.example"),
        ("USER_INVITE_URL_ALLOW_LIST", "https://app.example,https://ada:pa55word"),
    ],
)
def test_a_password_that_slipped_into_an_address_is_not_repeated(name: str, value: str) -> None:
    (sentence,) = problems(**{name: value})
    assert sentence.startswith(f"{name} must be ")
    assert "pa55" not in sentence


@given(st.sampled_from(sorted(BAD)), st.text(st.characters(codec="utf-8")))
def test_no_text_makes_anything_worse_than_a_sentence(name: str, text: str) -> None:
    try:
        read(**{name: text}, EMAIL_SMTP_USER="x")
    except ConfigInvalid as caught:
        assert all(problem.split()[0].isupper() for problem in caught.problems)


def test_an_empty_variable_is_none() -> None:
    assert read(PORT="", PUBLIC_URL=" ", AUTH_PROVIDERS="").port == 8055


def test_any_variable_may_come_as_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    assert load({"SECRET_FILE": str(file)}).secrets == (SECRET,)
    variables = {name: value for name, value in OIDC.items() if not name.endswith("SECRET")}
    config = read(**variables, AUTH_OKTA_CLIENT_SECRET_FILE=str(file))
    assert SECRET in config.hidden


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe", b"x" * 70_000])
def test_a_file_without_a_secret_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    assert names(ADMIN_TOKEN_FILE=str(file)) == ["ADMIN_TOKEN"]


def test_a_variable_and_its_file_at_once_are_refused(tmp_path: Path) -> None:
    assert names(ADMIN_TOKEN="x", ADMIN_TOKEN_FILE=str(tmp_path)) == ["ADMIN_TOKEN"]


def test_several_secrets_are_a_list_the_first_of_which_signs() -> None:
    other = secrets.token_hex(32)
    assert load({"SECRET": f"{other}, {SECRET}"}).secrets == (other, SECRET)
    assert names(SECRET=f"{other},short") == ["SECRET"]


def test_on_postgresql_a_missing_secret_is_refused(tmp_path: Path) -> None:
    url = "postgresql://idbridge@db.example/idbridge"
    assert read(DATABASE_URL=url).database_url == url
    with pytest.raises(ConfigInvalid, match=r"^SECRET is missing"):
        load({"DATABASE_URL": url, "DATA_DIR": str(tmp_path / "data")})
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://id.example.com", "https://id.example.com"),
        ("https://ID.example.com/", "https://id.example.com"),
        ("HTTPS://id.example.com:8443/sub/", "https://id.example.com:8443/sub"),
        ("http://localhost:8055", "http://localhost:8055"),
        ("http://app.localhost", "http://app.localhost"),
        ("http://127.1.2.3", "http://127.1.2.3"),
        ("http://[::1]:80", "http://[::1]:80"),
    ],
)
def test_our_own_address_is_kept_without_a_slash(url: str, kept: str) -> None:
    assert read(PUBLIC_URL=url).public_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example.com",
        "http://10.0.0.1",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "https://user@id.example.com",
        "https://id.example.com/?a=b",
        "https://id.example.com/#x",
        "https://id.example.com:99999",
        "https://",
        "//id.example.com",
        "id.example.com",
        "https://id example.com",
        "https://ïd.example.com",
        "https://[::1",
    ],
)
def test_an_address_that_is_not_safe_or_none_is_refused(url: str) -> None:
    assert names(PUBLIC_URL=url) == ["PUBLIC_URL"]


def test_http_can_be_accepted_on_purpose() -> None:
    config = read(PUBLIC_URL="http://id.example.com", ALLOW_INSECURE_PUBLIC_URL="true")
    assert config.public_url == "http://id.example.com"


def test_the_address_follows_host_and_port() -> None:
    assert read(PORT="80", HOST="192.0.2.1").public_url == "http://localhost:80"
    assert read(PORT="0").port == 0
    assert read(HOST="::1").public_url == "http://[::1]:8055"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("900", 900), ("15m", 900), ("1h", 3600), ("7d", 604_800), ("2 w", 1_209_600), ("30S", 30)],
)
def test_spans_of_time_are_seconds(text: str, seconds: int) -> None:
    assert read(USER_INVITE_TOKEN_TTL=text).user_invite_token_ttl == seconds


@pytest.mark.parametrize("text", ["0", "-1", "1.5h", "m", "15 fortnights", "31d", "9" * 40, "\u0661\u0665m"])
def test_other_spans_are_refused(text: str) -> None:
    assert names(USER_INVITE_TOKEN_TTL=text) == ["USER_INVITE_TOKEN_TTL"]


MAIL = {"EMAIL_FROM": "Our App <no-reply@example.com>", "EMAIL_SMTP_HOST": "smtp.example.com"}


@pytest.mark.parametrize(
    ("variables", "port", "security"),
    [
        ({}, 587, "required"),
        ({"EMAIL_SMTP_SECURE": "true"}, 465, "implicit"),
        ({"EMAIL_SMTP_IGNORE_TLS": "true"}, 587, "never"),
        ({"EMAIL_SMTP_HOST": "localhost"}, 587, "offered"),
        ({"EMAIL_SMTP_HOST": "127.0.0.1", "EMAIL_SMTP_PORT": "25"}, 25, "offered"),
    ],
)
def test_mail_is_encrypted_unless_it_stays_here(variables: dict[str, str], port: int, security: str) -> None:
    smtp = read(**{**MAIL, **variables}).smtp
    assert smtp is not None
    assert (smtp.port, smtp.security) == (port, security)


def test_mail_needs_a_sender_both_halves_of_a_sign_in_and_no_password_in_clear() -> None:
    assert names(EMAIL_SMTP_HOST="smtp.example.com") == ["EMAIL_FROM"]
    assert names(**MAIL, EMAIL_SMTP_USER="me") == ["EMAIL_SMTP_PASSWORD"]
    signed_in = {**MAIL, "EMAIL_SMTP_USER": "me", "EMAIL_SMTP_PASSWORD": "pa55word"}
    assert names(**signed_in, EMAIL_SMTP_IGNORE_TLS="true") == ["EMAIL_SMTP_IGNORE_TLS"]


def test_providers_are_read_by_their_kind() -> None:
    config = read(**OIDC)
    assert list(config.providers) == ["okta"]
    assert config.providers["okta"].driver() == "openid"


def test_a_provider_whose_name_begins_another_s_keeps_to_its_own_variables() -> None:
    other = {
        name.replace("OKTA", "OKTA_EU"): value for name, value in OIDC.items() if name != "AUTH_PROVIDERS"
    } | {"AUTH_OKTA_EU_CLIENT_ID": "another"}
    config = read(**{**OIDC, **other, "AUTH_PROVIDERS": "okta,okta-eu"})
    assert list(config.providers) == ["okta", "okta-eu"]


def test_what_is_wrong_with_a_provider_is_named_with_the_rest() -> None:
    found = names(AUTH_PROVIDERS="okta", AUTH_OKTA_DRIVER="openid", AUTH_OKTA_CLEINT_ID="x", PORT="x")
    assert {"AUTH_OKTA_CLIENT_ID", "AUTH_OKTA_CLEINT_ID", "AUTH_OKTA_ISSUER_URL", "PORT"} <= set(found)
    assert names(AUTH_PROVIDERS="okta") == ["AUTH_OKTA_DRIVER"]
    assert names(AUTH_PROVIDERS="default") == ["AUTH_PROVIDERS"]
    assert names(AUTH_PROVIDERS="passkey") == ["AUTH_PROVIDERS"]
    assert names(AUTH_PROVIDERS="okta,OKTA") == ["AUTH_PROVIDERS"]


def test_the_provider_that_believes_anybody_stays_on_this_machine() -> None:
    mock = {"AUTH_PROVIDERS": "dev", "AUTH_DEV_DRIVER": "mock"}
    assert list(read(**mock).providers) == ["dev"]
    assert names(**mock, PUBLIC_URL="https://id.example.com") == ["AUTH_DEV_DRIVER"]


def test_nobody_s_word_about_addresses_counts_unless_named() -> None:
    assert read(IP_TRUST_PROXY="false").ip_trust_proxy == ()
    assert read(IP_TRUST_PROXY="10.0.0.1, 192.168.0.0/16").ip_trust_proxy == ("10.0.0.1/32", "192.168.0.0/16")


def test_variables_without_effect_are_named_and_strangers_are_not() -> None:
    config = read(
        EMAIL_SMPT_HOST="x", EMAIL_TRANSPORT="smtp", AUTH_GHOST_DRIVER="openid", PATH="/bin", PORTAL="x"
    )
    assert config.warnings == (
        "AUTH_GHOST_DRIVER has no effect",
        "EMAIL_SMPT_HOST has no effect; did you mean EMAIL_SMTP_HOST?",
        "EMAIL_TRANSPORT has no effect",
    )
    assert "did you mean REFRESH_TOKEN_TTL" in read(REFRESH_TOKNE_TTL="x").warnings[0]
    assert read(PROT="80").warnings == ("PROT has no effect; did you mean PORT?",)


def test_what_can_hardly_be_meant_is_remarked() -> None:
    assert read(EMAIL_SMTP_PORT="25", EMAIL_SMTP_USER="u", EMAIL_SMTP_PASSWORD="p").warnings == (
        "EMAIL_SMTP_PORT has no effect without EMAIL_SMTP_HOST",
        "EMAIL_SMTP_USER has no effect without EMAIL_SMTP_HOST",
        "EMAIL_SMTP_PASSWORD has no effect without EMAIL_SMTP_HOST",
    )
    assert "leaves nobody a way" in read(AUTH_DISABLE_DEFAULT="true").warnings[0]
    assert read(AUTH_DISABLE_DEFAULT="true", AUTH_PROVIDERS="dev", AUTH_DEV_DRIVER="mock").warnings == ()
    assert read(DB_CLIENT="pg").warnings == ("DB_CLIENT has no effect",)  # for which it is DATABASE_URL


def test_no_value_is_printed_with_the_configuration() -> None:
    known = {
        **OIDC,
        **MAIL,
        "EMAIL_SMTP_USER": "me",
        "EMAIL_SMTP_PASSWORD": "pa55word",
        "ADMIN_TOKEN": "t0ken-t0ken",
    }
    config = read(**known, ADMIN_PASSWORD="pa55word", DATABASE_URL="postgresql://u:pa55word@h/d")
    assert {SECRET, "pa55word", "t0ken-t0ken", OIDC["AUTH_OKTA_CLIENT_SECRET"]} <= set(config.hidden)
    for shown in (
        repr(config),
        str(config),
        repr(config.admin),
        repr(config.smtp),
        repr(dict(config.providers)),
    ):
        assert not any(str(hidden) in shown for hidden in config.hidden if hidden)


def test_the_value_cannot_be_changed() -> None:
    config: Any = read()
    with pytest.raises(AttributeError):
        config.port = 1


def test_rule_3_one_client_at_one_issuer_is_one_provider() -> None:
    """What is signed for the one provider, a logout token too, would be good for the other."""
    issuer = OIDC["AUTH_OKTA_ISSUER_URL"].removesuffix("/.well-known/openid-configuration")
    other = {
        "AUTH_TWO_DRIVER": "openid",
        "AUTH_TWO_CLIENT_ID": OIDC["AUTH_OKTA_CLIENT_ID"],
        "AUTH_TWO_ISSUER_URL": issuer,
    }
    both = {**OIDC, **other, "AUTH_PROVIDERS": "okta,two"}
    assert names(**both) == ["AUTH_TWO_CLIENT_ID"]
    assert list(read(**{**both, "AUTH_TWO_CLIENT_ID": "another"}).providers) == ["okta", "two"]
