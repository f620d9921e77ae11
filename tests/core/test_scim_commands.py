"""The commands about connections, run as a person runs them."""

import json
import re
from pathlib import Path
from typing import Any

from service.database import Transaction
from service.database.tables import connections, imports, users
from service.users import sync_log
from service.users.connection_tokens import PREFIXES
from tests.core.people import all_rows
from tests.core.prompt import Ended, folder, idbridge, kept

__all__ = ["folder"]

CSV = """\
User Name,First name,Last-Name,E-mail,Active,Department,External ID
ada@example.com,Ada,Lovelace,ada@example.com,yes,Engines,e1
bob@example.com,Bob,,bob@example.com,no,,e2
ada@example.com,Ada,Twice,,yes,,e3
"carl@example.com",Carl,"O""Hara, Esq.",no-address,yes,,e4
dora@example.com,Dora,,dora@example.com,perhaps,,e5
"""


async def okta(folder: Path, *more: str) -> str:
    made = await idbridge(folder, "connection", "create", "--provider", "okta", *more)
    assert made.status == 0, made.err
    return made.out.strip()


async def load(folder: Path, text: str, *more: str, name: str = "people.csv") -> Ended:
    (folder / name).write_text(text)
    return await idbridge(folder, "scim-import", name, "--provider", "okta", *more)


async def people(folder: Path) -> dict[str, dict[str, Any]]:
    async with kept(folder) as database:
        return {row["user_name"]: row for row in await database.read(all_rows, users) if row["user_name"]}


async def test_the_life_of_a_connection_on_the_command_line(folder: Path) -> None:
    key = await okta(folder, "--rate", "25", "--network", "10.0.0.0/8", "--managed")
    listed = await idbridge(folder, "connection", "list")
    assert listed.out.split() == [key, "okta", "default", "okta", "25/s", "10.0.0.0/8", "managed"]
    changed = await idbridge(
        folder, "connection", "change", "--provider", "okta", "--profile", "okta", "--no-managed"
    )
    assert changed.status == 0
    assert "managed" not in (await idbridge(folder, "connection", "list")).out
    again = await idbridge(folder, "connection", "create", "--provider", "okta")
    assert (again.status, again.out) == (1, "") and "already" in again.err
    for wrong in (("--network", "nonsense"), ("--rate", "0"), ("--default-role", "x")):
        refused = await idbridge(folder, "connection", "change", "--provider", "okta", *wrong)
        assert (refused.status, len(refused.err.splitlines())) == (1, 1), refused.err
    nobody = await idbridge(folder, "connection", "delete", "--provider", "entra")
    assert nobody.status == 1 and "idbridge connection create --provider entra" in nobody.err
    assert (await idbridge(folder, "connection", "delete", "--provider", "okta")).status == 0
    assert (await idbridge(folder, "connection", "list")).out == ""


async def test_tokens_are_made_listed_and_revoked(folder: Path) -> None:
    made = await idbridge(
        folder, "scim-token", "create", "--provider", "okta", "--name", "summer", "--days", "90"
    )
    secret = await idbridge(folder, "scim-token", "create", "--provider", "okta", "--client-secret")
    assert secret.out.startswith(PREFIXES["secret"]) and "/oauth/token" in secret.err
    listed = (await idbridge(folder, "scim-token", "list", "--provider", "okta")).out.splitlines()
    assert "never used" in listed[0] and "until 20" in listed[0] and listed[0].endswith("summer")
    assert made.out.strip() not in str(listed) and f"...{made.out.strip()[-4:]}" in listed[0]
    id_ = listed[0].split()[0]
    assert (await idbridge(folder, "scim-token", "revoke", id_, "--provider", "okta")).status == 0
    again = await idbridge(folder, "scim-token", "revoke", id_, "--provider", "okta")
    assert (again.status, "nothing of this id" in again.err) == (1, True)
    assert len((await idbridge(folder, "scim-token", "list", "--provider", "okta")).out.splitlines()) == 1


async def test_applications_are_given_the_events_of_a_connection(folder: Path) -> None:
    key = await okta(folder, "--events", "--events-url", "https://app.example.com/events")
    assert (await idbridge(folder, "connection", "list")).out.split()[-1] == "events"
    made = await idbridge(folder, "scim-token", "create", "--provider", "okta", "--receiver")
    assert made.out.startswith(PREFIXES["receiver"]) and f"/ssf/feeds/{key}" in made.err
    (folder / "header").write_text(f"Bearer {key}\n")
    file = ("--events-authorization-file", "header")
    assert (await idbridge(folder, "connection", "change", "--provider", "okta", *file)).status == 0
    async with kept(folder) as database:
        (row,) = await database.read(all_rows, connections)
    assert row["events_authorization"] and key not in row["events_authorization"]
    missing = await idbridge(folder, "connection", "change", "--provider", "okta", file[0], "nowhere")
    assert missing.status == 1 and "cannot be read" in missing.err
    wrong = await idbridge(folder, "connection", "change", "--provider", "okta", "--events-url", "nonsense")
    assert (wrong.status, len(wrong.err.splitlines())) == (1, 1), wrong.err
    off = await idbridge(folder, "connection", "change", "--provider", "okta", "--no-events")
    assert off.status == 0 and "events" not in (await idbridge(folder, "connection", "list")).out


