"""The filter language of RFC 7644, 3.4.2.2: read, printed, and held against the schemas."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.scim.binding import bind
from providers.scim.expression import (
    And,
    AttrPath,
    Comparison,
    Expression,
    Not,
    Or,
    Present,
    ValuePath,
    size,
)
from providers.scim.filter import MAX_DEPTH, MAX_LENGTH, MAX_TERMS, parse
from providers.scim.group import GROUP
from providers.scim.problems import InvalidFilter, ScimProblem, TooMany
from providers.scim.tolerance import ENTRA
from providers.scim.user import USER
from tests.languages.scim_resources import texts

# RFC 7644, figure 2, as they stand there.
FIGURE_2 = [
    'userName eq "bjensen"',
    'name.familyName co "O\'Malley"',
    'userName sw "J"',
    'urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"',
    "title pr",
    'meta.lastModified gt "2011-05-13T04:42:34Z"',
    'meta.lastModified ge "2011-05-13T04:42:34Z"',
    'meta.lastModified lt "2011-05-13T04:42:34Z"',
    'meta.lastModified le "2011-05-13T04:42:34Z"',
    'title pr and userType eq "Employee"',
    'title pr or userType eq "Intern"',
    'schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"',
    'userType eq "Employee" and (emails co "example.com" or\n  emails.value co "example.org")',
    'userType ne "Employee" and not (emails co "example.com" or\n  emails.value co "example.org")',
    'userType eq "Employee" and (emails.type eq "work")',
    'userType eq "Employee" and emails[type eq "work" and\n  value co "@example.com"]',
    'emails[type eq "work" and value co "@example.com"] or\n  ims[type eq "xmpp" and value co "@foo.com"]',
]


@pytest.mark.parametrize("text", FIGURE_2)
def test_every_filter_of_figure_2_is_read_and_known_to_the_schemas(text: str) -> None:
    assert parse(str(parse(text))) == parse(text)
    assert size(bind(parse(text), USER)) == size(parse(text))


def test_and_binds_more_than_or_and_not_more_than_both() -> None:
    a, b, c = (Present(AttrPath(name)) for name in "abc")
    assert parse("a pr or b pr and c pr") == Or((a, And((b, c))))
    assert parse("(a pr or b pr) and c pr") == And((Or((a, b)), c))
    assert parse("not (a pr) and b pr or c pr") == Or((And((Not(a), b)), c))
    assert parse("NOT(a pr)AND(b PR)") == And((Not(a), b))


def test_values_are_json_and_keep_their_escapes_and_types() -> None:
    def value(text: str) -> object:
        found = parse(f"a eq {text}")
        assert isinstance(found, Comparison)
        return found.value

    assert value(r'"a\"b\\c\u00e9\ud83d\ude00\n"') == 'a"b\\cé😀\n'
    assert value('"x) or (y[z"') == "x) or (y[z"
    assert [value("true"), value("False"), value("null"), value("12"), value("-1.5e2")] == [
        True,
        False,
        None,
        12,
        -150.0,
    ]
    assert parse('members[value eq"2819"]') == parse(
        'members[value eq "2819"]'
    )  # RFC 7644, 3.5.2.2 prints it so


def test_a_urn_ends_at_its_last_colon() -> None:
    urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    found = parse(f'{urn}:manager.value eq "x"')
    assert found == Comparison(AttrPath("manager", "value", urn), "eq", "x")


_names = st.sampled_from(["userName", "name", "emails", "a", "A-b_9", "and1", "prx", "$ref"])
_paths = st.builds(
    AttrPath, _names, st.none() | _names, st.none() | st.sampled_from(["urn:a:2.0:User", "http://x/y.z"])
)
_plain_paths = st.builds(AttrPath, _names, st.none(), st.none() | st.just("urn:a:2.0:User"))
_literals = (
    texts
    | st.booleans()
    | st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)
_conditions = st.builds(
    Comparison, _paths, st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]), _literals
) | st.builds(Present, _paths)


def _joined(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.builds(Not, inner) | st.builds(And, several) | st.builds(Or, several)


_value_filters: st.SearchStrategy[Expression] = st.recursive(_conditions, _joined, max_leaves=5)
_expressions: st.SearchStrategy[Expression] = st.recursive(
    _conditions | st.builds(ValuePath, _plain_paths, _value_filters), _joined, max_leaves=12
)


@given(_expressions)
def test_what_is_printed_is_read_as_the_same_expression(expression: Expression) -> None:
    assert parse(str(expression)) == expression


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["a", "eq", '"x"', "(", ")", "[", "]", "and", "not", "pr", ".b", "1"])).map(
        " ".join
    )
)
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    for unquoted in (False, True):
        try:
            assert parse(str(parse(text, unquoted=unquoted))) is not None
        except ScimProblem as problem:
            assert isinstance(problem, InvalidFilter) and problem.detail.endswith(".")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected"),
        ("userName", "not an operator"),
        ('userName regex "x"', '"regex" is not an operator'),
        ("userName eq", "value is missing"),
        ("userName eq 'x'", "double quotes"),
        ("userName eq jyoung", "double quotes"),
        ('userName eq "x', "closing quote"),
        (r'userName eq "\q"', "JSON string"),
        (r'userName eq "\ud800"', "JSON string"),
        ('userName eq "x" title pr', "should end here"),
        ('(userName eq "x"', '")" is missing'),
        ('emails[type eq "work"', '"]" is missing'),
        ("emails[ims[a pr]]", "inside square brackets"),
        ('name.givenName[a eq "b"]', "may not follow"),
        ("not title pr", '"(" is missing'),
        ("title pr and", "expected"),
        ("1title pr", "not 1title"),
        ("a eq 123456789012345678901", "too large"),
        ("a eq 1e999", "double quotes"),
    ],
)
def test_a_malformed_filter_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(InvalidFilter) as refused:
        parse(text)
    assert words in refused.value.detail and "at character" in refused.value.detail
    assert (refused.value.status, refused.value.scim_type) == (400, "invalidFilter")


def test_length_terms_and_depth_are_bounded() -> None:
    assert size(parse(" or ".join(["a pr"] * MAX_TERMS))) == MAX_TERMS
    with pytest.raises(TooMany):
        parse(" or ".join(["a pr"] * (MAX_TERMS + 1)))
    with pytest.raises(TooMany):
        parse(f'a eq "{"x" * MAX_LENGTH}"')
    parse("(" * MAX_DEPTH + "a pr" + ")" * MAX_DEPTH)
    with pytest.raises(InvalidFilter):
        parse("(" * (MAX_DEPTH + 1) + "a pr" + ")" * (MAX_DEPTH + 1))


def test_binding_gives_canonical_names_and_typed_values() -> None:
    def bound(text: str) -> str:
        return str(bind(parse(text), USER))

    assert bound('USERNAME eq "x"') == 'userName eq "x"'
    assert bound('Name.GIVENname eq "x"') == 'name.givenName eq "x"'
    assert bound('urn:ietf:params:scim:schemas:core:2.0:user:Title sw "x"') == 'title sw "x"'
    assert bound('emails co "x"') == 'emails.value co "x"'
    assert bound('EMAILS[Type eq "work"].Value eq "x"') == 'emails[type eq "work" and value eq "x"]'
    assert bound('active eq "True"') == bound("active eq true") == "active eq true"
    assert bound('roles[primary eq "True" and value eq "a"]') == 'roles[primary eq true and value eq "a"]'
    assert (
        bound('meta.created gt "2011-05-13T06:42:34.5+02:00"') == 'meta.created gt "2011-05-13T04:42:34.500Z"'
    )
    assert bound("title eq null") == "not (title pr)"
    assert bound("title ne null") == "title pr"
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    assert bound(f'{enterprise.upper()}:MANAGER eq "1"') == f'{enterprise}:manager.value eq "1"'


@pytest.mark.parametrize(
    "text",
    [
        'nosuch eq "x"',
        'name.nosuch eq "x"',
        'userName.value eq "x"',
        'urn:x:y:userName eq "x"',
        "name eq 1",
        'addresses co "x"',
        'password eq "x"',
        "password pr",
        "userName eq true",
        "userName eq 1",
        'userName eq "\\u0000"',
        'active eq "yes"',
        "active gt true",
        'active co "t"',
        'x509Certificates gt "x"',
        'meta.created sw "2011"',
        'meta.created gt "yesterday"',
        "userName gt null",
        'name[givenName eq "x"]',
        'emails[nosuch eq "x"]',
        'emails[emails.type eq "x"]',
        'emails[urn:ietf:params:scim:schemas:core:2.0:User:type eq "x"]',
        'manager eq "x"',
    ],
)
def test_what_a_filter_cannot_ask_is_refused_and_never_answered_with_an_empty_list(text: str) -> None:
    with pytest.raises(InvalidFilter):
        bind(parse(text), USER)


def test_entra_leaves_out_quotes_and_the_urn_of_the_manager() -> None:
    def bound(text: str) -> str:
        return str(bind(parse(text, unquoted=ENTRA.unquoted_values), USER, ENTRA))

    assert bound("externalId eq jyoung") == 'externalId eq "jyoung"'
    assert bound("externalId eq 007") == 'externalId eq "007"'
    assert bound("userName eq a@b.c and active eq true") == 'userName eq "a@b.c" and active eq true'
    manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value"
    assert bound('id eq "u" and manager eq "m"') == f'id eq "u" and {manager} eq "m"'
    groups = bind(parse('id eq "g" and members eq "u"'), GROUP, ENTRA)
    assert str(groups) == 'id eq "g" and members.value eq "u"'
