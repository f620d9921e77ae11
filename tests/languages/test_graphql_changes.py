"""`/graphql/system`: mutations, on both databases; the documents are those of the documented examples."""

import pytest

from service.database import new_key
from tests.languages.factors import code
from tests.languages.graph import data, gql, refused
from tests.served import PASSWORD, Served


@pytest.fixture
async def role(house: Served) -> str:
    """The key of a role that is there."""
    answer = await house.ask("POST", "/roles", {"name": "Public"})
    return str(answer.json()["data"]["id"])


async def test_a_user_is_created_with_a_role_by_its_key(house: Served, role: str) -> None:
    made = await data(
        house,
        f"""mutation {{ create_users_item(
            data: {{ email: "another@example.com", password: "d1r3ctu5", role: "{role}" }}
        ) {{ email role }} }}""",
    )
    assert made == {"create_users_item": {"email": "another@example.com", "role": role}}


async def test_a_user_is_created_with_a_role_as_an_object(house: Served, role: str) -> None:
    made = await data(
        house,
        f"""mutation {{ create_users_item(data: {{
            email: "another@example.com", password: "d1r3ctu5",
            role: {{ id: "{role}", name: "Public", admin_access: false, enforce_tfa: false }}
        }}) {{ email role }} }}""",
    )
    assert made["create_users_item"]["role"] == role
    linked = await data(
        house,
        f'mutation {{ create_users_item(data: {{email: "b@example.com", role: {{id: "{role}"}}}}) {{ role {{ name }} }} }}',
    )
    assert linked["create_users_item"] == {"role": {"name": "Public"}}


@pytest.mark.parametrize("shape", ["key", "object"])
async def test_a_role_comes_in_variables(house: Served, role: str, shape: str) -> None:
    given = role if shape == "key" else {"id": role}
    query = "mutation($data: create_directus_users_input!) { create_users_item(data: $data) { role } }"
    made = await data(house, query, {"data": {"email": "v@example.com", "role": given}})
    assert made["create_users_item"] == {"role": role}
    query = (
        'mutation($role: String!) { create_users_item(data: {email: "w@example.com", role: $role}) { role } }'
    )
    assert (await data(house, query, {"role": role}))["create_users_item"] == {"role": role}


async def test_many_are_created_changed_and_removed(house: Served, role: str) -> None:
    made = await data(
        house,
        f"""mutation {{ create_users_items(data: [
            {{ email: "admin2@example.com", password: "p455w0rd", role: "{role}" }}
            {{ email: "another@example.com", password: "p455w0rd", role: "{role}" }}
        ]) {{ id email role }} }}""",
    )
    users = made["create_users_items"]
    assert [user["email"] for user in users] == ["admin2@example.com", "another@example.com"]
    ids = [user["id"] for user in users]
    query = """mutation($ids: [ID]!) {
        update_users_items(ids: $ids, data: { title: "CTO" }) { email title } }"""
    changed = await data(house, query, {"ids": ids[::-1]})
    assert changed["update_users_items"][0] == {"email": "another@example.com", "title": "CTO"}
    query = """mutation($ids: [ID]!) { update_users_items(ids: $ids, data: { title: "CEO" },
        filter: {email: {_starts_with: "admin2"}}) { email } }"""
    assert (await data(house, query, {"ids": ids}))["update_users_items"] == [{"email": "admin2@example.com"}]
    query = "mutation($d: [update_directus_users_input!]) { update_users_batch(data: $d) { title } }"
    batch = [{"id": ids[0], "title": "one"}, {"id": ids[1], "title": "two"}]
    assert (await data(house, query, {"d": batch}))["update_users_batch"] == [
        {"title": "one"},
        {"title": "two"},
    ]
    query = "mutation($ids: [ID]!) { delete_users_items(ids: $ids) { ids } }"
    assert (await data(house, query, {"ids": ids}))["delete_users_items"] == {"ids": ids}
    assert (await data(house, f'{{ users_by_id(id: "{ids[0]}") {{ id }} }}'))["users_by_id"] is None


