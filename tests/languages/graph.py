"""Asking GraphQL in tests."""

from typing import Any

from tests.served import Served

QUERY_PATH = "/graphql/system"


async def gql(
    house: Served, query: str, variables: dict[str, Any] | None = None, *, token: str | None = ""
) -> dict[str, Any]:
    """The whole body of an answer that has to be 200."""
    answer = await house.ask("POST", QUERY_PATH, {"query": query, "variables": variables}, token=token)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def data(house: Served, query: str, variables: dict[str, Any] | None = None, **more: Any) -> Any:
    """The data of an answer without errors."""
    body = await gql(house, query, variables, **more)
    assert "errors" not in body, body
    return body["data"]


async def refused(house: Served, query: str, *, token: str | None = "") -> list[str]:
    """The messages of a document that is refused as a whole."""
    answer = await house.ask("POST", QUERY_PATH, {"query": query}, token=token)
    assert answer.status_code == 400, answer.text
    error = answer.json()["errors"][0]
    assert error["message"] == "GraphQL validation error."
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION"
    return [one["message"] for one in error["extensions"]["errors"]]
