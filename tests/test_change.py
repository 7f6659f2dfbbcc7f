"""A plan's digest stands for all that the plan would do, and a change says how it is taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runbook.change import Change, Finding, Plan, Repair, Severity
from runbook.command import Pipeline, Shell, Switch, Target, cmdlet

CHANGE = Change(
    target=Target("atl-fe-001.litwareinc.com", Shell.LYNC),
    object="TrustedApplicationPool:atl-owa-001.litwareinc.com",
    property="RequiresReplication",
    before=True,
    after=False,
    command=Pipeline.of(cmdlet("Set-CsTrustedApplicationPool", Identity="a", RequiresReplication=False)),
    reverse=(Pipeline.of(cmdlet("Set-CsTrustedApplicationPool", Identity="a", RequiresReplication=True)),),
    requirements=("L35",),
)
OTHER = replace(CHANGE, object="another")


@pytest.mark.parametrize(
    "altered",
    [
        replace(CHANGE, target=Target("atl-fe-002.litwareinc.com", Shell.LYNC)),
        replace(CHANGE, target=Target("atl-fe-001.litwareinc.com", Shell.WINDOWS)),
        replace(CHANGE, object="x"),
        replace(CHANGE, property="x"),
        replace(CHANGE, before=None),
        replace(CHANGE, after="False"),
        replace(
            CHANGE,
            command=Pipeline.of(cmdlet("Set-CsTrustedApplicationPool", Identity="a", RequiresReplication=Switch.OFF)),
        ),
        replace(CHANGE, reverse=(CHANGE.command,)),
        replace(CHANGE, run_locally=True),
        replace(CHANGE, consent="allow_dial_plan_changes"),
    ],
)
def test_the_digest_changes_with_anything_that_the_plan_would_do(altered: Change) -> None:
    assert Plan(changes=(altered,)).digest != Plan(changes=(CHANGE,)).digest


def test_the_digest_knows_the_order_and_only_what_is_done() -> None:
    assert Plan(changes=(CHANGE, OTHER)).digest != Plan(changes=(OTHER, CHANGE)).digest
    assert Plan(changes=(CHANGE,), because="words").digest == Plan(changes=(CHANGE,)).digest


def test_a_change_without_a_way_back_says_so() -> None:
    with pytest.raises(ValueError, match="how it is reversed"):
        replace(CHANGE, reverse=())
    with pytest.raises(ValueError, match="how it is reversed"):
        replace(CHANGE, irreversible="but it has a way back")


def test_an_empty_plan_says_why() -> None:
    with pytest.raises(ValueError, match="why"):
        Plan()


@pytest.mark.parametrize(
    ("severity", "repair", "blocks"),
    [
        (Severity.ERROR, Repair.MANUAL, True),
        (Severity.ERROR, Repair.CONSENT, True),
        (Severity.ERROR, Repair.PLANNED, False),
        (Severity.WARNING, Repair.MANUAL, False),
        (Severity.INFO, Repair.NONE, False),
    ],
)
def test_only_an_error_that_the_plan_does_not_mend_blocks(severity: Severity, repair: Repair, blocks: bool) -> None:
    finding = Finding(id="x", requirements=("L30",), severity=severity, what="", why="", remedy="", repair=repair)
    assert finding.blocks is blocks
