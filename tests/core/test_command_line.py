"""The command `idbridge`, run as a person runs it: what it prints where, and with which status it ends."""

import asyncio
import os
import re
import secrets
import socket
import sqlite3
import sys
from asyncio.subprocess import PIPE
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import bindparam, select

from service.__main__ import main
from service.database import Transaction
from service.database.tables import users
from service.tokens import fingerprint
from service.users import administrators, connections, roles
from service.users.model import house
from service.users.passwords import Hasher
from tests.commands import ROOT
from tests.core.prompt import COMMANDS, folder, idbridge, kept

__all__ = ["folder"]


def is_empty(folder: Path) -> bool:
    return not any(folder.iterdir())


async def hash_of(tx: Transaction, email: str) -> str | None:
    row = await tx.row(select(users.c.password_hash).where(users.c.email == bindparam("email")), email=email)
    return None if row is None else str(row[0])


async def signs_in(folder: Path, email: str, password: str) -> bool:
    async with kept(folder) as database:
        hasher = Hasher()
        good = await hasher.verify(await database.read(hash_of, email), password)
        hasher.close()
        return good


HELP_WITHOUT_WEIGHT = """
import sys
from service.__main__ import main
assert main(["--help"]) == 0
assert not {"sqlalchemy", "litestar", "msgspec", "asyncio"} & set(sys.modules)
"""


async def test_help_names_every_command_and_costs_next_to_nothing() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HELP_WITHOUT_WEIGHT), cwd=ROOT, stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert [name for name in COMMANDS if not re.search(rf"^  {name}  ", out.decode(), re.M)] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert main([command, "--help"]) == 0
    assert f"usage: idbridge {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        *("", "nonsense", "admin", "serve --prot 1", "serve 1", "scim-token create"),
        *("scim-token create --provider x --days 0", "scim-token create --provider x --days 99999999999"),
        *("scim-log --provider x --limit -1", "mail preview --language tlh"),
    ],
)
def test_wrong_usage_is_told_with_status_2(capsys: pytest.CaptureFixture[str], arguments: str) -> None:
    assert main(arguments.split()) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "usage: idbridge" in shown.err


def test_a_command_alone_tells_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [name for name in COMMANDS if not re.search(rf"^  {name}  ", shown.err, re.M)] == []


async def test_a_pipe_that_nobody_reads_any_longer_ends_a_command_in_silence(folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "service", "mail", "preview", "invitation"),
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        stdout=writing,
        stderr=PIPE,
    )
    os.close(writing)
    _, err = await process.communicate()
    assert (process.returncode, err) == (141, b"")


BAD = {
    "PORT": "seven",
    "PUBLIC_URL": "http://id.example.com",
    "SECRET": "pa55word",
    "ADMIN_PASSWORD": "pa55wor",
    "ACCESS_TOKEN_TTL": "pa55word",
    "EMAIL_SMTP_USER": "pa55word",
    "LOG_LEVEL": "loud",
}


