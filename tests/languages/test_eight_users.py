"""The 8 generation's users: the documented object, made, read, changed and removed under `/:project/users`."""

import pytest

from service.tokens import new_secret
from tests.languages.eights import USERS, WORDS, ben, editors
from tests.served import Served


@pytest.fixture
async def role(house: Served) -> int:
    """A role without powers, whose number is 3."""
    return await editors(house)


async def test_the_documented_list(house: Served) -> None:
    answer = await house.ask("GET", USERS)
    assert answer.status_code == 200
    (admin,) = answer.json()["data"]
    assert tuple(admin) == WORDS
    assert (admin["id"], admin["role"], admin["token"]) == (1, 1, house.token)
    assert admin["password_reset_token"] is None
    assert house.token and "argon2" not in answer.text


async def test_the_documented_creation(house: Served, role: int) -> None:
    answer = await house.ask("POST", USERS, ben())
    made = answer.json()["data"]
    assert answer.status_code == 200, answer.text
    assert made == {
        "id": 2, "status": "active", "role": role, "first_name": "Ben", "last_name": "Haynes",
        "email": "demo@example.com", "token": None, "last_access_on": None, "last_page": None,
        "external_id": made["external_id"], "theme": "auto", "2fa_secret": None,
        "password_reset_token": None, "timezone": "America/New_York", "locale": None, "locale_options": None,
        "avatar": None, "company": None, "title": None, "email_notifications": True,
    }  # fmt: skip
    assert len(made["external_id"]) == 36
    assert (await house.ask("GET", f"{USERS}/2")).json()["data"] == made


async def test_the_documented_change(house: Served, role: int) -> None:
    made = (await house.ask("POST", USERS, ben())).json()["data"]
    answer = await house.ask("PATCH", f"{USERS}/2", {"status": "suspended"})
    assert answer.json()["data"] == {**made, "status": "suspended"}


async def test_the_documented_removal(house: Served, role: int) -> None:
    await house.ask("POST", USERS, ben())
    answer = await house.ask("DELETE", f"{USERS}/2")
    assert (answer.status_code, answer.text) == (204, "")
    answer = await house.ask("GET", f"{USERS}/2")
    assert answer.status_code == 404
    assert answer.json() == {"error": {"code": 203, "message": "Item not found"}}


async def test_me_stands_wherever_an_id_does(house: Served) -> None:
    for path in (f"{USERS}/me", f"{USERS}/1", f"{USERS}/{house.admin}", f"{USERS}/1/"):
        assert (await house.ask("GET", path)).json()["data"]["id"] == 1
    assert (await house.ask("GET", f"{USERS}/me", token=None)).status_code == 401


async def test_several_ids(house: Served, role: int) -> None:
    people = [ben(email=f"{name}@example.com") for name in ("a", "b")]
    made = (await house.ask("POST", USERS, people)).json()["data"]
    assert [one["id"] for one in made] == [2, 3]
    read = (await house.ask("GET", f"{USERS}/3,2")).json()["data"]
    assert [one["id"] for one in read] == [3, 2]
    changed = (await house.ask("PATCH", f"{USERS}/2,3", {"title": "Chief"})).json()["data"]
    assert [one["title"] for one in changed] == ["Chief", "Chief"]
    assert (await house.ask("DELETE", f"{USERS}/2,3")).status_code == 204


async def test_a_token_is_shown_to_its_owner_and_to_administrators(house: Served, role: int) -> None:
    token = new_secret("")
    await house.ask("POST", USERS, ben(token=token))
    assert (await house.ask("GET", f"{USERS}/2")).json()["data"]["token"] == token
    assert (await house.ask("GET", f"{USERS}/me", token=token)).json()["data"]["token"] == token


async def test_deleted_is_hidden_frees_the_address_and_can_be_taken_back(house: Served, role: int) -> None:
    await house.ask("POST", USERS, ben())
    answer = await house.ask("PATCH", f"{USERS}/2", {"status": "deleted"})
    assert (answer.status_code, answer.text) == (204, "")
    assert [one["id"] for one in (await house.ask("GET", USERS)).json()["data"]] == [1]
    assert (await house.ask("GET", f"{USERS}/2")).status_code == 404
    gone = (await house.ask("GET", USERS, params={"status": "deleted"})).json()["data"]
    assert [(one["id"], one["status"]) for one in gone] == [(2, "deleted")]
    ten = (await house.ask("GET", "/users", params={"filter[status][_eq]": "archived"})).json()["data"]
    assert len(ten) == 1
    assert (await house.ask("PATCH", f"{USERS}/2", {"status": "active"})).json()["data"]["id"] == 2


