"""Reading the catalogue's own files, which come with the package."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from runbook.inputs.yamlfile import Tree, parse_yaml


def read(name: str) -> dict[str, Tree]:
    """One file of the catalogue; ``name`` relative to this package."""
    return parse_yaml((files(__package__) / name).read_bytes(), file=name).root


def read_all(folder: str) -> Iterator[tuple[str, dict[str, Tree]]]:
    """Every YAML file in a folder of the catalogue, by name."""
    for entry in sorted((files(__package__) / folder).iterdir(), key=lambda one: one.name):
        if entry.name.endswith(".yaml"):
            name = f"{folder}/{entry.name}"
            yield name, read(name)
