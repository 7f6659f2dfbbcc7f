"""What a plan of OWA enablement does to a server: applied, nothing is left; undone, every byte is as it was."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook.change import Change, Decision, Plan
from runbook.command import Cmdlet, Pipeline
from runbook.facts.files import FileDetails
from runbook.facts.owa import VirtualDirectory
from runbook.facts.workers import OWA_POOL, Worker
from runbook.parameters import load_parameters
from runbook.powershell import render
from runbook.sections import SECTIONS
from runbook.sections.owa_enablement_facts import OwaEnablementFacts, WebConfig
from section_cases import certificates, estate, facts, merged

SECTION = SECTIONS["owa_enablement"]
HEALTHY = merged("owa_enablement", {})
BASE: OwaEnablementFacts = facts(OwaEnablementFacts, HEALTHY["facts"])
ESTATE = estate()
BACKS = ("atl-mbx-001.litwareinc.com", "atl-mbx-002.litwareinc.com")
SAVED = datetime(2014, 7, 20, 20, tzinfo=UTC)
THUMBPRINT = certificates()["owa"].thumbprint


def file(*entries: str) -> bytes:
    lines = "".join(f"    {entry}\r\n" for entry in entries)
    return f"\ufeff<configuration>\r\n  <appSettings>\r\n{lines}  </appSettings>\r\n</configuration>\r\n".encode()


BARE = file('<add key="A" value="1" />')


def decide(found: OwaEnablementFacts, **changes: Any) -> Decision:
    given = load_parameters(SECTION.parameters, {**HEALTHY["parameters"], **changes})
    return SECTION.decide(given, ESTATE, found)


def with_files(*contents: bytes, attributes: tuple[str, ...] = ("Archive",)) -> OwaEnablementFacts:
    backs = tuple(
        replace(
            back,
            file=WebConfig(
                content=content, sddl="O:BAG:SY", details=FileDetails(attributes=attributes, last_write=SAVED)
            ),
        )
        for back, content in zip(BASE.back_ends, contents, strict=True)
    )
    return replace(BASE, back_ends=backs)


class Servers:
    """Files, workers and virtual directories that the plan's pipelines act on, as Windows and Exchange would."""

    def __init__(self, found: OwaEnablementFacts) -> None:
        self.found = found
        self.clock = SAVED + timedelta(days=5)
        self.files = {back.server: {str(back.path): _content(back)} for back in found.back_ends}
        self.saved: dict[str, datetime] = {}
        self.recycled: dict[str, datetime] = {}
        self.directories = {each.identity: each for front in found.front_ends for each in _directories(front)}

    def apply(self, plan: Plan) -> None:
        for change in plan.changes:
            for step in change.preparation:
                self._check(change, step.pipeline, step.gives_sha256)
            self.run(change.target.server, change.command)
            for step in (*change.conclusion, *change.cleanup):
                self._check(change, step.pipeline, step.gives_sha256)

    def undo(self, plan: Plan) -> None:
        for change in reversed(plan.changes):
            for pipeline in change.reverse:
                self.run(change.target.server, pipeline)

    def run(self, server: str, pipeline: Pipeline) -> bytes:
        self.clock += timedelta(seconds=1)
        first = pipeline.cmdlets[0]
        match first.name.rpartition("\\")[2]:
            case "Get-Content":
                return self.files[server][str(first.value("LiteralPath"))]
            case "Copy-Item":
                files = self.files[server]
                files[str(first.value("Destination"))] = files[str(first.value("LiteralPath"))]
                self.saved[server] = self.clock
            case "Set-Content":
                value = first.value("Value")
                assert isinstance(value, bytes)
                self.files[server][str(first.value("LiteralPath"))] = value
            case "Remove-Item":
                del self.files[server][str(first.value("LiteralPath"))]
            case "Appcmd.exe":
                assert first.arguments == ("recycle", "apppool", f"/apppool.name:{OWA_POOL}")
                self.recycled[server] = self.clock
            case "Set-OwaVirtualDirectory":
                self._set(first)
            case name:
                assert name in ("Get-Acl", "Get-Item", "Get-Variable"), name
        return b""

    def facts(self) -> OwaEnablementFacts:
        backs = []
        for back in self.found.back_ends:
            assert isinstance(back.file, WebConfig)
            assert isinstance(back.workers, tuple)
            details = replace(back.file.details, last_write=self.saved.get(back.server, back.file.details.last_write))
            started = self.recycled.get(back.server)
            worker = (Worker(process_id=9, started=started, pool=OWA_POOL),) if started else back.workers
            content = self.files[back.server][str(back.path)]
            kept = replace(back.file, content=content, details=details)
            backs.append(replace(back, file=kept, workers=worker))
        fronts = tuple(
            replace(front, directories=tuple(self.directories[each.identity] for each in _directories(front)))
            for front in self.found.front_ends
        )
        return replace(self.found, back_ends=tuple(backs), front_ends=fronts)

    def _check(self, change: Change, pipeline: Pipeline, digest: str) -> None:
        output = self.run(change.target.server, pipeline)
        assert not digest or hashlib.sha256(output).hexdigest() == digest

    def _set(self, command: Cmdlet) -> None:
        identity = str(command.value("Identity"))
        enabled, kind = command.value("InstantMessagingEnabled"), command.value("InstantMessagingType")
        before = self.directories[identity]
        self.directories[identity] = VirtualDirectory(
            identity=identity,
            im_enabled=before.im_enabled if enabled is None else enabled is True,
            im_type=before.im_type if kind is None else str(kind).replace("OCS", "Ocs"),
        )


