"""pyproject.toml, constraints.txt and environment.yml say the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DECLARED = [*PROJECT["dependencies"], *(one for extra in PROJECT["optional-dependencies"].values() for one in extra)]
PINS = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize("declared", DECLARED)
def test_every_dependency_is_pinned_within_its_range(declared: str) -> None:
    wanted = Requirement(declared)
    pins = [pin for pin in PINS if canonicalize_name(pin.name) == canonicalize_name(wanted.name)]
    assert pins, f"{wanted.name} isn't in constraints.txt: renew it with the command in its first lines"
    for pin in pins:
        (specifier,) = pin.specifier
        assert specifier.operator == "=="
        assert wanted.specifier.contains(specifier.version), f"{pin} is outside {declared}"


def test_constraints_name_no_host_and_no_path() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert not re.search(r"https?://|file:|--index|@ ", text)


def test_constraints_serve_windows_and_macos_too() -> None:
    names = {canonicalize_name(pin.name) for pin in PINS}
    assert {"pywinpty", "sspilib", "appnope"} <= names


def test_the_conda_environment_installs_the_same() -> None:
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert "--constraint constraints.txt" in text
    assert "--editable .[test]" in text
    assert f"python{PROJECT['requires-python']}" in text
    assert f"name: {PROJECT['name']}" in text


def test_the_server_side_client_is_pinned_exactly() -> None:
    assert "pypsrp[credssp]==0.9.1" in PROJECT["dependencies"]
