"""The ``runbook`` command.

Exit codes: 0 all verified (when only looking: nothing stands in the way), 1 findings that block or a failed change,
2 bad input, 3 nobody knows what happened.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from runbook.change import Json
from runbook.cli import again, credentials, drift, explain, open_notebooks, plans, records, requirements, verifying
from runbook.cli.headless import section_parameters
from runbook.cli.lab import PARAMETERS, list_faults, organisation, running_lab
from runbook.cli.options import AsJson, EstateFile, ParameterFile, Records, SectionName
from runbook.cli.records import announce_key
from runbook.cli.rehearse import rehearse, run_one
from runbook.cli.screen import Screen
from runbook.cli.sentences import in_sentences, run
from runbook.engine.clearance import check_given
from runbook.engine.opening import check_accounts
from runbook.engine.verdict import exit_code, worst
from runbook.estate import find_estate, load_estate
from runbook.ledger.events import Mode
from runbook.paths import from_root
from runbook.sections import section_named

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

_TOPOLOGIES = "Simulated organisation, such as split-2013; for a name that is none the lab lists them all."

Topology = Annotated[str | None, typer.Option("--topology", help=_TOPOLOGIES)]
Scenario = Annotated[
    Path | None, typer.Option("--scenario", help="YAML file that names a topology and what is broken in it.")
]
States = Annotated[list[str] | None, typer.Option("--state", help="A start state of the topology; may be repeated.")]
Anchors = Annotated[
    list[str] | None,
    typer.Option("--anchor", help="Send the record's head to this folder or git remote (git+https://…) too."),
]
Approval = Annotated[
    Path | None, typer.Option("--approval", help="The signed approval of the plan, which lies beside it.")
]


@app.command("rehearse")
@in_sentences
def rehearse_command(
    topology: Topology = None,
    scenario: Scenario = None,
    section: Annotated[list[str] | None, typer.Option("--section", help="Only this section; may be repeated.")] = None,
    mode: Annotated[Mode, typer.Option("--mode", help="check: look, without notebooks. plan. apply.")] = Mode.APPLY,
    state: States = None,
    records: Records = None,
    faults: Annotated[bool, typer.Option("--list-faults", help="List what a scenario can break, and end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start the rehearsal lab, run the sections against it, and say what came of it."""
    screen = Screen()
    if faults:
        _list_faults(screen, as_json)
        return
    announce_key(screen)
    done = rehearse(
        organisation(topology, scenario),
        sections=section or (),
        mode=mode,
        records=records,
        states=state or (),
        watch=screen.watch,
        scenario=scenario,
    )
    if as_json:
        _print(done.document())
    else:
        screen.rehearsal(done)
    raise typer.Exit(exit_code(done.outcome))


@app.command("lab")
@in_sentences
def lab_command(topology: Topology = None, scenario: Scenario = None, state: States = None) -> None:
    """Run the rehearsal lab alone, until Ctrl-C, for notebooks and commands in other terminals."""
    screen = Screen()
    chosen = organisation(topology, scenario)
    with running_lab(chosen, states=state or (), scenario=scenario, directory=from_root(PARAMETERS)) as lab:
        screen.out.print(f"The organisation {lab.topology} is up. Notebooks and commands find it by {lab.estate}.")
        screen.out.print("Set these in the other terminal, which is this lab's alone and ends with it:\n")
        line = "$env:{} = '{}'" if sys.platform == "win32" else "export {}='{}'"
        for name, value in lab.environment.items():
            screen.out.print(line.format(name, value), markup=False, soft_wrap=True)
        screen.out.print("\nCtrl-C ends it.")
        try:
            lab.wait()
        except KeyboardInterrupt:
            screen.out.print("The lab has ended.")
        finally:
            for file in (lab.estate, lab.estate.with_name("ca.pem")):
                file.unlink(missing_ok=True)


@app.command("check")
@in_sentences
def check_command(
    section: SectionName,
    parameters: ParameterFile,
    estate: EstateFile = "",
    records: Records = None,
    as_json: AsJson = False,
) -> None:
    """Look at one section of an estate. Nothing can be changed."""
    _run(section, parameters, estate, Mode.CHECK, records, as_json)


@app.command("run")
@in_sentences
def run_command(
    section: SectionName,
    parameters: ParameterFile,
    estate: EstateFile = "",
    mode: Annotated[Mode, typer.Option("--mode", help="plan: show what would change. apply: change it.")] = Mode.PLAN,
    records: Records = None,
    anchor: Anchors = None,
    approval: Approval = None,
    as_json: AsJson = False,
) -> None:
    """Run the notebook of one section, headless, and keep it as the record."""
    _run(section, parameters, estate, mode, records, as_json, anchor, approval)


def _run(
    section: str,
    file: Path,
    estate: str,
    mode: Mode,
    records: Path | None,
    as_json: bool,
    anchor: list[str] | None = None,
    approval: Path | None = None,
) -> None:
    screen = Screen()
    name = section_named(section).name
    parameters = section_parameters(name, file)
    if approval is not None:
        parameters = parameters.model_copy(update={"approval": str(approval.absolute())})
    chosen = load_estate(find_estate(str(Path(estate).absolute()) if estate else parameters.estate))
    check_given(parameters, chosen, mode=mode, interactive=False)
    check_accounts(name, parameters, chosen)
    announce_key(screen)
    done = run_one(name, parameters, chosen, mode=mode, records=records, watch=screen.watch, anchors=anchor or ())
    if as_json:
        _print(
            {
                "topology": None,
                "mode": mode.value,
                "outcome": done.outcome.value,
                "sections": [done.document()],
                "second_pass": None,
                "presence": None,
            }
        )
    else:
        screen.sections([done])
    raise typer.Exit(exit_code(worst([done.outcome])))


def _list_faults(screen: Screen, as_json: bool) -> None:
    faults = list_faults()
    if as_json:
        _print(faults)
    else:
        screen.faults(faults)


explain.add_to(app)
again.add_to(app)
requirements.add_to(app)
plans.add_to(app)
drift.add_to(app)
records.add_to(app)
verifying.add_to(app)
credentials.add_to(app)
open_notebooks.add_to(app)


def _print(document: Json) -> None:
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def main() -> None:
    """Entry point. What a terminal or a file can't show is spelled out: printing never changes the outcome."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    run(app)
