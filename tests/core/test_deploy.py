"""What lies in deploy/ can be read, and speaks of settings and commands that there are."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.__main__ import WRONG_USAGE
from service.commands.parser import build
from service.commands.setting import WRONG_CONFIG
from service.config import load
from service.config.environment import Environment
from service.server import DRAIN_SECONDS

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSED = sorted(DEPLOY.glob("compose*.yaml"))
KUBERNETES = {one["kind"]: one for one in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())}
UNIT = (DEPLOY / "idbridge.service").read_text()
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
        assert service["init"] is service["read_only"] is True
        assert int(service["stop_grace_period"].removesuffix("s")) > DRAIN_SECONDS
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
    installs = re.findall(r"pip install (.*)", DOCKERFILE)
    assert installs
    for install in installs:
        assert install.startswith(("--require-hashes ", "--no-deps --no-build-isolation "))


def test_a_pod_is_confined_and_set_up_with_what_there_is(settings: set[str]) -> None:
    pod = KUBERNETES["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    names = {one["name"] for one in container["env"]}
    assert {name.removesuffix("_FILE") for name in names} <= settings
    assert "SECRET" not in names  # it is a file: what is in the environment is seen by too many
    assert {mount["name"] for mount in container["volumeMounts"]} == {one["name"] for one in pod["volumes"]}
    assert (
        pod["securityContext"]["runAsNonRoot"]
        is container["securityContext"]["readOnlyRootFilesystem"]
        is True
    )
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    build().parse_args(container["args"])


def test_a_pod_is_asked_where_it_answers_and_left_time_to_end() -> None:
    pod = KUBERNETES["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    probes = {
        name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")
    }
    assert probes == {"startup": "/-/ready", "readiness": "/-/ready", "liveness": "/-/live"}
    pause = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] > DRAIN_SECONDS + pause
    labels = KUBERNETES["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert KUBERNETES["Service"]["spec"]["selector"] == labels
    assert KUBERNETES["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels


def test_the_unit_runs_what_there_is_and_leaves_it_time_to_end(settings: set[str]) -> None:
    said = dict(re.findall(r"^(\w+)=(.*)$", UNIT, re.MULTILINE))
    build().parse_args(said["ExecStart"].split()[1:])
    assert {
        name.removesuffix("_FILE") for name in re.findall(r"([A-Z_]+)=%", said["Environment"])
    } <= settings
    assert int(said["TimeoutStopSec"]) > DRAIN_SECONDS
    assert float(said["RestartSec"]) * 5 > 10  # else systemd gives up while a database is away
    assert said["RestartPreventExitStatus"].split() == [str(WRONG_USAGE), str(WRONG_CONFIG)]