@pytest.mark.parametrize("lacking", ["first_name", "last_name", "email", "password", "role"])
async def test_what_is_required(house: Served, role: int, lacking: str) -> None:
    answer = await house.ask("POST", USERS, {n: v for n, v in ben().items() if n != lacking})
    assert answer.status_code == 422
    assert answer.json() == {"error": {"code": 4, "message": f"{lacking}: This value should not be blank."}}


async def test_refusals(house: Served, role: int) -> None:
    async def told(method: str, path: str, body: object = None, **more: object) -> tuple[int, int]:
        answer = await house.ask(method, path, body, **more)  # type: ignore[arg-type]  # token, params
        return answer.status_code, answer.json()["error"]["code"]

    await house.ask("POST", USERS, ben())
    assert await told("POST", USERS, ben()) == (409, 204)
    assert await told("POST", USERS, ben(email="x@example.com", foo=1)) == (422, 12)
    for other in (99, "99", "0" * 20 + "9" * 30, "0" * 5000, {"id": 2**63}):
        assert await told("POST", USERS, ben(email="x@example.com", role=other)) == (422, 4)
    assert await told("POST", USERS, ben(email="nobody")) == (422, 4)
    assert await told("GET", f"{USERS}/99") == (404, 203)
    assert await told("GET", USERS, token=None) == (403, 300)
    assert await told("POST", USERS, ben(), token=None) == (403, 301)
    assert await told("GET", f"{USERS}/1", token=None) == (404, 203)
    assert await told("GET", USERS, token=new_secret("")) == (401, 101)
    assert await told("GET", "/default/nowhere") == (404, 1)
    assert await told("PUT", USERS) == (405, 6)
    assert await told("GET", USERS, params={"filter[id][xyz]": "1"}) == (422, 214)
    assert await told("GET", USERS, params={"fields": "nothing"}) == (422, 202)
    assert await told("GET", USERS, params={"sort": "nothing"}) == (422, 202)


async def test_the_last_administrator_stays(house: Served, role: int) -> None:
    for method, body in (("DELETE", None), ("PATCH", {"status": "suspended"}), ("PATCH", {"role": role})):
        answer = await house.ask(method, f"{USERS}/1", body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, 216)
    assert (await house.ask("DELETE", "/default/roles/1")).json()["error"]["code"] == 216
    assert (await house.ask("GET", f"{USERS}/me")).json()["data"]["status"] == "active"


async def test_the_inner_address_is_nobodys(house: Served) -> None:
    for path in ("/-/8/users", "/-/8", "/-/8/users/1"):
        assert (await house.ask("GET", path)).status_code == 404


async def test_one_record_in_both_generations(house: Served, role: int) -> None:
    made = (await house.ask("POST", USERS, ben(locale="de-DE", theme="dark"))).json()["data"]
    (there,) = (await house.ask("GET", "/users", params={"filter[email][_eq]": made["email"]})).json()["data"]
    assert (there["language"], there["appearance"], there["theme"]) == ("de-DE", "dark", "dark")
    assert there["external_identifier"] == made["external_id"]
    await house.ask("PATCH", f"/users/{there['id']}", {"language": "fr-FR", "status": "archived"})
    (here,) = (await house.ask("GET", USERS, params={"status": "*", "filter[id]": "2"})).json()["data"]
    assert (here["locale"], here["status"]) == ("fr-FR", "deleted")


async def test_many_are_changed_each_their_own_way_or_none_at_all(house: Served) -> None:
    await editors(house)
    await house.ask("POST", USERS, ben())
    path = f"{USERS}?fields=id,title"
    changed = await house.ask("PATCH", path, [{"id": 2, "title": "b"}, {"id": 1, "title": "a"}])
    assert changed.json() == {"data": [{"id": 2, "title": "b"}, {"id": 1, "title": "a"}]}
    for body, token, status, code in (
        ([{"id": 2, "title": "x"}, {"id": 99, "title": "x"}], house.token, 404, 203),
        ([{"id": 2, "title": "x"}], None, 404, 203),
        ([{"title": "x"}], house.token, 422, 4),
        ({"title": "x"}, house.token, 422, 4),
    ):
        refused = await house.ask("PATCH", path, body, token=token)
        assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)
    assert (await house.ask("GET", f"{USERS}/2?fields=title")).json() == {"data": {"title": "b"}}