async def test_a_table_is_loaded_and_its_bad_lines_are_told(folder: Path) -> None:
    await okta(folder)
    tried = await load(folder, CSV, "--dry-run")
    assert tried.status == 1 and "2 would be made, 0 were there already, 3 refused." in tried.err
    assert await people(folder) == {}
    done = await load(folder, CSV)
    assert done.status == 1
    told = {line.partition(":")[0]: line for line in done.err.splitlines()}
    assert "userName stands at 2 already" in told["4"]
    assert "emails" in told["5"] and "active" in told["6"]
    made = await people(folder)
    assert set(made) == {"ada@example.com", "bob@example.com"}
    ada, bob = made["ada@example.com"], made["bob@example.com"]
    assert (ada["first_name"], ada["last_name"], ada["status"], ada["provider"]) == (
        "Ada",
        "Lovelace",
        "active",
        "okta",
    )
    assert ada["auth_data"]["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] == {
        "department": "Engines"
    }
    assert (bob["status"], bob["external_identifier"]) == ("suspended", "e2")


async def test_mended_lines_are_loaded_and_the_others_left_as_they_are(folder: Path) -> None:
    await okta(folder)
    await load(folder, CSV)
    mended = await load(
        folder,
        CSV.replace("no-address", "carl@example.com")
        .replace("perhaps", "1")
        .replace("ada@example.com,Ada,Twice", "eve@example.com,Eve,"),
    )
    assert mended.status == 0
    assert "3 made, 2 were there already, 0 refused." in mended.err
    assert len(await people(folder)) == 5
    same = await load(folder, (folder / "people.csv").read_text())
    assert same.status == 0 and "in already" in same.err


async def test_lines_of_json_and_list_responses_are_loaded(folder: Path) -> None:
    await okta(folder)
    one = {
        "userName": "ada@example.com",
        "emails": [{"value": "ada@example.com", "primary": True}],
        "password": "correct horse battery",
    }
    done = await load(folder, f"{json.dumps(one)}\n\nnonsense\n[]\n", name="people.jsonl")
    assert done.status == 1
    assert "3: This is not valid JSON." in done.err and "4: This is not a JSON object." in done.err
    listed = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "Resources": [{"userName": "bob"}, {"userName": ""}],
    }
    done = await load(folder, json.dumps(listed, indent=2), name="people.json")
    assert done.status == 1 and re.search(r"^2: ", done.err, re.M)
    made = await people(folder)
    assert set(made) == {"ada@example.com", "bob"}
    assert made["ada@example.com"]["password_hash"].startswith("$argon2id$")


async def test_what_is_no_list_of_people_is_refused_as_a_whole(folder: Path) -> None:
    await okta(folder)
    for text in ("", "name,colour\nx,y\n", "[", '{"Resources": 5}', 'userName\n"torn'):
        refused = await load(folder, text)
        assert refused.status == 1 and "cannot be read" in refused.err, (text, refused.err)
        assert "Traceback" not in refused.err
    missing = await idbridge(folder, "scim-import", "nowhere.csv", "--provider", "okta")
    assert missing.status == 1 and "Traceback" not in missing.err


async def _forget_half(tx: Transaction) -> None:
    from sqlalchemy import update

    await tx.run(update(imports), line=3, made=1, finished=False)


async def test_a_load_goes_on_behind_what_is_done(folder: Path) -> None:
    await okta(folder)
    await load(folder, "userName\na@x.io\nb@x.io\nc@x.io\n")
    async with kept(folder) as database:
        await database.write(_forget_half)
    on = await load(folder, "userName\na@x.io\nb@x.io\nc@x.io\n")
    assert "Going on behind 3" in on.err
    assert on.status == 0 and "1 made, 1 were there already" in on.err


async def test_the_log_is_shown_and_filtered(folder: Path) -> None:
    key = await okta(folder)
    row = {
        "project": "default", "connection": key, "method": "POST", "path": "/scim/v2/Users", "duration": 1500, "dry_run": False,
        "request": "{}", "answer": "{}", "ip": None, "request_id": "r", "changed": [{"action": "create", "collection": "users", "id": "u"}],
    }  # fmt: skip
    at = ("2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z")
    good = {**row, "id": sync_log.key_of(at[0]), "at": at[0], "status": 201, "failed": False, "advice": None}
    bad = {
        **row,
        "id": sync_log.key_of(at[1]),
        "at": at[1],
        "status": 409,
        "failed": True,
        "advice": "Do this.",
        "changed": None,
    }
    async with kept(folder) as database:
        await database.write(sync_log.keep, [good, bad])
    shown = await idbridge(folder, "scim-log", "--provider", "okta")
    assert (
        shown.out.index("201")
        < shown.out.index("create users u")
        < shown.out.index("409")
        < shown.out.index("Do this.")
    )
    failed = await idbridge(folder, "scim-log", "--provider", "okta", "--failed", "--json")
    assert [json.loads(line)["status"] for line in failed.out.splitlines()] == [409]
    async with kept(folder) as database:
        await database.write(sync_log.prune)
    nothing = await idbridge(folder, "scim-log", "--provider", "okta")
    assert (nothing.out, nothing.err) == ("", "It has asked nothing of late.\n")


async def test_a_first_load_into_a_connection_on_a_dry_run_is_one_too(folder: Path) -> None:
    await okta(folder, "--dry-run")
    tried = await load(folder, "userName\nada@example.com\n")
    assert tried.status == 0 and "dry run" in tried.err and "1 would be made" in tried.err
    assert await people(folder) == {}
    await idbridge(folder, "connection", "change", "--provider", "okta", "--no-dry-run")
    assert "1 made" in (await load(folder, "userName\nada@example.com\n")).err
    assert set(await people(folder)) == {"ada@example.com"}
