"""The whole of it: the library over real wire traffic against the lab, whose world has the last word."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from rehearsing import Rehearsal, rehearsing
from runbook.change import Outcome, Severity
from runbook.command import Pipeline, Shell, Switch, cmdlet
from runbook.credentials import EnvironmentBroker
from runbook.errors import WriteRefused
from runbook.estate import Role
from runbook.facts.answer import as_text
from runbook.ledger import read_events
from runbook.ledger.events import Audit, AuditLogCompared, Exported, Mode, OutcomeRecorded, PlanMade, ServerReached
from runbook.paths import STATE_VARIABLE
from runbook.powershell import render
from runbook.record import State, own_key, verify
from runbook.remoting import open_session
from runbook.result import ServerObject

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "records.md"
OWA_POOL = "atl-owa-001.litwareinc.com"
NOBODY_THERE = """
name: nowhere
environment: rehearsal
organisation: Nowhere
servers:
  - name: atl-mbx-001.litwareinc.com
    product: exchange
    version: "2013"
    roles: [mailbox, client-access]
    endpoints:
      exchange: {url: "http://127.0.0.1:9/PowerShell/", authentication: negotiate, credential: "cred:x"}
      windows: {url: "http://127.0.0.1:9/wsman", authentication: negotiate, credential: "cred:x"}
  - name: atl-fe-001.litwareinc.com
    product: lync
    version: "2013"
    roles: [front-end]
    pool: atl-cs-001.litwareinc.com
    endpoints:
      windows: {url: "https://127.0.0.2:9/wsman", authentication: credssp, credential: "cred:x"}
