"""The files that are shipped load, name their schema, and the schemas are those of the models."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.cli.headless import section_parameters
from runbook.estate import Environment, load_estate
from runbook.schemas import FOLDER, schemas

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(ROOT.glob("parameters/*/**/*.yaml"))
WRITTEN = [file for file in FILES if not (file.name == "estate.yaml" and "rehearsal" in file.parts)]


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_shipped_file_is_valid_and_names_its_schema(file: Path) -> None:
    if file.stem == "estate":
        assert load_estate(file).environment is Environment.PRODUCTION
    else:
        section_parameters(file.stem, file)
    (schema,) = (line for line in file.read_text(encoding="utf-8").splitlines() if "$schema=" in line)
    assert (file.parent / schema.partition("$schema=")[2]).resolve() == ROOT / FOLDER / f"{file.stem}.schema.json"


def test_the_schemas_are_current() -> None:
    """Renew them with ``python -m runbook.schemas``."""
    written = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / FOLDER).glob("*.json")}
    assert written == dict(schemas())
