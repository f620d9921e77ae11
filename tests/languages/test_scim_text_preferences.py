"""The Prefer header (RFC 7240) as clients write it, and as they should not."""

import pytest

from providers.scim.preferences import NONE, Preferences, read

ASYNC = Preferences(asynchronous=True)


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (["respond-async"], ASYNC),
        (["Respond-Async"], ASYNC),
        (["respond-async, wait=10"], Preferences(asynchronous=True, wait=10)),
        (["wait = 10 , respond-async"], Preferences(asynchronous=True, wait=10)),
        (['respond-async;x="a,b;c" ; y, wait="7"'], Preferences(asynchronous=True, wait=7)),
        (["return=minimal", "respond-async"], ASYNC),
        (["respond-async, wait=1, wait=9"], Preferences(asynchronous=True, wait=1)),  # the first counts
        (['respond-async=""'], ASYNC),
        (["respond-async, wait=soon"], ASYNC),
        (["respond-async, wait=-1"], ASYNC),
        (["respond-async, wait=²"], ASYNC),
        ([f"respond-async, wait={'9' * 500}"], Preferences(asynchronous=True, wait=999_999_999)),
        (["wait=5"], Preferences(wait=5)),
        (['foo="respond-async"'], NONE),
        (["x-respond-async"], NONE),
        (["foo; respond-async"], NONE),
        ([], NONE),
        ([""], NONE),
        ([",;,=;"], NONE),
        (["respond-async" + " " * 2000], NONE),
        (['"' * 1000], NONE),
    ],
)
def test_what_a_client_would_rather_have(lines: list[str], wanted: Preferences) -> None:
    assert read(lines) == wanted
