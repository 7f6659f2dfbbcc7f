"""``runbook explain``: what a finding means, why it matters, how to look by hand and how to mend it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from runbook.catalogue import check_named, index, page
from runbook.cli.sentences import in_sentences


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("explain")(in_sentences(explain_command))


def explain_command(
    id: Annotated[str, typer.Argument(help="Id of a finding, such as cert-expired; none lists them all.")] = "",
) -> None:
    """Say what a finding means, why it matters, how to look by hand and how to mend it."""
    text = page(check_named(id)) if id else index()
    if sys.stdout.isatty():
        Console().print(Markdown(text))
    else:
        sys.stdout.write(text)
