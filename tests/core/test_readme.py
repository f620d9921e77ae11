"""The README names what there is: every command, every setting, and only those."""

import re

import pytest
from msgspec import structs

from providers.kinds import kind
from providers.settings import Policy
from service.config import load
from service.config.environment import Environment
from tests.commands import ROOT
from tests.core.prompt import COMMANDS

README = (ROOT / "README.md").read_text()


def test_the_readme_names_every_command_and_only_those() -> None:
    shown = "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL))
    assert set(re.findall(r"^idbridge ([a-z-]+)", shown, re.MULTILINE)) == set(COMMANDS)


def test_the_readme_names_every_setting_and_only_those(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Environment] = []
    unused = Environment.unused
    monkeypatch.setattr(
        Environment, "unused", lambda env, families: (seen.append(env), unused(env, families))[1]
    )
    load({}, keep=False)
    table = README[README.index("## Settings") :].partition("\n## ")[0]
    named = re.findall(r"`([A-Z][A-Z_]+)`", table)
    assert set(named) == seen[0].asked
    assert len(named) == len(set(named))


def test_the_readme_names_every_setting_of_an_openid_provider_and_only_those() -> None:
    named = set(README.partition("each after AUTH_OKTA_: ")[2].partition(".\n")[0].split(", "))
    fields = (
        *structs.fields(kind("openid")),
        *structs.fields(Policy),
    )  # two of them have settings of their own
    assert named == {field.name.upper() for field in fields} - {"POLICY", "SIGNALS"}
