"""Each edition of Exchange against the lab: from broken to presence by its own way, as the world says."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsing import Rehearsal, rehearsing
from runbook.change import Outcome
from runbook.ledger.events import Mode

SECTIONS = ["trusted_pool", "owa_enablement", "mailbox_policies"]
DIRECTORY = ["Set-OwaVirtualDirectory"] * 3
OVERRIDE = ["New-SettingOverride", "Get-ExchangeDiagnosticInfo"]
RECYCLE, FILE, FRONT_END = ["Appcmd.exe"], ["Copy-Item"], ["Set-OwaVirtualDirectory"]

WAYS = {
    "exchange-2010": [*DIRECTORY, *RECYCLE] * 2,
    "exchange-2016-sfb2015": [*OVERRIDE, *RECYCLE] * 2 + FRONT_END * 2,
    "exchange-2019-sfb2019": [*OVERRIDE, *RECYCLE] * 2 + FRONT_END * 2,
    "exchange-se-sfbse": [*OVERRIDE, *RECYCLE, *FRONT_END],
    "mixed-2013-2016": [*FILE, *RECYCLE, *OVERRIDE, *RECYCLE, *FRONT_END * 2],
}
"""The commands of OWA enablement on each organisation, in order (``real-world`` B1)."""


def integrate(lab: Rehearsal, **parameters: object) -> list[str]:
    """Broken for everybody, then working for all who can have it; the commands of OWA enablement on the way."""
    assert lab.lab.ask("presence")["working"] == 0
    sent: list[str] = []
    for name in SECTIONS:
        summary = lab.run(name, Mode.APPLY, **(parameters if name == "owa_enablement" else {}))
        assert summary.outcome in (Outcome.VERIFIED, Outcome.NOT_NEEDED), (name, summary.outcome, summary.findings)
        if name == "owa_enablement":
            sent = [change.command.cmdlets[0].name.rpartition("\\")[2] for change, _, _ in summary.changes]
    lab.lab.sign_in_test_users()
    assert lab.run("verification", Mode.CHECK).outcome is Outcome.VERIFIED
    presence = lab.lab.ask("presence")
    assert presence["working"] == presence["expected"] > 0
    assert presence["reasons"] == {}
    for name in SECTIONS:
        assert lab.run(name, Mode.PLAN, **(parameters if name == "owa_enablement" else {})).changes == ()
    return sent


def refused(lab: Rehearsal, id: str) -> list[str]:
    """What the finding says of each server, on a run that changes nothing."""
    lab.run("trusted_pool", Mode.APPLY)
    before = len(lab.mutations())
    summary = lab.run("owa_enablement", Mode.APPLY)
    assert summary.outcome is Outcome.INCOMPLETE
    assert summary.changes == ()
    assert len(lab.mutations()) == before
    return [finding.why for finding in summary.findings if finding.id == id]


@pytest.mark.parametrize("topology", WAYS)
def test_each_server_goes_the_way_of_its_own_edition(topology: str, tmp_path: Path) -> None:
    with rehearsing(topology, tmp_path) as lab:
        assert integrate(lab) == WAYS[topology]


def test_one_override_for_all_servers_from_2016_on_does_too(tmp_path: Path) -> None:
    with rehearsing("exchange-2019-sfb2019", tmp_path) as lab:
        sent = integrate(lab, override_scope="version")
        assert sent.count("New-SettingOverride") == 1
        assert sent.count("Get-ExchangeDiagnosticInfo") == 2


def test_exchange_2016_before_cumulative_update_4_is_asked_otherwise_and_keys_in_web_config_are_ignored(
    tmp_path: Path,
) -> None:
    with rehearsing("exchange-2016-sfb2015", tmp_path, ["cu3", "leftover-web-config"]) as lab:
        assert integrate(lab) == WAYS["exchange-2016-sfb2015"]
        findings = lab.run("owa_enablement", Mode.CHECK).findings
        assert [(one.server, one.severity) for one in findings if one.id == "webconfig-ignored"] == [
            ("atl-mbx-001.litwareinc.com", "info")
        ]
        assert not [entry for entry in lab.mutations() if "web.config" in entry["object"]]


def test_exchange_2010_without_a_service_pack_is_named_with_its_keys_and_left_alone(tmp_path: Path) -> None:
    with rehearsing("exchange-2010", tmp_path, ["rtm"]) as lab:
        said = refused(lab, "exchange-2010-rtm")
        assert len(said) == 2
        assert all("IMPoolName, IMCertificateIssuer, IMCertificateSerialNumber" in why for why in said)
        assert "exchange-2010-rtm" in {one.id for one in lab.run("prerequisites", Mode.CHECK).findings}


def test_exchange_2016_with_lync_server_2013_is_refused(tmp_path: Path) -> None:
    with rehearsing("exchange-2016-sfb2015", tmp_path, ["lync-2013"]) as lab:
        assert len(refused(lab, "lync2013-with-exchange2016")) == 2
        findings = {one.id: one for one in lab.run("mailbox_policies", Mode.CHECK).findings}
        assert "user-wrong-edition" in findings
        assert "nothing of the integration" in findings["features-by-edition"].what
