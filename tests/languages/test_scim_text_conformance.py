"""The conformance suite scim2-tester walks through the text rooms; a dictionary stands behind them."""

from collections import Counter

import pytest

from providers.scim.group import GROUP
from providers.scim.schema import ResourceType
from providers.scim.user import USER
from tests.languages.scim_shelf import Shelf

BASE = "https://scim.example.org"


@pytest.mark.parametrize("types", [(USER,), (USER, GROUP)], ids=["users", "users and groups"])
def test_the_conformance_suite_finds_no_error(types: tuple[ResourceType, ...]) -> None:
    # Imported here: to build its models takes seconds, and every worker imports every file of tests.
    from scim2_client.engines.wsgi import WSGISCIMClient
    from scim2_tester import Status, check_server

    client = WSGISCIMClient(app=Shelf(types, BASE), base_url=BASE)
    results = check_server(client)
    errors = [(result.title, result.reason) for result in results if result.status == Status.ERROR]
    assert errors == []
    counted = Counter(result.status for result in results)
    assert counted[Status.SUCCESS] > 60
