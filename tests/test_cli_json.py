"""With --json standard output holds one JSON document, also where the input was wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from runbook import secrecy
from runbook.cli import app, main
from runbook.errors import OutcomeUnknown

ESTATE = """
name: litware
environment: production
organisation: Litware
servers:
  - name: atl-mbx-001.litwareinc.com
    product: exchange
    version: "2013"
    roles: [mailbox, client-acces]
    endpoints:
      exchange: {authentication: kerberos, credential: "exchange-admin"}
"""


def invoke(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, Any, str]:
    """Exit code, the one document on standard output, and standard error."""
    monkeypatch.setattr("sys.argv", ["runbook", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    return int(str(ended.value.code or 0)), json.loads(said.out), said.err


def with_json() -> list[str]:
    """Every command that has the option."""
    group: Any = typer.main.get_command(app)
    return [name for name, command in group.commands.items() if any(p.name == "as_json" for p in command.params)]


def test_there_are_such_commands() -> None:
    assert {"rehearse", "check", "run", "records", "verify-record", "requirements"} <= set(with_json())


@pytest.mark.parametrize("command", with_json())
def test_a_wrong_command_line_is_a_document_too(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document, said = invoke(monkeypatch, capsys, command, "--json", "--no-such-option")
    assert code == 2
    assert document["error"]["exit_code"] == 2
    assert "--no-such-option" in document["error"]["message"]
    assert "--no-such-option" in said


def test_every_fault_of_a_file_stands_in_the_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    estate = tmp_path / "estate.yaml"
    estate.write_text(ESTATE)
    parameters = "parameters/rehearsal/trusted-pool.yaml"
    code, document, said = invoke(
        monkeypatch, capsys, "check", "trusted_pool", "-f", parameters, "--estate", str(estate), "--json"
    )
    assert code == 2
    error = document["error"]
    assert error["kind"] == "InputError"
    assert len(error["faults"]) >= 2
    for fault in error["faults"]:
        assert set(fault) == {"file", "line", "key", "value", "problem", "remedy"}
        assert fault["remedy"]
        assert fault["line"] > 1
    assert error["message"] in said, "the sentences are still said"


def test_without_the_option_standard_output_stays_empty(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["runbook", "records", "nowhere"])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().out == ""


def test_what_nobody_knows_is_told_with_its_own_exit_code_and_without_a_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secrecy.keep("c4nary-secret")

    def lost(*given: object, **named: object) -> None:
        raise OutcomeUnknown("a.litwareinc.com", "Set-OwaMailboxPolicy", "the answer to c4nary-secret was lost")

    monkeypatch.setattr("runbook.cli.records.listed", lost)
    code, document, said = invoke(monkeypatch, capsys, "records", "--json")
    assert (code, document["error"]["kind"]) == (3, "OutcomeUnknown")
    assert "c4nary-secret" not in json.dumps(document) + said