def _content(back: Any) -> bytes:
    assert isinstance(back.file, WebConfig)
    return back.file.content


def _directories(front: Any) -> tuple[VirtualDirectory, ...]:
    assert isinstance(front.directories, tuple)
    return front.directories


entries = st.sampled_from(
    [
        '<add key="A" value="1" />',
        f'<add key="IMCertificateThumbprint" value="{THUMBPRINT}" />',
        f'<add key="imcertificatethumbprint" value=" {THUMBPRINT.lower()}" />',
        "<add key='IMCertificateThumbprint' value='stale'/>",
        '<add key="IMServerName" value="ATL-CS-001.litwareinc.com"></add>',
        '<add key="IMServerName" value="" />',
        "<!-- a comment -->",
        '<remove key="IMServerName" />',
    ]
)
contents = st.lists(entries, max_size=5).map(lambda found: file(*found))
directories = st.tuples(st.booleans(), st.sampled_from(["None", "Ocs", "Msn"]))


@st.composite
def organisations(draw: st.DrawFn) -> OwaEnablementFacts:
    found = with_files(draw(contents), draw(contents))
    fronts = []
    for front in found.front_ends:
        enabled, kind = draw(directories)
        identity = _directories(front)[0].identity
        fronts.append(
            replace(front, directories=(VirtualDirectory(identity=identity, im_enabled=enabled, im_type=kind),))
        )
    return replace(found, front_ends=tuple(fronts))


quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(organisations(), st.booleans())
def test_applied_nothing_is_left_to_do(found: OwaEnablementFacts, procedure_order: bool) -> None:
    servers = Servers(found)
    plan = decide(found, procedure_order=procedure_order).plan
    servers.apply(plan)
    after = decide(servers.facts(), procedure_order=procedure_order)
    assert after.plan.changes == ()
    assert after.blocking == ()


@quick
@given(organisations())
def test_undone_every_file_and_directory_is_as_it_was(found: OwaEnablementFacts) -> None:
    servers = Servers(found)
    plan = decide(found).plan
    servers.apply(plan)
    servers.undo(plan)
    now = servers.facts()
    assert [_content(back) for back in now.back_ends] == [_content(back) for back in found.back_ends]
    assert [_directories(front) for front in now.front_ends] == [_directories(front) for front in found.front_ends]
    changed = {change.target.server for change in plan.changes if change.property == "appSettings"}
    assert set(servers.recycled) >= changed


