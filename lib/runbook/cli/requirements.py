"""``runbook requirements``: every statement of the procedures, and what carries it."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from runbook.cli.sentences import in_sentences
from runbook.traceability import Carried, trace


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("requirements")(in_sentences(requirements_command))


def requirements_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document, nothing else.")] = False,
) -> None:
    """List every statement of the two procedures with what carries it."""
    carried = tuple(trace().values())
    if as_json:
        document = {"requirements": [one.document() for one in carried]}
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return
    table = Table("id", "kind", "what it says", "carried by", show_lines=False)
    for one in carried:
        table.add_row(one.requirement.id, one.requirement.kind_name, one.requirement.text, _carriers(one))
    Console().print(table)


def _carriers(one: Carried) -> str:
    kinds = {
        "checks": one.checks,
        "changes": one.changes,
        "parameters": one.parameters,
        "messages": one.messages,
        "documentation": one.documentation,
    }
    return "\n".join(f"{kind}: {', '.join(names)}" for kind, names in kinds.items() if names)
