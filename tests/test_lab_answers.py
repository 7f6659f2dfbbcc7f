"""What the lab answers to the runbook's questions can be sent: most tests run its cmdlets without the wire."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import memory_lab
from broken_world import broken, look
from rehearsal import clixml
from rehearsal.topologies import TOPOLOGIES


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_every_answer_has_a_form_on_the_wire(topology: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    taken = memory_lab.server_value

    def over_the_wire(value: Any) -> Any:
        sent.append(clixml.write(value))
        return taken(value)

    monkeypatch.setattr(memory_lab._Streams, "output", lambda self, value: self.values.append(over_the_wire(value)))
    lab, _ = broken(tmp_path, topology, ())
    look(lab)
    assert len(sent) > 100
