"""Query strings as the libraries of clients write them: what each comes to."""

import pytest

from service.api import query_string
from service.users.problems import BadQuery
from tests.served import Served


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("fields=id&fields=email&fields=title", {"fields": ["id", "email", "title"]}),  # requests, axios
        ("fields[]=id&fields[]=email", {"fields": ["id", "email"]}),
        ("fields[1]=email&fields[0]=id", {"fields": ["id", "email"]}),
        ("fields=id&fields[]=email&fields=title", {"fields": ["id", "email", "title"]}),
        ("fields[]=id&fields=email&fields=title", {"fields": ["id", "email", "title"]}),
        ("f[x][_in]=a&f[x][_in]=b&f[x][_in]=c", {"f": {"x": {"_in": ["a", "b", "c"]}}}),
        ("f[_or][][a]=1&f[_or][][b]=2", {"f": {"_or": [{"a": "1"}, {"b": "2"}]}}),
        ("f[id][>=]=9&f[n][=]=1&f[m][!=]=x", {"f": {"id": {">=": "9"}, "n": {"=": "1"}, "m": {"!=": "x"}}}),
        ("f[id][%3E%3D]=9&f[n][%3C=]=8", {"f": {"id": {">=": "9"}, "n": {"<=": "8"}}}),
        ("search=]&q=[=]x=]", {"search": "]", "q": "[=]x=]"}),
    ],
)
def test_every_way_to_write_a_list_is_read(written: str, read: object) -> None:
    assert query_string.read(written.encode()) == read


@pytest.mark.parametrize(
    "written", ["a=1&a[x]=2", "a[x]=2&a=1", "a=1&a=2&a[x]=3", "a[x=1", "a[]x=1", "[a]=1"]
)
def test_what_is_two_things_at_once_is_refused(written: str) -> None:
    with pytest.raises(BadQuery):
        query_string.read(written.encode())


async def test_a_name_may_be_given_again_and_again(house: Served) -> None:
    answer = await house.ask("GET", "/users?fields=id&fields=email&fields=status")
    assert answer.json()["data"] == [
        {"id": house.admin, "email": "admin@example.com", "status": "active"}
    ]  # fmt: skip
    emails = "&".join(f"filter[email][_in]={name}@example.com" for name in ("admin", "bob", "eve"))
    assert len((await house.ask("GET", f"/users?{emails}")).json()["data"]) == 1
    answer = await house.ask("GET", "/default/users?filter[id][>=]=1&fields=id")
    assert answer.json()["data"] == [{"id": 1}]
