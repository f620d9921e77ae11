"""The path of a PATCH operation: RFC 7644, 3.5.2, figures 7 and 8."""

import pytest

from providers.scim.expression import AttrPath, Comparison
from providers.scim.path import MAX_LENGTH, Path, parse
from providers.scim.problems import InvalidFilter, InvalidPath, ScimProblem

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
WORK = Comparison(AttrPath("type"), "eq", "work")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("members", Path(AttrPath("members"))),
        ("name.familyName", Path(AttrPath("name", "familyName"))),
        ('addresses[type eq "work"]', Path(AttrPath("addresses"), WORK)),
        ('members[value eq "2819"]', Path(AttrPath("members"), Comparison(AttrPath("value"), "eq", "2819"))),
        (
            'members[value eq "2819"].displayName',
            Path(AttrPath("members", "displayName"), Comparison(AttrPath("value"), "eq", "2819")),
        ),
        (f"{ENTERPRISE}:department", Path(AttrPath("department", None, ENTERPRISE))),
        (f"{ENTERPRISE}:manager.value", Path(AttrPath("manager", "value", ENTERPRISE))),
        (
            'urn:x:2.0:User:emails[type eq "work"].value',
            Path(AttrPath("emails", "value", "urn:x:2.0:User"), WORK),
        ),
        (
            'emails[value eq "a]b.c"].type',
            Path(AttrPath("emails", "type"), Comparison(AttrPath("value"), "eq", "a]b.c")),
        ),
    ],
)
def test_paths_are_cut_into_their_parts(text: str, path: Path) -> None:
    assert parse(text) == path
    assert parse(str(path)) == path


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a b",
        "a.b.c",
        ".a",
        "a.",
        "1a",
        'a eq "b"',
        'a.b[c eq "d"]',
        "[a pr]",
        'a[b eq "c"] d',
        'a[b eq "c"]d',
        "a:",
        "é",
    ],
)
def test_a_malformed_path_is_invalid_path(text: str) -> None:
    with pytest.raises(InvalidPath) as refused:
        parse(text)
    assert refused.value.scim_type == "invalidPath"


@pytest.mark.parametrize(
    "text", ["a[", "a[b]", 'a[b eq "c"', "a[b[c pr] pr]", 'a[b eq "c"].d.e', 'a[b eq "c"].1', "a[]"]
)
def test_a_malformed_filter_in_a_path_is_invalid_filter(text: str) -> None:
    with pytest.raises(InvalidFilter):
        parse(text)


def test_a_path_has_a_greatest_length() -> None:
    with pytest.raises(ScimProblem):
        parse("a" * (MAX_LENGTH + 1))
