"""`export`: the same rows as files, whole however many there are, and harmless to what opens them."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from xml.etree import ElementTree as ET

import pytest
import yaml
from sqlalchemy import insert

from service.api import exports
from service.database import Transaction, new_key
from service.database.tables import users
from tests.served import Served, refusal

ODD = '=1+1,"quoted"\n<b>&amp;\u2028\x7f\U0001f600\x01\r end'


@pytest.fixture
async def people(house: Served) -> Served:
    """Two people beside the administrator, one of whom nobody would want to export."""
    body = [
        {"email": "ann@example.com", "first_name": "Ann", "role": house.role, "tags": ["a", "b"]},
        {
            "email": "odd@example.com",
            "first_name": "Odd",
            "description": ODD,
            "auth_data": {"a b": [1, None]},
        },
    ]
    assert (await house.ask("POST", "/users", body)).status_code == 200
    return house


FIELDS = "fields=first_name,role.name,tags,auth_data,description,email_notifications"
ASKED = f"/users?filter[first_name][_nnull]=true&sort=first_name&{FIELDS}"
ANN = {
    "first_name": "Ann", "role": {"name": "Administrator"}, "tags": ["a", "b"], "auth_data": None,
    "description": None, "email_notifications": True,
}  # fmt: skip
ODDS = {
    "first_name": "Odd", "role": None, "tags": None, "auth_data": {"a b": [1, None]}, "description": ODD,
    "email_notifications": True,
}  # fmt: skip


async def _file(house: Served, path: str, kind: str, media: str) -> str:
    answer = await house.ask("GET", f"{path}&export={kind}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"
    named = answer.headers["content-disposition"]
    assert re.fullmatch(rf'attachment; filename="directus_users \d{{8}}-\d{{6}}\.{kind}"', named), named
    return answer.content.decode()


async def test_json_and_yaml_hold_the_items(people: Served) -> None:
    assert json.loads(await _file(people, ASKED, "json", "application/json")) == [ANN, ODDS]
    text = await _file(people, ASKED, "yaml", "text/yaml")
    assert yaml.safe_load(text) == [ANN, ODDS]


async def test_csv_is_a_table_that_starts_no_formula(people: Served) -> None:
    text = await _file(people, ASKED, "csv", "text/csv")
    header, ann, odd = csv.reader(io.StringIO(text, newline=""))
    assert header == ["first_name", "role.name", "tags", "auth_data", "description", "email_notifications"]
    assert ann == ["Ann", "Administrator", '["a","b"]', "", "", "true"]
    assert odd == ["Odd", "", "", '{"a b":[1,null]}', f"'{ODD}", "true"]


async def test_xml_is_well_formed_whatever_is_in_it(people: Served) -> None:
    root = ET.fromstring(await _file(people, ASKED, "xml", "text/xml"))  # noqa: S314  # we made it ourselves
    ann, odd = root
    assert ann.findtext("role/name") == "Administrator"
    assert [tag.text for tag in ann.findall("tags/item")] == ["a", "b"]
    assert odd.findtext("description") == ODD.replace("\x01", "\ufffd")
    entry = odd.find("auth_data/entry")
    assert entry is not None
    assert entry.get("key") == "a b"


async def test_one_user_and_sums_are_exported_too(people: Served) -> None:
    me = await people.ask("GET", "/users/me?fields=email,role.name&export=csv")
    assert me.text == "email,role.name\r\nadmin@example.com,Administrator\r\n"
    sums = await people.ask("GET", "/users?aggregate[count]=id,email&groupBy=status&export=csv")
    assert sums.text == "status,count.id,count.email\r\nactive,3,3\r\n"
    none = await people.ask("GET", "/users?limit=0&export=json")
    assert none.json() == []
    searched = await people.ask(
        "SEARCH", "/users", {"query": {"export": "json", "fields": "email", "search": "ODD@"}}
    )
    assert searched.json() == [{"email": "odd@example.com"}]


async def test_an_export_is_refused_before_it_begins(people: Served) -> None:
    for query in (
        "export=nope",
        "export=json&sort=nope",
        "export[]=json&fields=nope",
        "export=csv&filter=x",
    ):
        answer = await people.ask("GET", f"/users?{query}")
        assert refusal(answer) == (400, "INVALID_QUERY"), query
    assert (await people.ask("GET", "/users?export=csv", token=None)).status_code == 403


async def _crowd(tx: Transaction, many: int) -> None:
    rows = [
        {
            "project": "default", "id": new_key(), "email": f"u{n:05}@example.com", "status": "active",
            "email_key": f"u{n:05}@example.com", "provider": "default", "email_notifications": True, "retired": "",
            "search_text": f"u{n:05}@example.com", "version": 1, "created_at": "2020-01-01T00:00:00.000Z",
            "changed_at": "2020-01-01T00:00:00.000Z",
        }
        for n in range(many)
    ]  # fmt: skip
    await tx.run_many(insert(users), rows)


async def test_batches_come_whole_and_in_order(house: Served) -> None:
    many = exports.BATCH * 2 + 7
    await house.house.database.write(_crowd, many)

    async def emails(query: str) -> list[str]:
        answer = await house.ask("GET", f"/users?fields=email&export=json&{query}")
        return [user["email"] for user in answer.json()]

    crowd = [f"u{n:05}@example.com" for n in range(many)]
    assert sorted(await emails("limit=-1&filter[email][_starts_with]=u")) == crowd
    assert await emails("limit=-1&filter[email][_starts_with]=u&sort=email") == crowd
    assert await emails("limit=-1&filter[email][_starts_with]=u&sort=-email") == crowd[::-1]
    assert (
        await emails(f"limit={exports.BATCH + 3}&offset=4&search=@&sort=-email")
        == crowd[::-1][4:][: exports.BATCH + 3]
    )
    plain = (await house.ask("GET", "/users?fields=email&limit=-1")).json()["data"]
    paged = await emails(f"limit={exports.BATCH + 3}&offset=4")
    assert paged == [user["email"] for user in plain][4:][: exports.BATCH + 3]
    table = (await house.ask("GET", "/users?fields=email&export=csv&limit=-1")).text
    assert len(table.splitlines()) == many + 2


async def test_a_file_without_items_is_a_file_all_the_same(people: Served) -> None:
    for path in ("/users?limit=0", "/users?filter[email][_eq]=nobody@example.com"):
        assert json.loads(await _file(people, path, "json", "application/json")) == []
        assert yaml.safe_load(await _file(people, path, "yaml", "text/yaml")) == []
        assert list(ET.fromstring(await _file(people, path, "xml", "text/xml"))) == []  # noqa: S314  # ours


async def test_batches_whose_rows_have_gone_meanwhile_leave_the_file_whole(
    people: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def batches(*_: object) -> AsyncIterator[list[object]]:
        for names in ((), ("a",), (), ("b", "c")):
            yield [{"email": name} for name in names]

    monkeypatch.setattr(exports, "_batches", batches)
    expected = [{"email": name} for name in "abc"]
    assert json.loads(await _file(people, "/users?fields=email", "json", "application/json")) == expected
    assert yaml.safe_load(await _file(people, "/users?fields=email", "yaml", "text/yaml")) == expected