async def test_one_is_changed_and_removed(house: Served) -> None:
    key, _ = await house.person("ann@example.com", first_name="Ann")
    query = f'mutation {{ update_users_item(id: "{key}", data: {{ title: "CTO" }}) {{ first_name title __typename }} }}'
    assert (await data(house, query))["update_users_item"] == {
        "first_name": "Ann", "title": "CTO", "__typename": "directus_users",
    }  # fmt: skip
    query = f'mutation {{ delete_users_item(id: "{key}") {{ gone: id __typename }} }}'
    assert (await data(house, query))["delete_users_item"] == {"gone": key, "__typename": "delete_one"}
    body = await gql(house, query)
    assert body["data"] == {"delete_users_item": None}
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_people_change_themselves_and_nobody_else(house: Served) -> None:
    _, token = await house.person("ann@example.com")
    query = 'mutation { update_users_me(data: { email: "new.email@example.com" }) { email } }'
    assert (await data(house, query, token=token))["update_users_me"] == {"email": "new.email@example.com"}
    body = await gql(
        house,
        f'mutation {{ update_users_item(id: "{house.admin}", data: {{title: "x"}}) {{ id }} }}',
        token=token,
    )
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await refused(
        house, 'mutation { update_users_me(data: { status: "active" }) { id } }', token=token
    )
    assert await refused(
        house, 'mutation { create_users_item(data: { email: "x@example.com" }) { id } }', token=token
    )


async def test_mutations_run_in_order_each_in_its_own_transaction(house: Served) -> None:
    body = await gql(
        house,
        """mutation {
            a: create_users_item(data: { email: "same@example.com" }) { email }
            b: create_users_item(data: { email: "SAME@example.com" }) { email }
            c: create_users_item(data: { email: "other@example.com" }) { email }
        }""",
    )
    assert body["data"] == {
        "a": {"email": "same@example.com"},
        "b": None,
        "c": {"email": "other@example.com"},
    }
    (error,) = body["errors"]
    assert error["path"] == ["b"]
    assert error["locations"] == [{"line": 3, "column": 13}]
    assert error["extensions"] == {
        "code": "RECORD_NOT_UNIQUE", "collection": "directus_users", "field": "email",
    }  # fmt: skip


async def test_roles_have_their_fields(house: Served) -> None:
    made = await data(house, 'mutation { create_roles_item(data: { name: "R" }) { id name users { id } } }')
    key = made["create_roles_item"]["id"]
    assert made["create_roles_item"] == {"id": key, "name": "R", "users": []}
    query = f'mutation {{ update_roles_item(id: "{key}", data: {{ name: "S" }}) {{ name }} }}'
    assert (await data(house, query))["update_roles_item"] == {"name": "S"}
    assert (await data(house, f'mutation {{ delete_roles_item(id: "{key}") {{ id }} }}'))["delete_roles_item"]


async def test_signing_in_and_out(house: Served) -> None:
    await house.person("ann@example.com")
    query = """mutation { auth_login(email: "ann@example.com", password: "%s") {
        access: access_token expires refresh_token } }"""
    tokens = (await data(house, query % PASSWORD, token=None))["auth_login"]
    assert tokens["expires"] == "900000"
    me = await data(house, "{ users_me { email } }", token=tokens["access"])
    assert me["users_me"]["email"] == "ann@example.com"
    refresh = f'mutation {{ auth_refresh(refresh_token: "{tokens["refresh_token"]}") {{ refresh_token }} }}'
    newer = (await data(house, refresh, token=None))["auth_refresh"]["refresh_token"]
    assert newer != tokens["refresh_token"]
    logout = f'mutation {{ auth_logout(refresh_token: "{newer}") }}'
    assert await data(house, logout, token=None) == {"auth_logout": True}
    body = await gql(house, query % "wrong", token=None)
    assert body["data"] == {"auth_login": None}
    assert body["errors"][0]["extensions"]["code"] == "INVALID_CREDENTIALS"


async def test_a_cookie_is_set_as_in_rest(house: Served) -> None:
    await house.person("ann@example.com")
    query = f'mutation {{ auth_login(email: "ann@example.com", password: "{PASSWORD}", mode: cookie) {{ access_token refresh_token }} }}'
    answer = await house.ask("POST", "/graphql/system", {"query": query}, token=None)
    assert answer.json()["data"]["auth_login"]["refresh_token"] is None
    assert "HttpOnly" in answer.headers["set-cookie"]