@quick
@given(organisations())
def test_a_plan_names_everything_that_it_changes(found: OwaEnablementFacts) -> None:
    plan = decide(found).plan
    keys = [(change.target.server, change.object, change.property) for change in plan.changes]
    assert len(keys) == len(set(keys))
    for change in plan.changes:
        assert change.before != change.after
        for pipeline in (change.command, *change.reverse):
            assert render(pipeline)


def test_nothing_but_the_backup_stays_beside_the_file() -> None:
    found = with_files(BARE, BARE)
    servers = Servers(found)
    servers.apply(decide(found).plan)
    digest = hashlib.sha256(BARE).hexdigest()
    for back in found.back_ends:
        backup = str(back.path).replace("web.config", f"web.runbook-{digest[:12]}.config")
        assert set(servers.files[back.server]) == {back.path, backup}
        assert servers.files[back.server][backup] == BARE


def test_the_file_is_saved_prepared_compared_copied_and_compared_again() -> None:
    change = decide(with_files(BARE, BARE)).plan.changes[0]
    names = [step.pipeline.cmdlets[0].name for step in (*change.preparation, *change.conclusion, *change.cleanup)]
    assert names == [
        *("Copy-Item", "Get-Content", "Set-Content", "Get-Content", "Get-Content"),
        *("Get-Content", "Get-Acl", "Get-Item", "Remove-Item"),
    ]
    assert render(change.command).endswith(r"-Destination '" + change.object + "' -Force")
    assert [step.gives for step in change.conclusion] == ["", "O:BAG:SY", "Archive"]
    assert [step.decides for step in change.conclusion] == [False, True, True]
    assert "isn't replaced all at once" in change.disturbs
    assert change.before == {
        "IMCertificateThumbprint": None,
        "IMServerName": None,
        "sha256": hashlib.sha256(BARE).hexdigest(),
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [(("Normal",), "Archive"), (("Hidden", "NotContentIndexed"), "Hidden, Archive, NotContentIndexed")],
)
def test_a_file_that_was_written_to_is_marked_for_archiving(before: tuple[str, ...], after: str) -> None:
    change = decide(with_files(BARE, BARE, attributes=before)).plan.changes[0]
    assert change.conclusion[-1].gives == after


def test_the_recycle_is_judged_by_its_exit_code_and_a_new_worker() -> None:
    recycle = decide(with_files(BARE, BARE)).plan.changes[1]
    (step,) = recycle.conclusion
    assert (render(step.pipeline), step.gives) == ("Get-Variable -Name LASTEXITCODE -ValueOnly", "0")
    assert recycle.command.cmdlets[0].name == r"C:\Windows\System32\Inetsrv\Appcmd.exe"
    assert recycle.requirements == ("L65", "L66", "L67")


def test_each_server_is_a_stage_of_its_own() -> None:
    plan = decide(with_files(BARE, BARE), back_end_servers=list(reversed(BACKS))).plan
    assert [change.stage for change in plan.changes] == [BACKS[1], BACKS[1], BACKS[0], BACKS[0]]


def test_users_are_told_before_the_plan_is_confirmed() -> None:
    window = {"maintenance_start": "2014-07-23T22:00+02:00", "maintenance_end": "2014-07-23T23:00+02:00"}
    told = next(each for each in decide(with_files(BARE, BARE), **window).findings if each.id == "users-disturbed")
    assert "Between 2014-07-23T22:00+02:00 and 2014-07-23T23:00+02:00" in told.remedy
    assert all(name in told.object for name in BACKS)


def test_a_plan_is_the_same_plan_when_nothing_changed() -> None:
    assert decide(with_files(BARE, BARE)).plan.digest == decide(with_files(BARE, BARE)).plan.digest
    assert decide(with_files(BARE, BARE)).plan.digest != decide(with_files(BARE + b"\r\n", BARE)).plan.digest
