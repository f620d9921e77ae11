"""What lies in deploy/ can be read, and speaks of settings and commands that there are."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.commands.parser import build
from service.config import load
from service.config.environment import Environment

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSED = sorted(DEPLOY.glob("*.yaml"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of all settings."""
    seen: list[Environment] = []
    unused = Environment.unused
    monkeypatch.setattr(
        Environment, "unused", lambda env, families: (seen.append(env), unused(env, families))[1]
    )
    load({}, keep=False)
    return seen[0].asked


def ours(file: Path) -> dict[str, dict[str, Any]]:
    services = yaml.safe_load(file.read_text())["services"]
    return {name: service for name, service in services.items() if service["image"] == "idbridge"}


@pytest.mark.parametrize("file", COMPOSED, ids=lambda file: file.name)
def test_each_service_of_ours_is_confined_and_set_up_with_what_there_is(
    file: Path, settings: set[str]
) -> None:
    assert ours(file)
    for service in ours(file).values():
        assert set(service["environment"]) <= settings
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        build().parse_args(service.get("command", ["serve"]))


def test_two_replicas_and_one_worker_share_a_database() -> None:
    services = ours(DEPLOY / "compose.postgres.yaml")
    assert [service["command"] for service in services.values()].count(["serve", "--no-worker"]) == 2
    assert [service["command"] for service in services.values()].count(["worker"]) == 1
    assert len({service["environment"]["DATABASE_URL"] for service in services.values()}) == 1


def test_the_settings_of_the_image_make_a_configuration() -> None:
    variables = dict(re.findall(r"\b(HOST|PORT|DATA_DIR)=(\S+)", DOCKERFILE))
    config = load(variables, keep=False)
    assert (config.host, config.port) == ("0.0.0.0", 8055)  # noqa: S104  # all there is inside a container
    assert str(config.data_dir) == "/data"


def test_the_image_runs_as_nobody_and_installs_what_was_pinned_only() -> None:
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["65532:65532"]
    for install in re.findall(r"pip install (.*)", DOCKERFILE):
        assert install.startswith(("--require-hashes ", "--no-deps --no-build-isolation "))
