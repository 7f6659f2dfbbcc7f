"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from runbook.sections import SECTIONS

Records = Annotated[
    Path | None, typer.Option("--records", help="Where records go; the project's own folder otherwise.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output, nothing else.")]
EstateFile = Annotated[str, typer.Option("--estate", help="Estate file; $RUNBOOK_ESTATE, else the lab's, otherwise.")]
ParameterFile = Annotated[Path, typer.Option("-f", "--parameters", help="Parameter file of the section (YAML).")]
SectionName = Annotated[str, typer.Argument(help=f"Section: {', '.join(SECTIONS)}.")]