@pytest.mark.parametrize(
    "command", [("check",), ("serve",), ("migrate",), ("scim-token", "create", "--provider", "x")]
)
async def test_seven_bad_variables_make_seven_lines_and_status_78(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    ended = await idbridge(tmp_path, *command, **BAD)
    assert (ended.status, ended.out) == (78, "")
    named = [line.split()[0] for line in ended.err.splitlines()]
    assert sorted(named) == sorted({**BAD, "EMAIL_SMTP_PASSWORD": ""}.keys() - {"EMAIL_SMTP_USER"})
    assert "pa55" not in ended.err
    assert is_empty(tmp_path)


async def test_a_good_configuration_is_told_and_nothing_is_made(tmp_path: Path) -> None:
    ended = await idbridge(tmp_path, "check", SECRET=secrets.token_hex(32), EMAIL_SMPT_HOST="x")
    assert ended.status == 0
    assert ended.err.startswith("EMAIL_SMPT_HOST has no effect; did you mean EMAIL_SMTP_HOST?\n")
    assert "The configuration is good." in ended.err
    assert is_empty(tmp_path)


async def test_a_database_is_migrated_when_it_is_asked_for(tmp_path: Path) -> None:
    assert (await idbridge(tmp_path, "migrate", "--check")).status == 1
    refused = await idbridge(tmp_path, "scim-token", "create", "--provider", "okta")
    assert (refused.status, refused.out) == (1, "")
    assert "idbridge migrate" in refused.err
    assert (await idbridge(tmp_path, "migrate")).status == 0
    assert (await idbridge(tmp_path, "migrate")).status == 0
    assert (await idbridge(tmp_path, "migrate", "--check")).status == 0


@pytest.mark.parametrize(
    "command", [("migrate",), ("migrate", "--check"), ("serve", "--port", "0"), ("worker",)]
)
async def test_a_database_that_is_away_is_told_with_status_69(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"postgresql://idbridge:pa55word@127.0.0.1:{nobody.getsockname()[1]}/idbridge"
        ended = await idbridge(tmp_path, *command, DATABASE_URL=url, SECRET=secrets.token_hex(32))
    assert (ended.status, ended.out) == (69, "")
    assert ended.err.startswith("The database cannot be used now")
    assert len(ended.err.splitlines()) == 1
    assert "pa55word" not in ended.err


async def test_a_file_that_is_no_database_is_told_with_status_69(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear Ada,\n" * 100)
    for command in (("migrate",), ("migrate", "--check"), ("serve", "--port", "0"), ("worker",)):
        ended = await idbridge(tmp_path, *command, DATABASE_URL="sqlite:///letter.txt")
        assert (ended.status, ended.out) == (69, "")
        said = "The database cannot be used now (letter.txt: sqlite: the file is no database).\n"
        assert ended.err == said


async def test_a_database_that_a_newer_version_made_is_left_to_it(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "data" / "idbridge.sqlite3")) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
        raw.commit()
    for command in (("migrate",), ("migrate", "--check"), ("serve", "--port", "0"), ("worker",)):
        ended = await idbridge(folder, *command)
        assert (ended.status, ended.out) == (1, "")
        assert ended.err.startswith("A newer idbridge has been at this database: its schema is 9999")
        assert len(ended.err.splitlines()) == 1


async def test_a_data_folder_that_cannot_be_made_is_told_with_status_78(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    ended = await idbridge(tmp_path, "serve", "--port", "0")
    assert (ended.status, ended.out) == (78, "")
    assert ended.err.startswith("DATA_DIR cannot keep the secret of the first start: ")


async def test_a_copy_is_made_and_put_back(folder: Path) -> None:
    await idbridge(folder, "project", "create", "before")
    made = await idbridge(folder, "backup", "copy.sqlite3")
    assert (made.status, made.out) == (0, "")
    assert (await idbridge(folder, "backup", "copy.sqlite3")).status == 1
    await idbridge(folder, "project", "create", "after")
    refused = await idbridge(folder, "restore", "copy.sqlite3")
    assert (refused.status, "--replace" in refused.err) == (1, True)
    assert (await idbridge(folder, "restore", "copy.sqlite3", "--replace")).status == 0
    assert (await idbridge(folder, "project", "create", "after")).status == 0
    assert (await idbridge(folder, "project", "create", "before")).status == 1
    elsewhere = {"DATABASE_URL": "postgresql://db.example/x", "SECRET": secrets.token_hex(32)}
    refused = await idbridge(folder, "backup", "other.sqlite3", **elsewhere)
    assert (refused.status, "pg_dump" in refused.err) == (1, True)


async def test_an_old_secret_can_go_once_all_is_sealed_anew(folder: Path) -> None:
    old, new = secrets.token_hex(32), secrets.token_hex(32)
    (folder / "header").write_text("Bearer receiver")
    options = "--provider okta --events --events-url https://app.example --events-authorization-file header"
    await idbridge(folder, "connection", "create", *options.split(), SECRET=old)
    for secret, said in (
        (new, "1 cannot be opened"),
        (f"{new},{old}", "1 sealed anew, 0 were already."),
        (new, "0 sealed anew, 1 were already."),
    ):
        ended = await idbridge(folder, "reseal", SECRET=secret)
        assert (ended.status, ended.out, said in ended.err) == (0, "", True), ended.err


async def test_groups_are_mapped_to_roles_in_the_order_given(folder: Path) -> None:
    await idbridge(folder, "scim-token", "create", "--provider", "okta")
    async with kept(folder) as database:
        staff, chiefs = [
            await database.write(roles.create, house("default"), [{"name": "x", "admin_access": admin}])
            for admin in (False, True)
        ]
        await database.write(administrators.create, "default", {"email": "a@example.com"})
    command = ("scim-group", "map", "--provider", "okta")
    empty = await idbridge(folder, *command)
    assert (empty.status, empty.out) == (0, "")
    entries = (f"A=B={staff[0]}", f"Chiefs={chiefs[0]}")
    refused = await idbridge(folder, *command, *entries)
    assert (refused.status, refused.out) == (1, "")
    assert "administrators" in refused.err
    made = await idbridge(folder, *command, "--administrators", *entries)
    assert made.out == f"A=B={staff[0]}\nChiefs={chiefs[0]}  (makes administrators)\n"
    assert (await idbridge(folder, *command)).out == made.out
    for wrong in ("A", "=x", "A=", "A=nonsense"):
        assert (await idbridge(folder, *command, wrong)).status == 2
    assert (await idbridge(folder, "scim-group", "map", "--provider", "nobody")).status == 1
    assert (await idbridge(folder, *command, "--clear")).out == ""


async def test_a_scim_token_is_printed_alone_and_kept_as_a_fingerprint(folder: Path) -> None:
    options = "--profile entra --adopt --domain Example.com example.org --domain example.net"
    made = await idbridge(folder, "scim-token", "create", "--provider", "okta", *options.split())
    assert made.status == 0
    assert re.fullmatch(r"idb_scim_[\w-]{43}\n", made.out)
    assert "/scim/v2" in made.err
    async with kept(folder) as database:
        found = await database.read(connections.recognise, fingerprint(made.out.strip()))
        assert found is not None
        assert (found.connection.project, found.connection.provider) == ("default", "okta")
        assert (found.connection.profile, found.connection.adopt) == ("entra", True)
        assert found.connection.domains == ("example.com", "example.org", "example.net")
    again = await idbridge(folder, "scim-token", "create", "--provider", "okta", "--no-adopt")
    async with kept(folder) as database:
        found = await database.read(connections.recognise, fingerprint(again.out.strip()))
        assert found is not None
        assert (found.connection.profile, found.connection.adopt) == ("entra", False)
    assert made.out.strip().encode() not in (folder / "data" / "idbridge.sqlite3").read_bytes()


async def test_projects_are_made_and_reserved_names_refused(folder: Path) -> None:
    assert (await idbridge(folder, "project", "create", "thumper")).status == 0
    for name, sentence in (
        ("thumper", "already"),
        ("users", "must be another one"),
        ("a/b", "must be 1 to 63"),
    ):
        refused = await idbridge(folder, "project", "create", name)
        assert (refused.status, refused.out) == (1, "")
        assert sentence in refused.err
    made = await idbridge(folder, "scim-token", "create", "--provider", "okta", "--project", "thumper")
    assert made.status == 0
    for project in ("thumper", "default"):
        admin = await idbridge(folder, "admin", "create", "--email", "ada@example.com", "--project", project)
        assert admin.status == 0


async def test_what_the_core_refuses_is_told_in_a_sentence(folder: Path) -> None:
    for arguments, sentence in {
        "scim-token create --provider default": "The provider must be one of",
        "scim-token create --provider x --project nowhere": "There is no such project.",
        f"scim-token create --provider x --default-role {uuid4()}": "There is no such default role.",
        "scim-token create --provider x --domain https://example.com": "The domains must be domains",
        "connection list --project nowhere": "There is no such project.",
        "scim-group map --provider x": "The project default has no connection x:",
        "admin create --email nonsense": "The email is no e-mail address.",
        "admin create --email a@example.com --project nowhere": "There is no such project.",
    }.items():
        refused = await idbridge(folder, *arguments.split())
        assert (refused.status, refused.out) == (1, "")
        assert refused.err.startswith(sentence)
        assert len(refused.err.splitlines()) == 1


async def test_an_administrator_gets_a_made_password_alone_on_stdout(folder: Path) -> None:
    made = await idbridge(folder, "admin", "create", "--email", "ada@example.com")
    assert made.status == 0
    assert re.fullmatch(r"(\w{5}-){4}\w{5}\n", made.out)
    assert await signs_in(folder, "ada@example.com", made.out.strip())
    again = await idbridge(folder, "admin", "create", "--email", "ADA@example.com")
    assert (again.status, again.out) == (1, "")


async def test_an_administrator_s_password_may_come_from_a_file(folder: Path) -> None:
    file = folder / "password"
    file.write_text("correct horse battery\n")
    made = await idbridge(
        folder, "admin", "create", "--email", "ada@example.com", "--password-file", str(file)
    )
    assert (made.status, made.out) == (0, "")
    assert await signs_in(folder, "ada@example.com", "correct horse battery")
    for content, sentence in ((b"short", "at least 8"), (b"\xff", "cannot be read"), (b"\n", "is empty")):
        file.write_bytes(content)
        refused = await idbridge(
            folder, "admin", "create", "--email", "bob@example.com", "--password-file", str(file)
        )
        assert (refused.status, refused.out) == (1, "")
        assert sentence in refused.err
