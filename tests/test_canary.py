"""A whole run against servers that hold the operator's password in many places: no file and no output holds it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from memory_lab import MemoryLab, MemorySession
from rehearsal.topologies import build_world
from runbook import record, render, secrecy
from runbook.cli import app
from runbook.ledger import read_events
from runbook.ledger.events import Mode, Note
from runbook.record import State
from runbook.result import Result, ServerError, ServerObject, ServerValue
from runbook.summary import summarise

CANARY = "c4nary-Pa55-of-the-operator"
CONFIGURATION = b'\xef\xbb\xbf<configuration><appSettings><add key="Old" value="%s" /></appSettings></configuration>'
PLACES = (
    *("Name", "DisplayName", "FriendlyName", "Message", "Caption", "Comment", "Notes", "Description", "Reason"),
    *("LegacyExchangeDN", "DistinguishedName", "AdminDisplayName", "OriginatingServer", "ServerRole", "Value"),
    *("ImplementationDLLPath", "PrimarySmtpAddress", "WindowsEmailAddress", "SipAddress", "InstantMessagingServerName"),
)
"""Properties of the servers' objects that get it."""


def forms() -> list[bytes]:
    wide = CANARY.encode("utf-16-le")
    texts = [CANARY, CANARY.encode().hex(), wide.hex(), base64.b64encode(wide).decode()[:-4]]
    for shift in range(3):
        texts.append(base64.b64encode(b"\0" * shift + CANARY.encode()).decode()[4:-4])
    return [*(text.encode() for text in texts), wide]


@dataclass
class Planted:
    """Where it was put, so that a test which plants nowhere fails."""

    places: set[str] = field(default_factory=set)

    def result(self, result: Result) -> Result:
        output = tuple(self._value("output", each) for each in result.output)
        errors = tuple(self._error(each) for each in result.errors)
        warnings = (*result.warnings, f"The account signs in with {CANARY}.")
        self.places |= {f"warning of {result.pipeline.cmdlets[0].name}"}
        return replace(result, output=output, errors=errors, warnings=warnings)

    def _value(self, name: str, value: ServerValue) -> ServerValue:
        if isinstance(value, ServerObject):
            named = {key: self._value(key, each) for key, each in value.properties.items()}
            return replace(value, properties=named)
        if isinstance(value, str) and name in PLACES:
            self.places.add(f"property {name}")
            return f"{value} {CANARY}"
        return tuple(self._value(name, each) for each in value) if isinstance(value, tuple) else value

    def _error(self, error: ServerError) -> ServerError:
        self.places.add("error")
        return replace(error, message=f"{error.message} The password {CANARY} was echoed.", target=CANARY)


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Planted:
    made, answer = Planted(), MemorySession.run
    monkeypatch.setattr(MemorySession, "run", lambda session, pipeline: made.result(answer(session, pipeline)))
    return made


def run_all(lab: MemoryLab, sections: tuple[str, ...]) -> Iterator[tuple[Path, list[str]]]:
    """Folder and shown text of each run, in apply mode, its record closed."""
    for name in sections:
        run = lab.open(name, Mode.APPLY, operator_note=f"I noted {CANARY}", change_ticket=CANARY, operator=CANARY)
        run.ledger.append(Note(text=f"typed: {CANARY}"))
        run.check()
        views = [render.findings(run.decision), render.plan(run.plan, applies=True)]
        run.apply(confirmed_by=f"somebody who wrote {CANARY}")
        run.verify()
        run.audit()
        views.append(render.outcomes(run.results, note=CANARY))
        run.finish()
        folder = run.ledger.path.parent
        (folder / "record.ipynb").write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4}, indent=1) + "\n")
        assert record.close(folder) is not None
        shown = [view._repr_mimebundle_() for view in views]
        yield folder, [text for each in shown for text in each.values()] + [json.dumps(summarise(folder).document())]


def test_nothing_that_runs_write_or_show_holds_it(tmp_path: Path, planted: Planted) -> None:
    secrecy.keep(CANARY)
    world = build_world("split-2013", states=("policy-off",))
    lab = MemoryLab.of(world, tmp_path / "estate")
    lab.estate = lab.estate.model_copy(update={"organisation": f"Litware {CANARY}"})
    sections = ("prerequisites", "trusted_pool", "owa_enablement", "mailbox_policies", "verification", "tracing")
    for folder, shown in run_all(lab, sections):
        for form in forms():
            assert [text for text in shown if form in text.encode("utf-8", "surrogatepass")] == []
            for file in filter(Path.is_file, folder.rglob("*")):
                assert form not in file.read_bytes(), f"{file.name} of {folder.name}"
                assert form not in unwrapped(file), f"{file.name} of {folder.name}, within"
        assert read_events(folder).ended, "the ledger can still be read"
        assert record.verify(folder).state is State.UNKNOWN_SIGNER
        said = CliRunner().invoke(app, ["verify-record", str(folder)]).output
        assert CANARY not in said
        assert secrecy.HIDDEN in (folder / "events.jsonl").read_text(encoding="utf-8")
    assert len(planted.places) >= 20, planted.places


def unwrapped(file: Path) -> bytes:
    """What a statement's envelope holds, which is Base64."""
    if file.name != "statement.dsse.json":
        return b""
    return base64.b64decode(json.loads(file.read_text(encoding="utf-8"))["payload"])


def test_a_file_of_a_server_that_holds_it_is_not_kept_and_the_plan_can_still_be_read(tmp_path: Path) -> None:
    """web.config, read whole and written whole: its content stands in facts and in the command that changes it."""
    secrecy.keep(CANARY)
    world = build_world("split-2013")
    lab = MemoryLab.of(world, tmp_path)
    for folder, _ in run_all(lab, ("trusted_pool",)):
        assert record.verify(folder).state is State.UNKNOWN_SIGNER
    for application in world.owa.values():
        files = application.host.files
        content = files.find(application.edition.web_config).content
        marked = content.replace(b"</appSettings>", f'<add key="Old" value="{CANARY}" /></appSettings>'.encode(), 1)
        assert marked != content
        files.write(application.edition.web_config, marked)
    ((folder, shown),) = run_all(lab, ("owa_enablement",))
    events = (folder / "events.jsonl").read_bytes()
    for form in forms():
        assert form not in events
        assert not [text for text in shown if form.decode("utf-8", "replace") in text]
    assert secrecy.HIDDEN in json.dumps(lines(folder))
    assert read_events(folder).ended


def lines(folder: Path) -> list[str]:
    """The ledger with all Base64 in it decoded."""

    def decoded(value: object) -> object:
        if isinstance(value, dict) and value.keys() == {"base64"}:
            return base64.b64decode(value["base64"]).decode("utf-8", "replace")
        if isinstance(value, dict):
            return {key: decoded(each) for key, each in value.items()}
        return [decoded(each) for each in value] if isinstance(value, list) else value

    text = (folder / "events.jsonl").read_text(encoding="utf-8")
    return [json.dumps(decoded(json.loads(line)), ensure_ascii=False) for line in text.splitlines()]
