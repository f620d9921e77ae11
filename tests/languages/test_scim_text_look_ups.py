"""What is remembered of SCIM questions changes none: asked once or again, by the short way or the long one."""

import json
from collections.abc import Callable
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from providers.scim import search
from providers.scim.group import GROUP
from providers.scim.problems import ScimProblem
from providers.scim.schema import ResourceType
from providers.scim.tolerance import PROFILES, Profile
from providers.scim.user import USER
from service.api import query_string, scim_parameters
from service.dialects import scim_filters, scim_look_ups
from service.users.problems import BadQuery

CORE = "urn:ietf:params:scim:schemas:core:2.0"
KEY = "01a202d7-bfee-7445-983f-e6d469f49849"
NAMES = (
    *("userName", "USERNAME", "externalId", "id", "displayName", "emails", "emails.value", "groups.value"),
    *("members", "members.value", "meta.location", "meta.version", "meta.created", "meta.resourceType"),
    *("schemas", "password", "active", "title", "name.familyName", "manager", "nosuch", "not", "eq", "a.b.c"),
    *(f"{CORE}:User:userName", f"{CORE}:Group:displayName", "urn:nosuch:userName"),
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
)
TEXTS = st.one_of(
    st.sampled_from(["", "Anna", "ANNA@example.com", "Straße", "ﬁ", KEY, KEY.upper(), "true", 'W/"2"', '"']),
    st.sampled_from(["2011-05-13T04:42:34Z", f"https://x/scim/v2/Users/{KEY}", "\\", "\x00", "\n", "\x85"]),
    st.text(max_size=8),
)
FILTERS = st.builds(
    "{}{} {}{}{}".format,
    st.sampled_from(["", " ", "  ", "("]),
    st.sampled_from(NAMES),
    st.sampled_from(["eq ", "EQ ", "eq", "eq  ", "ne ", "pr", "co ", "eq\t", "eq eq "]),
    st.one_of(
        TEXTS.map(json.dumps),
        TEXTS.map(lambda text: json.dumps(text, ensure_ascii=False)),
        TEXTS.map(lambda text: f'"{text}"'),
        st.sampled_from(["true", "null", "1", "", "bare", '"open', '"a" "b"']),
    ),
    st.sampled_from(["", " ", ")", ' and title eq "x"', "\n"]),
)
PAIRS = st.tuples(
    st.sampled_from(
        [
            *("filter", "Filter", "%66ilter", "filter[x]", "filter[]", "attributes", "excludedAttributes"),
            *(
                "startIndex",
                "STARTINDEX",
                "count",
                "sortBy",
                "sortOrder",
                "cursor",
                "nosuch",
                "",
                "fields[a][b]",
            ),
        ]
    ),
    st.one_of(
        st.sampled_from(
            ["=", "", "=1", "=-2", "=x", "=id,userName", "=title%2Cid", "=descending", "=%FF", "=[=]"]
        ),
        st.text(max_size=6).map(lambda text: f"={quote(text, errors='replace')}"),
        st.sampled_from(
            ['=userName eq "a"', "=userName%20eq%20%22a+b%22", "=userName+eq+%22a%22", "=%E2%82", "=é"]
        ),
    ),
).map("".join)


def _told(ask: Callable[[], object]) -> object:
    try:
        return ask()
    except (ScimProblem, BadQuery) as problem:
        return type(problem), str(problem)


@given(FILTERS, st.sampled_from(list(PROFILES.values())), st.sampled_from([USER, GROUP]))
def test_look_ups_ask_what_filters_ask(text: str, profile: Profile, type_: ResourceType) -> None:
    asked = _told(lambda: scim_filters.read(text, profile, type_))
    for _ in range(2):
        assert _told(lambda: scim_look_ups.read(text, profile, type_)) == asked


def test_the_names_that_providers_look_up_are_read_once() -> None:
    for type_, name in ((USER, "userName"), (USER, "externalId"), (USER, "id"), (GROUP, "displayName")):
        assert scim_look_ups._look_up(name, PROFILES["default"], type_) is not None, name


@given(st.lists(PAIRS, max_size=4).map("&".join))
def test_query_strings_are_read_alike_the_first_time_and_again(text: str) -> None:
    raw = text.encode()
    plain = raw.replace(b"+", b"%2B") if b"%20" in raw else raw
    asked = _told(lambda: search.of_parameters(query_string.read(plain)))
    for _ in range(2):
        assert _told(lambda: scim_parameters.read(raw)) == asked


def test_no_filter_and_no_word_of_a_stranger_is_remembered() -> None:
    for text in ("filter=userName%20eq%20%22anna%22", "count=1&nosuch=anna", "cursor=anna", "Filter=anna"):
        scim_parameters.read(text.encode())
    assert not [raw for raw in scim_parameters._known if b"anna" in raw]
    for number in range(2000):
        scim_parameters.read(b"startIndex=%d" % number)
    assert len(scim_parameters._known) <= query_string.MOST
    assert scim_parameters.read(b"startIndex=7") == search.of_parameters({"startIndex": "7"})
