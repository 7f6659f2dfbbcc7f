"""``runbook drift``: is everything still as a past run left it?"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from runbook.again import open_drift
from runbook.change import Json
from runbook.cli.again import found_record
from runbook.cli.headless import new_folder
from runbook.cli.options import AsJson, Records
from runbook.cli.records import announce_key
from runbook.cli.rehearse import closed
from runbook.cli.screen import Screen
from runbook.cli.sentences import UNKNOWN, in_sentences
from runbook.engine.drift import Compared, Standing, standing
from runbook.engine.looking import finish_look
from runbook.engine.past_run import past_run
from runbook.estate import find_estate, load_estate
from runbook.render.templating import visible
from runbook.sections import section_named

DRIFTED = 1
_SIGN = {Standing.AS_LEFT: "✔", Standing.DRIFTED: "✖", Standing.UNKNOWN: "?"}
_STYLE = {Standing.AS_LEFT: "green", Standing.DRIFTED: "red", Standing.UNKNOWN: "yellow"}
_EXIT = {Standing.AS_LEFT: 0, Standing.DRIFTED: DRIFTED, Standing.UNKNOWN: UNKNOWN}

RecordOption = Annotated[
    str, typer.Option("--record", help="The record: its folder, or as `runbook records` lists it.")
]
EstateOption = Annotated[
    str, typer.Option("--estate", help="Estate file; the one of the recorded run, else the lab's, otherwise.")
]


def add_to(app: typer.Typer) -> None:
    """Put this command beside the others."""
    app.command("drift")(drift_command)


@in_sentences
def drift_command(
    record: RecordOption, estate: EstateOption = "", records: Records = None, as_json: AsJson = False
) -> None:
    """Compare with now what a past run left, change by change. Exit codes: 0 as left, 1 drifted, 3 not all was read."""
    screen, folder = Screen(), found_record(Path(record))
    past = past_run(folder)
    given = str(Path(estate).absolute()) if estate else str(past.parameters.get("estate") or "")
    chosen = load_estate(find_estate(given))
    announce_key(screen)
    own = new_folder(chosen, past.started.section, records) if records else None
    run, drift = open_drift(folder, chosen, own=own)
    look = run.ledger.path.parent
    with screen.watch(section_named(past.started.section).title, look), closed(look):
        finish_look(run)
    found = standing(drift.compared, strangers=any(bound.stranger for bound in run.bound))
    if as_json:
        _print(_document(past.name, found, drift.compared, look))
    else:
        _show(screen, past.name, found, drift.compared, look)
    raise typer.Exit(_EXIT[found])


def _document(name: str, found: Standing, compared: Sequence[Compared], look: Path) -> Json:
    return {
        "record": name,
        "standing": found.value,
        "changes": [one.document() for one in compared],
        "look": str(look),
    }


def _show(screen: Screen, name: str, found: Standing, compared: Sequence[Compared], look: Path) -> None:
    for one in compared:
        title = " · ".join(filter(None, (one.change.object, one.change.property)))
        line = f"{_SIGN[one.standing]} {one.standing.value}: {title} ({one.change.target.server})"
        screen.out.print(Text(visible(line), style=_STYLE[one.standing]), soft_wrap=True)
        if one.said:
            screen.out.print(Text(f"  {visible(one.said)}"), soft_wrap=True)
    left = sum(one.standing is Standing.AS_LEFT for one in compared)
    said = (
        f"{left} of {len(compared)} changes of {name} are as it left them." if compared else f"{name} changed nothing."
    )
    screen.out.print(Text(visible(said), style=_STYLE[found]), soft_wrap=True)
    screen.out.print(Text(f"record: {look}", style="dim"), soft_wrap=True)


def _print(document: Json) -> None:
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