"""


def runbook(*arguments: str | Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The command as a user runs it, in a folder that isn't the project's."""
    code = "import sys; from runbook.cli import main; sys.argv[0] = 'runbook'; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", **(environment or {})},
        cwd=Path(__file__).parent,
        check=False,
    )


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """`runbook rehearse --json`, once, with kernels and notebooks."""
    done = runbook("rehearse", "--json", "--records", tmp_path_factory.mktemp("records"))
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def section(document: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (each for each in document["sections"] if each["name"] == name)
    return found  # type: ignore[no-any-return]


def test_a_rehearsal_repairs_the_organisation_and_leaves_nothing_to_do(rehearsal: dict[str, Any]) -> None:
    assert rehearsal["outcome"] == "verified"
    outcomes = {section["name"]: section["outcome"] for section in rehearsal["sections"]}
    assert outcomes.pop("online_hybrid") == "not needed", "an organisation on premises only says so"
    assert set(outcomes.values()) == {"verified"}
    assert "disable_im" not in outcomes, "the opposite of the integration is run only where it is named"
    assert rehearsal["second_pass"] == {"changes": 0}
    trusted_pool = section(rehearsal, "trusted_pool")
    assert [change["outcome"] for change in trusted_pool["changes"]] == ["verified"] * 7
    assert "pool-missing" in {finding["id"] for finding in trusted_pool["findings"]}


def test_presence_works_for_everybody_who_meets_the_conditions(rehearsal: dict[str, Any]) -> None:
    """L71-L74, as the lab's world says."""
    assert rehearsal["presence"]["working"] == rehearsal["presence"]["expected"] > 100


def test_the_json_document_has_the_documented_keys(rehearsal: dict[str, Any]) -> None:
    assert set(rehearsal) == {"topology", "mode", "outcome", "sections", "second_pass", "presence"}
    assert set(rehearsal["presence"]) == {"working", "expected", "users"}
    for section in rehearsal["sections"]:
        assert set(section) == {"name", "outcome", "findings", "changes", "record"}
        for finding in section["findings"]:
            assert set(finding) == {
                *("id", "requirements", "severity", "server", "object"),
                *("what", "why", "remedy", "caused_by"),
            }
        for change in section["changes"]:
            assert set(change) == {"server", "object", "property", "before", "after", "command", "outcome"}


def test_the_record_is_an_executed_notebook_and_a_ledger_without_a_secret(rehearsal: dict[str, Any]) -> None:
    for section in rehearsal["sections"]:
        folder = Path(section["record"])
        notebook = nbformat.read(folder / "record.ipynb", as_version=4)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert all(cell.execution_count for cell in code)
        assert not any(output.output_type == "error" for cell in code for output in cell.outputs)
        assert read_events(folder).torn == ""
        for file in filter(Path.is_file, folder.rglob("*")):
            assert b"_PASSWORD" not in file.read_bytes()


def test_each_record_is_signed_and_verifies(rehearsal: dict[str, Any]) -> None:
    for section in rehearsal["sections"]:
        found = verify(Path(section["record"]), key=own_key().signer.public_key)
        assert found.problems == ()
        assert found.state is State.SIGNED


def test_a_record_verifies_elsewhere_with_only_its_folder_and_the_public_key(
    rehearsal: dict[str, Any], tmp_path: Path
) -> None:
    """An auditor's computer: another user's state, no lab, no estate file, nothing of the project but the command."""
    pem = runbook("key", "export")
    assert pem.returncode == 0, pem.stderr
    (tmp_path / "operator.pem").write_text(pem.stdout)
    elsewhere = {STATE_VARIABLE: str(tmp_path / "auditor"), "RUNBOOK_RECORDS": str(tmp_path / "none")}
    for section in rehearsal["sections"]:
        copy = tmp_path / Path(section["record"]).name
        shutil.copytree(section["record"], copy)
        known = runbook("verify-record", copy, "--key", tmp_path / "operator.pem", environment=elsewhere)
        assert known.returncode == 0, known.stdout + known.stderr
    unknown = runbook("verify-record", copy, environment=elsewhere)
    assert unknown.returncode == 4
    assert "signer not established" in unknown.stdout
    assert not (tmp_path / "auditor").exists(), "looking leaves nothing behind"


CONDITIONAL = {
    *("approval.json", "approved-plan.json", "reason", "who.operator"),
    *("changes[].consent", "change_ticket", "change_ticket_in_parameters", "operator_note"),
}
"""Fields and files that say something only where there was something to say."""


def test_every_field_that_the_documentation_names_for_a_control_is_in_a_real_record(rehearsal: dict[str, Any]) -> None:
    """docs/records.md, NIST SP 800-53: AU-3, AU-8, AU-10, AU-12, CM-3."""
    folder = Path(section(rehearsal, "trusted_pool")["record"])
    told = json.loads(base64.b64decode(json.loads((folder / "statement.dsse.json").read_text())["payload"]))[
        "predicate"
    ]
    lines = [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = [each for each in DOCUMENT.read_text(encoding="utf-8").splitlines() if re.match(r"\| (AU|CM)-", each)]
    assert {re.match(r"\| (\S+?)[ (|]", row)[1] for row in rows} == {"AU-3", "AU-8", "AU-10", "AU-12", "CM-3"}  # type: ignore[index]
    named = {token for row in rows for token in re.findall(r"`([^`]+)`", row.split("|")[3])}
    missing = []
    for token in sorted(named):
        if token.startswith("runbook ") or (folder / token).exists() or all(line.get(token) for line in lines):
            continue
        if not said(told, token) and token not in CONDITIONAL:
            missing.append(token)
    assert missing == []
    assert said(told, "exchange_audit_log.rows[].standing")


def said(value: Any, path: str) -> bool:
    """Something stands at ``changes[].outcomes``."""
    for name in path.split("."):
        if isinstance(value, list):
            value = next((each[name.removesuffix("[]")] for each in value if each.get(name.removesuffix("[]"))), None)
        else:
            value = value.get(name.removesuffix("[]")) if isinstance(value, dict) else None
    return bool(value)


def test_a_record_holds_the_fingerprints_of_the_certificates_that_were_met(rehearsal: dict[str, Any]) -> None:
    events = [e for each in rehearsal["sections"] for e in read_events(Path(each["record"])).events]
    reached = [event for event in events if isinstance(event, ServerReached)]
    over_tls = {event.certificate_sha256 for event in reached if event.url.startswith("https:")}
    assert over_tls
    assert all(len(fingerprint) == 64 for fingerprint in over_tls)
    assert {event.certificate_sha256 for event in reached if event.url.startswith("http:")} <= {""}


def test_the_record_keeps_what_the_recycling_said(rehearsal: dict[str, Any]) -> None:
    """L67."""
    events = read_events(Path(section(rehearsal, "owa_enablement")["record"])).events
    said = [line for event in events if isinstance(event, OutcomeRecorded) for line in event.output]
    assert said == ['"MSExchangeOWAAppPool" successfully recycled'] * 2


def test_every_command_on_exchange_is_in_its_own_admin_audit_log(rehearsal: dict[str, Any]) -> None:
    compared = {}
    for each in rehearsal["sections"]:
        events = read_events(Path(each["record"])).events
        found = [event for event in events if isinstance(event, AuditLogCompared)]
        compared[each["name"]] = [row.standing for event in found for row in event.rows]
        assert all(event.others == () for event in found)
    assert {name for name, rows in compared.items() if rows} >= {"trusted_pool", "owa_enablement", "mailbox_policies"}
    assert {standing for rows in compared.values() for standing in rows} == {Audit.THERE}


def test_the_configuration_was_saved_before_the_topology_was_enabled(rehearsal: dict[str, Any]) -> None:
    folder = Path(section(rehearsal, "trusted_pool")["record"])
    (exported,) = (event for event in read_events(folder).events if isinstance(event, Exported))
    assert (folder / exported.file).stat().st_size == exported.size > 0


def test_the_world_is_as_the_procedure_wants_it(tmp_path: Path) -> None:
    """L26-L43, as the lab's own world says, not the runbook."""
    with rehearsing("split-2013", tmp_path) as lab:
        assert lab.run("trusted_pool", Mode.APPLY).outcome is Outcome.VERIFIED
        entries = lab.mutations()
        presence = lab.lab.ask("presence")
    enabled = [entry["object"] for entry in entries if entry["command"] == "Enable-CsTopology"]
    assert enabled == [
        f"enabled TrustedApplicationPool:{OWA_POOL}",
        f"enabled TrustedApplication:{OWA_POOL}/urn:application:outlookwebapp",
    ]
    pool = next(
        entry["after"] for entry in entries if entry["object"] == f"published TrustedApplicationPool:{OWA_POOL}"
    )
    assert pool["site"] == "Site:Redmond"
    assert pool["registrar"].endswith("atl-cs-001.litwareinc.com")
    assert pool["requires_replication"] is False
    dial_plans = {entry["object"] for entry in entries if entry["property"] == "dial_plans"}
    assert dial_plans == {
        *("um-service ATL-MBX-001", "um-service ATL-MBX-002"),
        *("call-router ATL-CAS-001", "call-router ATL-CAS-002"),
    }
    reasons = {reason for each in presence["reasons"].values() for reason in each}
    assert reasons, "Outlook Web App itself isn't configured yet"
    assert all(reason.startswith("Outlook Web App") for reason in reasons), "nothing on the Lync side is left"


def test_where_lync_finds_the_server_by_itself_no_pool_is_made_and_it_says_why() -> None:
    done = runbook("rehearse", "--topology", "colocated-2013", "--section", "trusted-pool", "--mode", "check", "--json")
    assert done.returncode == 0, done.stderr
    (section,) = json.loads(done.stdout)["sections"]
    assert section["outcome"] == "not needed"
    assert section["changes"] == []
    (said,) = (finding for finding in section["findings"] if "L17" in finding["requirements"])
    assert "hosts a SipName dial plan" in said["what"]


def test_a_duplicate_is_found_and_repaired(tmp_path: Path) -> None:
    """L22-L24."""
    with rehearsing("split-2013", tmp_path, ["duplicate"]) as lab:
        before = {reason for each in lab.lab.ask("presence")["reasons"].values() for reason in each}
        assert any("twice" in reason for reason in before)
        summary = lab.run("trusted_pool", Mode.APPLY)
        after = {reason for each in lab.lab.ask("presence")["reasons"].values() for reason in each}
    assert "duplicate-known-server" in {finding.id for finding in summary.findings}
    assert summary.outcome is Outcome.VERIFIED
    assert not any("twice" in reason for reason in after)


def test_other_peoples_pending_changes_are_not_enabled_without_consent(tmp_path: Path) -> None:
    with rehearsing("split-2013", tmp_path, ["pending"]) as lab:
        refused = lab.run("trusted_pool", Mode.APPLY)
        assert refused.outcome is Outcome.INCOMPLETE
        (finding,) = (finding for finding in refused.findings if finding.id == "topology-pending-changes")
        assert "atl-bot-001.litwareinc.com" in finding.what
        assert "allow_pending_topology_changes" in finding.remedy
        assert lab.mutations() == []
        assert lab.run("trusted_pool", Mode.APPLY, allow_pending_topology_changes=True).outcome is Outcome.VERIFIED


def test_without_delegation_the_lines_to_run_are_printed_and_nothing_follows(tmp_path: Path) -> None:
    with rehearsing("split-2013", tmp_path, ["no-delegation"]) as lab:
        summary = lab.run("trusted_pool", Mode.APPLY)
        assert lab.mutations() == []
    assert summary.outcome is Outcome.INCOMPLETE
    assert {outcome for _, outcome, _ in summary.changes} == {Outcome.PLANNED}
    local = [render(change.command) for change, _, _ in summary.changes if change.run_locally]
    assert [line.split()[0] for line in local] == [
        *("New-CsTrustedApplicationPool", "New-CsTrustedApplication", "Enable-CsTopology"),
    ]


def test_without_consent_the_dial_plans_stay_as_they_are(tmp_path: Path) -> None:
    with rehearsing("split-2013", tmp_path) as lab:
        summary = lab.run("trusted_pool", Mode.APPLY, allow_dial_plan_changes=False)
        assert not [entry for entry in lab.mutations() if entry["property"] == "dial_plans"]
    found = [finding for finding in summary.findings if finding.id == "exchange-not-in-dial-plan"]
    assert len(found) == 4
    assert all("allow_dial_plan_changes" in finding.remedy for finding in found)


def test_a_plan_mode_run_cannot_write(tmp_path: Path) -> None:
    with rehearsing("split-2013", tmp_path) as lab:
        run = lab.open("trusted_pool", Mode.PLAN)
        run.check()
        change = run.plan.changes[0]
        with run._connect(False) as fleet, pytest.raises(WriteRefused, match="may only read"):
            fleet.run(change.target, change.command)
        run.apply(confirmed_by="the test")
        run.finish()
        assert lab.mutations() == []


def test_a_healthy_estate_has_no_finding_above_information(tmp_path: Path) -> None:
    with rehearsing("split-2013", tmp_path) as lab:
        lab.run("trusted_pool", Mode.APPLY)
        again = [lab.run(section, Mode.CHECK) for section in ("prerequisites", "trusted_pool")]
    assert {finding.severity for summary in again for finding in summary.findings} <= {Severity.INFO}


def test_three_runs_give_the_same_findings_and_changes() -> None:
    documents = []
    for _ in range(3):
        document = json.loads(runbook("rehearse", "--mode", "check", "--json").stdout)
        for section in document["sections"]:
            del section["record"]
        documents.append(json.dumps(document, sort_keys=True))
    assert len(set(documents)) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rehearse", "--topology", "nowhere-2013"], "no topology 'nowhere-2013'"),
        (["rehearse", "--state", "on-fire"], "on-fire"),
        (["rehearse", "--section", "mailboxes"], "There is no section"),
        (["check", "nothing", "-f", "x.yaml"], "There is no section"),
        (["check", "trusted-pool", "-f", "there-is-no-such-file.yaml"], "there-is-no-such-file.yaml"),
        (["run", "trusted-pool", "-f", "x.yaml", "--mode", "sideways"], "sideways"),
        (["rehearse", "--mode", "check", "--records", __file__], "No record can be written"),
        (["rehearse", "--records", __file__], "No record can be written"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_code_2(arguments: list[str], says: str) -> None:
    done = runbook(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_unknown_key_of_a_parameter_file_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "trusted-pool.yaml"
    file.write_text("owa_pool_fqdn: a.example.com\nowa_pool_fdqn: b.example.com\n", encoding="utf-8")
    done = runbook("check", "trusted-pool", "-f", file)
    assert done.returncode == 2
    assert f"{file}:2: owa_pool_fdqn" in done.stderr
    assert "registrar_pool_fqdn" in done.stderr, "what is missing is named at the same time"


def test_a_missing_account_or_a_password_among_the_parameters_is_bad_input(tmp_path: Path) -> None:
    """Exit code 2, before anything is contacted or recorded; no message holds the secret."""
    estate, parameters = tmp_path / "estate.yaml", tmp_path / "trusted-pool.yaml"
    estate.write_text(NOBODY_THERE, encoding="utf-8")
    shipped = Path(__file__).parents[1] / "parameters" / "rehearsal" / "trusted-pool.yaml"
    parameters.write_text(shipped.read_text(encoding="utf-8") + "\noperator_note: it is hunter22!\n", encoding="utf-8")
    arguments = ("run", "trusted-pool", "--estate", estate, "-f", parameters, "--records", tmp_path / "records")
    missing = runbook(*arguments, environment={"RUNBOOK_CRED_X_USERNAME": "x"})
    assert missing.returncode == 2
    assert "RUNBOOK_CRED_X_PASSWORD is not set" in missing.stderr
    told = runbook(*arguments, environment={"RUNBOOK_CRED_X_USERNAME": "x", "RUNBOOK_CRED_X_PASSWORD": "hunter22!"})
    assert told.returncode == 2
    assert "password of cred:x" in told.stderr
    assert "hunter22!" not in told.stderr
    assert not (tmp_path / "records").exists()


def test_what_a_terminal_cannot_show_never_changes_the_exit_code() -> None:
    done = runbook(
        "rehearse", "--mode", "check", "--section", "prerequisites", environment={"PYTHONIOENCODING": "ascii"}
    )
    assert done.returncode == 0, done.stderr


def test_a_server_that_is_not_there_makes_the_outcome_unknown(tmp_path: Path) -> None:
    """Exit code 3: nobody can say."""
    estate = tmp_path / "estate.yaml"
    estate.write_text(NOBODY_THERE, encoding="utf-8")
    parameters = Path(__file__).parents[1] / "parameters" / "rehearsal" / "trusted-pool.yaml"
    account = {"RUNBOOK_CRED_X_USERNAME": "x", "RUNBOOK_CRED_X_PASSWORD": "x"}
    arguments = ("check", "trusted-pool", "--estate", estate, "-f", parameters, "--records", tmp_path, "--json")
    done = runbook(*arguments, environment=account)
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout)["outcome"] == "unknown"


TOPOLOGIES = ["split-2013", "colocated-2013", "minimal-2013", "dag-2013"]
ON_PREMISES = ["trusted_pool", "owa_enablement", "mailbox_policies"]


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_each_organisation_goes_from_broken_for_everybody_to_presence_for_those_who_can_have_it(
    topology: str, tmp_path: Path
) -> None:
    """L71-L74 and L86, as the world says; nothing but the two lines differs in any web.config."""
    with rehearsing(topology, tmp_path) as lab:
        assert lab.lab.ask("presence")["working"] == 0
        for name in ON_PREMISES:
            summary = lab.run(name, Mode.APPLY)
            assert summary.outcome in (Outcome.VERIFIED, Outcome.NOT_NEEDED), (name, summary.outcome, summary.findings)
        lab.lab.sign_in_test_users()
        assert lab.run("verification", Mode.CHECK).outcome is Outcome.VERIFIED
        presence = lab.lab.ask("presence")
        assert presence["working"] == presence["expected"] > 0
        assert presence["reasons"] == {}
        assert [lab.run(name, Mode.PLAN).changes for name in ON_PREMISES] == [(), (), ()]


def test_a_fault_on_the_third_of_four_back_ends_stops_the_roll_out_there_and_a_second_run_goes_on(
    tmp_path: Path,
) -> None:
    with rehearsing("dag-2013", tmp_path, ["file-held"]) as lab:
        lab.run("trusted_pool", Mode.APPLY)
        first = lab.run("owa_enablement", Mode.APPLY)
        touched = {entry["host"] for entry in lab.mutations() if "web.config" in entry["object"]}
        assert first.outcome is Outcome.FAILED
        became = {(change.stage, outcome) for change, outcome, _ in first.changes if change.stage}
        assert {stage for stage, outcome in became if outcome is Outcome.VERIFIED} == {
            "atl-mbx-001.litwareinc.com",
            "atl-mbx-002.litwareinc.com",
        }
        assert ("atl-mbx-003.litwareinc.com", Outcome.FAILED) in became
        assert {outcome for stage, outcome in became if stage == "atl-mbx-004.litwareinc.com"} == {Outcome.PLANNED}
        assert "atl-mbx-004.litwareinc.com" not in touched
        second = lab.run("owa_enablement", Mode.APPLY)
        assert second.outcome is Outcome.VERIFIED
        stages = {change.stage for change, _, _ in second.changes}
        assert not stages & {"atl-mbx-001.litwareinc.com", "atl-mbx-002.litwareinc.com"}


def test_only_the_two_lines_differ_in_web_config_rights_and_attributes_included(tmp_path: Path) -> None:
    """L52-L57: the file as a plain client of the lab reads it, before and after."""
    with rehearsing("split-2013", tmp_path) as lab:
        before = web_config(lab)
        lab.run("trusted_pool", Mode.APPLY)
        lab.run("owa_enablement", Mode.APPLY)
        after = web_config(lab)
    for server, (content, rights, attributes) in before.items():
        changed, rights_after, attributes_after = after[server]
        assert (rights_after, attributes_after) == (rights, attributes)
        kept = [
            line
            for line in changed.splitlines(keepends=True)
            if b"IMCertificate" not in line and b"IMServer" not in line
        ]
        assert b"".join(kept) == content
        assert len(changed.splitlines()) == len(content.splitlines()) + 2


def web_config(lab: Rehearsal) -> dict[str, tuple[bytes, str, str]]:
    path = r"C:\Program Files\Microsoft\Exchange Server\V15\ClientAccess\Owa\web.config"
    found = {}
    for server in lab.estate.exchange(Role.MAILBOX):
        with contextlib.closing(
            open_session(server, Shell.WINDOWS, EnvironmentBroker(), estate=lab.estate, writes=False)
        ) as session:
            content = cmdlet("Get-Content", LiteralPath=path, Encoding="Byte", Raw=Switch.ON)
            (item,) = session.run(Pipeline.of(content)).output
            acl = session.run(
                Pipeline.of(cmdlet("Get-Acl", LiteralPath=path), cmdlet("Select-Object", Property=("Sddl",)))
            )
            file = session.run(
                Pipeline.of(cmdlet("Get-Item", LiteralPath=path), cmdlet("Select-Object", Property=("Attributes",)))
            )
        assert isinstance(item, ServerObject)
        assert isinstance(item.value, bytes)
        found[server.name] = (item.value, str(acl.objects[0]["Sddl"]), as_text(file.objects[0]["Attributes"]))
    return found


@pytest.mark.parametrize("folder", ["", "notebooks"])
def test_plain_papermill_runs_a_notebook_from_the_root_and_from_its_own_folder(tmp_path: Path, folder: str) -> None:
    root = Path(__file__).parents[1]
    here = root / folder
    notebook = os.path.relpath(root / "notebooks" / "20-trusted-pool.ipynb", here)
    parameters = os.path.relpath(root / "parameters" / "rehearsal" / "trusted-pool.yaml", here)
    arguments = [notebook, str(tmp_path / "out.ipynb"), "-f", parameters, "--no-progress-bar"]
    with rehearsing("split-2013", tmp_path):
        done = subprocess.run(
            [sys.executable, "-m", "papermill", *arguments],
            cwd=here,
            env={**os.environ, "RUNBOOK_RECORDS": str(tmp_path / "records")},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    assert done.returncode == 0, done.stderr
    (ledger,) = (tmp_path / "records").rglob("events.jsonl")
    (made, *_) = (event for event in read_events(ledger).events if isinstance(event, PlanMade))
    assert len(made.plan.changes) == 7, "the parameter file was used: it consents to the dial plans"
