"""Pages in six languages: no text in a template or a module is left in English alone."""

import ast
import re
from collections.abc import Iterator

import pytest

from mail.tongues import LANGUAGES
from service.pages.accept_invite import SOMEBODY
from service.pages.tongue import PAGES
from tests.pages.invited import Page
from tests.post.catalogues import OTHERS, assert_says, in_templates
from tests.served import Served

TEMPLATES = PAGES.parent / "templates"
SENTENCE = re.compile(r"[A-Z][\w'-]*,? \w")
# Text that a person would read or hear, once the template's own code is taken out.
CODE = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|&\w+;", re.DOTALL)
SPOKEN = re.compile(r"\b(?:alt|aria-label|placeholder|title)=\"([^\"]*)\"")


def _docstrings(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            yield node.value


def _not_for_people(tree: ast.AST) -> set[ast.AST]:
    """Docstrings, and what is raised: a problem says its sentence elsewhere."""
    raised = (part for node in ast.walk(tree) if isinstance(node, ast.Raise) for part in ast.walk(node))
    return {*_docstrings(tree), *raised}


def _in_modules() -> Iterator[str]:
    for file in PAGES.parent.glob("*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        silent = _not_for_people(tree)
        texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and node not in silent)
        yield from (
            node.value for node in texts if isinstance(node.value, str) and SENTENCE.match(node.value)
        )


@pytest.mark.parametrize("language", OTHERS)
def test_every_page_is_said_in_every_language_and_nothing_else_is(language: str) -> None:
    assert_says(PAGES, language, {*in_templates(TEMPLATES), *_in_modules(), SOMEBODY})


@pytest.mark.parametrize("template", sorted(file.name for file in TEMPLATES.glob("*.html")))
def test_no_template_says_anything_past_the_catalogues(template: str) -> None:
    bare = CODE.sub("", (TEMPLATES / template).read_text("utf-8"))
    read = re.sub(r"<[^>]*>", " ", bare)
    assert re.findall(r"\w+", read + " ".join(SPOKEN.findall(bare))) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["/admin/login?reason=INVALID_OTP", "/admin/tfa-setup", "/admin/nowhere"])
async def test_a_page_speaks_as_the_browser_asks(small_house: Served, path: str, language: str) -> None:
    answer = await small_house.ask("GET", path, token=None, headers={"accept-language": language})
    english = await small_house.ask("GET", path, token=None, headers={"accept-language": "en"})
    assert answer.headers["content-language"] == language
    assert f'<html lang="{language}"' in answer.text
    assert (Page(answer).heading == Page(english).heading) is (language == "en")
