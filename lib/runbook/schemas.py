"""JSON Schemas of the parameter and estate files, for editors: ``python -m runbook.schemas`` writes them.

Made from the models that check the files, so that an editor's help and the runbook's refusal say the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from runbook.estate import Estate
from runbook.paths import from_root
from runbook.sections import SECTIONS, UNDO

FOLDER = "parameters/schema"


def schemas() -> Mapping[str, str]:
    """File name → JSON text, for the estate file and for each section's parameters."""
    models = {section.name.replace("_", "-"): section.parameters for section in (*SECTIONS.values(), UNDO)}
    found = {name: model.model_json_schema(by_alias=True) for name, model in (models | {"estate": Estate}).items()}
    return {f"{name}.schema.json": _text(name, schema) for name, schema in found.items()}


def _text(name: str, schema: dict[str, Any]) -> str:
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"{name}.schema.json"}
    return json.dumps({**head, **schema}, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    folder = from_root(FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