async def test_guesses_are_made_once_in_a_document(house: Served) -> None:
    guess = 'auth_login(email: "ann@example.com", password: "{0}") {{ expires }}'
    query = "mutation { " + " ".join(f"a{n}: {guess.format(n)}" for n in range(3)) + " }"
    assert "once" in (await refused(house, query, token=None))[0]
    fragments = f"mutation {{ ...A ...B }} fragment A on Mutation {{ a: {guess.format(1)} }} fragment B on Mutation {{ b: {guess.format(2)} }}"
    assert "once" in (await refused(house, fragments, token=None))[0]


async def test_invitations(house: Served, role: str) -> None:
    query = f'mutation {{ users_invite(email: "another@example.com", role: "{role}") }}'
    assert await data(house, query) == {"users_invite": True}
    found = await data(house, '{ users(filter: {email: {_eq: "another@example.com"}}) { status role } }')
    assert found["users"] == [{"status": "invited", "role": role}]
    body = await gql(
        house, 'mutation { users_invite_accept(token: "eyJh...KmUk", password: "d1r3ctu5") }', token=None
    )
    assert body["data"] == {"users_invite_accept": None}
    assert body["errors"][0]["extensions"]["code"] == "INVALID_TOKEN"
    assert await refused(house, query, token=None)


async def test_a_second_factor(house: Served) -> None:
    _, token = await house.person("ann@example.com")
    query = f'mutation {{ users_me_tfa_generate(password: "{PASSWORD}") {{ secret otpauth_url }} }}'
    made = (await data(house, query, token=token))["users_me_tfa_generate"]
    assert made["otpauth_url"].startswith("otpauth://totp/")
    otp = code(made["secret"])
    query = f'mutation {{ users_me_tfa_enable(otp: "{otp}", secret: "{made["secret"]}") }}'
    assert await data(house, query, token=token) == {"users_me_tfa_enable": True}
    assert (await data(house, "{ users_me { tfa_secret } }", token=token))["users_me"] == {
        "tfa_secret": "**********"
    }
    body = await gql(house, 'mutation { users_me_tfa_disable(otp: "000000") }', token=token)
    assert body["errors"][0]["message"] == 'Invalid payload. "otp" is invalid.'


async def test_who_has_to_set_up_a_second_factor_can_do_so_here(house: Served) -> None:
    made = await house.ask("POST", "/roles", {"name": "Careful", "enforce_tfa": True})
    await house.person("ann@example.com", role=made.json()["data"]["id"])
    login = f'mutation {{ auth_login(email: "ann@example.com", password: "{PASSWORD}") {{ access_token }} }}'
    token = (await data(house, login, token=None))["auth_login"]["access_token"]
    asked = await house.ask("POST", "/graphql/system", {"query": "{ users_me { id } }"}, token=token)
    assert asked.status_code == 403
    assert "/users/me/tfa/generate" in asked.json()["errors"][0]["message"]
    query = f'mutation {{ users_me_tfa_generate(password: "{PASSWORD}") {{ secret }} }}'
    secret = (await data(house, query, token=token))["users_me_tfa_generate"]["secret"]
    query = f'mutation {{ users_me_tfa_enable(otp: "{code(secret)}", secret: "{secret}") }}'
    assert await data(house, query, token=token) == {"users_me_tfa_enable": True}
    assert (await data(house, "{ users_me { email } }", token=token))["users_me"][
        "email"
    ] == "ann@example.com"


async def test_a_revision_is_brought_back(house: Served) -> None:
    key, _ = await house.person("ann@example.com", title="before")
    await house.ask("PATCH", f"/users/{key}", {"title": "after"})
    query = f'{{ revisions(filter: {{item: {{_eq: "{key}"}}}}, sort: ["id"], limit: 1) {{ id }} }}'
    revision = (await data(house, query))["revisions"][0]["id"]
    assert await data(house, f'mutation {{ utils_revert(revision: "{revision}") }}') == {"utils_revert": True}
    assert (await data(house, f'{{ users_by_id(id: "{key}") {{ title }} }}'))["users_by_id"] == {
        "title": "before"
    }


async def test_passwords_are_asked_for_again_and_nobody_learns_who_is_here(house: Served) -> None:
    query = 'mutation { auth_password_request(email: "nobody@example.com") }'
    assert await data(house, query, token=None) == {"auth_password_request": True}
    body = await gql(
        house,
        f'mutation {{ auth_password_reset(token: "{new_key()}", password: "new password 1") }}',
        token=None,
    )
    assert body["errors"][0]["extensions"]["code"] == "INVALID_TOKEN"
