"""Answers of the 8 generation that tell of themselves that they are public, as those of signing in do."""

from litestar.response.base import ASGIResponse

from service.api import answers


def tell(data: object, *, headers: answers.Headers = ()) -> ASGIResponse:
    """What was asked for."""
    return answers.answer({"data": data, "public": True}, headers=headers)


def done(*headers: tuple[str, str]) -> ASGIResponse:
    """It is done, and there is nothing to tell."""
    return answers.answer({"public": True}, headers=headers)
