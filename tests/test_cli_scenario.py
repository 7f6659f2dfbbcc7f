"""``--scenario`` and ``--list-faults``: handed to the lab, and what it says handed back."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runbook.cli import app, lab
from runbook.cli.lab import LabFailed, list_faults, running_lab
from runbook.errors import InputError, Refused

FAULT = {
    "id": "ucma-missing",
    "meaning": "UCMA isn't installed",
    "requirements": ["L05"],
    "topologies": ["split-2013"],
    "repair": "manual",
}


def stands_in(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """A program in the lab's place."""
    monkeypatch.setattr(lab, "_LAB", (sys.executable, "-c", f"import json, sys\n{code}"))


def test_the_labs_catalogue_is_listed_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    stands_in(monkeypatch, f"assert sys.argv[1:] == ['--list-faults']; print(json.dumps([{FAULT!r}]))")
    assert list_faults() == [FAULT]
    shown = CliRunner().invoke(app, ["rehearse", "--list-faults", "--json"])
    assert (shown.exit_code, json.loads(shown.stdout)) == (0, [FAULT])
    assert "ucma-missing" in CliRunner().invoke(app, ["rehearse", "--list-faults"]).stdout


def test_a_lab_that_lists_no_faults_is_said_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    stands_in(monkeypatch, "sys.exit('no such option')")
    with pytest.raises(LabFailed, match="no such option"):
        list_faults()


def test_a_fault_of_a_scenario_file_is_told_in_the_labs_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    said = "scenario.yaml:3: faults[0].id = ucma-misssing: there is no such fault. Did you mean ucma-missing?"
    stands_in(
        monkeypatch,
        f"assert sys.argv[1:3] == ['--scenario', {str(file)!r}], sys.argv\nassert '--topology' not in sys.argv\n"
        f"print({said!r}, file=sys.stderr)\nsys.exit(2)",
    )
    with pytest.raises(InputError, match="Did you mean ucma-missing"), running_lab("split-2013", scenario=file):
        pass


def test_the_topology_is_the_one_that_the_lab_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    line = {
        "topology": "dag-2013",
        "estate": "e.yaml",
        "control": "http://127.0.0.1:1",
        "token": "t",
        "credentials": {},
    }
    stands_in(monkeypatch, f"print(json.dumps({line!r}), flush=True); sys.stdin.read()")
    with running_lab("split-2013", scenario=tmp_path / "scenario.yaml") as running:
        assert running.topology == "dag-2013"


@pytest.mark.parametrize("command", ["rehearse", "lab"])
def test_a_scenario_and_a_topology_exclude_each_other(command: str) -> None:
    refused = CliRunner().invoke(app, [command, "--topology", "split-2013", "--scenario", "broken.yaml"])
    assert refused.exit_code == 2
    assert "broken.yaml names its own topology" in refused.stderr


def test_a_scenario_is_looked_at_over_the_wire(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(
        "topology: colocated-2013\nfaults:\n  - id: cert-expired\n  - id: webconfig-wrong-pool\n", encoding="utf-8"
    )
    words = ["rehearse", "--scenario", str(file), "--mode", "check", "--json", "--records", str(tmp_path / "records")]
    shown = CliRunner().invoke(app, words)
    document = json.loads(shown.stdout)
    found = {finding["id"] for section in document["sections"] for finding in section["findings"]}
    assert (shown.exit_code, document["topology"], document["presence"]["working"]) == (1, "colocated-2013", 0)
    assert {"cert-expired", "webconfig-wrong-pool"} <= found


def test_a_scenario_that_cannot_be_is_bad_input_with_everything_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text("topology: split-2013\nfaults: [{id: cert-expird}, {id: provider-missing}]", encoding="utf-8")
    shown = CliRunner().invoke(app, ["rehearse", "--scenario", str(file), "--mode", "check"])
    assert shown.exit_code == 2
    assert "did you mean cert-expired" in shown.output


def test_a_second_lab_does_not_take_the_estate_file_of_the_first(tmp_path: Path) -> None:
    with running_lab("split-2013", directory=tmp_path) as first:
        said = first.estate.read_bytes()
        with pytest.raises(Refused, match="running already"), running_lab("colocated-2013", directory=tmp_path):
            pass
        assert first.estate.read_bytes() == said
    with running_lab("colocated-2013", directory=tmp_path) as second:
        assert second.estate.read_bytes() != said
