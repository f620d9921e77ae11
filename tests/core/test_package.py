"""What is installed holds everything that the tree holds, and the maps of the large rooms every module."""

import importlib
import pkgutil
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("service", "providers", "mail")


def test_a_wheel_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source / name)
    command = "-m pip wheel --quiet --no-deps --no-build-isolation --no-index --wheel-dir wheels ."
    subprocess.run(
        [sys.executable, *command.split()], cwd=source, check=True, capture_output=True, timeout=120
    )
    (wheel,) = (source / "wheels").iterdir()
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        str(file.relative_to(ROOT))
        for name in PACKAGES
        for file in (ROOT / name).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert wanted - held == set()


def test_every_room_of_tests_is_run() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["testpaths"]
    rooms = {file.parent.relative_to(ROOT).as_posix() for file in (ROOT / "tests").rglob("test_*.py")}
    assert {room for room in rooms if "node_modules" not in room} == set(told)


@pytest.mark.parametrize("room", ["service.users", "service.dialects"])
def test_every_module_stands_once_on_the_map_of_its_room(room: str) -> None:
    package = importlib.import_module(room)
    _, _, map_ = (package.__doc__ or "").partition("Where to look:")
    told = Counter(word for line in map_.splitlines() for word in line[16:].split())
    there = {module.name for module in pkgutil.iter_modules(package.__path__)}
    assert told == Counter(there)
