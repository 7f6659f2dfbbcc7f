"""OWA's worker process: whether it has read web.config as it is now, and the recycle that makes it (L65-L67)."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.change import Change, ChangeOutcome, Finding, Outcome, Repair, Severity, Step
from runbook.command import Cmdlet, Pipeline, Switch, Target, cmdlet
from runbook.facts.query import Unread
from runbook.facts.workers import APPCMD, OWA_POOL
from runbook.sections.owa_enablement_facts import BackEnd, WebConfig
from runbook.sections.ways import Way

STARTED = "Started"

RECYCLE = Pipeline.of(Cmdlet(APPCMD, arguments=("recycle", "apppool", f"/apppool.name:{OWA_POOL}")))
OBJECT = f"AppPool:{OWA_POOL}"
PROGRAMS = tuple(
    Cmdlet(APPCMD, arguments=(verb, "apppool", f"/apppool.name:{OWA_POOL}")) for verb in ("recycle", "start", "stop")
)
"""What this section runs on a server, to do something or to take it back."""


def is_stale(back: BackEnd) -> bool:
    """The newest worker started before the file was last written. No worker at all is none that is stale: the first
    request starts one, with the file as it is then."""
    if isinstance(back.workers, Unread) or not back.workers or not isinstance(back.file, WebConfig):
        return False
    return max(worker.started for worker in back.workers) < back.file.details.last_write


def check(back: BackEnd) -> Iterator[Finding]:
    if is_stale(back):
        assert isinstance(back.file, WebConfig)
        assert not isinstance(back.workers, Unread)
        started = max(worker.started for worker in back.workers)
        written = back.file.details.last_write
        yield Finding(
            id="app-pool-stale",
            requirements=("L65", "L66"),
            severity=Severity.ERROR,
            server=back.server,
            object=OBJECT,
            what=(
                f"OWA's worker process runs since {started:%Y-%m-%d %H:%M:%S} UTC, and web.config was written after"
                f" that, at {written:%Y-%m-%d %H:%M:%S} UTC."
            ),
            why="A worker starts its IM provider once, from what the file said at the time.",
            remedy="Recycle the application pool.",
            repair=Repair.PLANNED,
        )


def check_state(back: BackEnd) -> Iterator[Finding]:
    """A pool that is stopped serves nobody, and can't be recycled."""
    if not isinstance(back.pool_state, Unread) and back.pool_state != STARTED:
        yield Finding(
            id="app-pool-stopped",
            requirements=("L65",),
            severity=Severity.ERROR,
            server=back.server,
            object=OBJECT,
            what=f"OWA's application pool is {back.pool_state.lower()}.",
            why="OWA answers everybody on this server with HTTP 503, and a pool that is stopped can't be recycled.",
            remedy="Start it, once it is clear why it was stopped.",
            repair=Repair.PLANNED,
        )


def start(target: Target, back: BackEnd) -> Change:
    """Start the pool: its first worker reads the settings as they are then, so no recycle is needed."""

    def command(verb: str) -> Pipeline:
        return Pipeline.of(Cmdlet(APPCMD, arguments=(verb, "apppool", f"/apppool.name:{OWA_POOL}")))

    return Change(
        target=target,
        object=OBJECT,
        property="state",
        before=str(back.pool_state),
        after=STARTED,
        command=command("start"),
        reverse=(command("stop"),),
        requirements=("L65",),
        disturbs="OWA serves users on this server again.",
        conclusion=(Step(what="See that it was started", pipeline=_EXIT_CODE, gives="0"),),
        stage=back.server,
    )


def failed(result: ChangeOutcome) -> Finding | None:
    """What a recycle that didn't come about leaves to a person."""
    if result.change.object != OBJECT or result.outcome is not Outcome.FAILED:
        return None
    said = " ".join(result.said).strip() or "It didn't say why."
    return Finding(
        id="recycle-fails",
        requirements=("L65", "L66", "L67"),
        severity=Severity.ERROR,
        server=result.change.target.server,
        object=OBJECT,
        what=f"OWA's application pool couldn't be recycled or started. {said}",
        why="The settings are written, and not in effect on this server.",
        remedy="Read the System log (source WAS) on the server, mend what it names, and run this section again.",
    )


def stale(back: BackEnd, what: str) -> Finding:
    """The worker is older than a change of ``what``, its settings, where those don't stand in web.config."""
    assert not isinstance(back.workers, Unread)
    started = max(worker.started for worker in back.workers)
    return Finding(
        id="app-pool-stale",
        requirements=("L65", "L66"),
        severity=Severity.ERROR,
        server=back.server,
        object=OBJECT,
        what=f"OWA's worker process runs since {started:%Y-%m-%d %H:%M:%S} UTC, and {what} was changed after that.",
        why="A worker starts its IM provider once, with the settings of that time.",
        remedy="Recycle the application pool.",
        repair=Repair.PLANNED,
    )


def change(target: Target, back: BackEnd, *, fronts_too: bool) -> Change:
    """Recycle the pool. ``fronts_too``: on this server the front end's OWA runs in the same pool."""
    of_file = back.way is Way.FILE
    settings = "web.config was saved" if of_file else "its settings were changed"
    also = " The front end's OWA on this server shares the pool, so all who come in by it notice." if fronts_too else ""
    return Change(
        target=target,
        object=OBJECT,
        property="worker",
        before=f"started before {settings}",
        after="started since",
        command=RECYCLE,
        irreversible="A process that has ended doesn't come back; taking the settings back recycles the pool again.",
        requirements=("L65", "L66", "L67"),
        disturbs=f"OWA reloads for the users whose mailbox is active on this server, and IM drops.{also}",
        conclusion=(Step(what="See that it was recycled", pipeline=_EXIT_CODE, gives="0"),),
        stage=back.server,
        repeats=True,
    )


_EXIT_CODE = Pipeline.of(cmdlet("Get-Variable", Name="LASTEXITCODE", ValueOnly=Switch.ON))
