"""The declared parameters against Microsoft's cmdlet reference, where a copy of its facts is at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rehearsal.cmdlet import REGISTRY
from rehearsal.registry import load_cmdlets

_REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference" / "cmdlets.json"

# Dynamic parameters of the file system, registry and certificate providers, which the cmdlets' own pages leave out.
_DYNAMIC = {
    "Get-Content": {"Encoding", "Raw", "Delimiter"},
    "Set-Content": {"Encoding", "NoNewline"},
    "Get-ChildItem": {"File", "Directory"},
    "Set-ItemProperty": {"Type"},
    "Get-Item": {"Stream"},
    "Remove-Item": {"Stream"},
}
_OURS = ("Microsoft.PowerShell.", "NetTCPIP", "CimCmdlets", "Exchange", "Lync")


def _reference() -> dict[str, Any]:
    if not _REFERENCE.is_file():
        return {}
    found: dict[str, Any] = json.loads(_REFERENCE.read_text(encoding="utf-8"))
    return found


load_cmdlets()
_KNOWN = _reference()
_NAMES = sorted(one.name for one in REGISTRY.values() if one.module.startswith(_OURS) and one.name in _KNOWN)


@pytest.mark.skipif(not _KNOWN, reason="no cmdlet reference beside the project")
@pytest.mark.parametrize("name", _NAMES)
def test_the_declared_parameters_are_the_real_ones(name: str) -> None:
    declared = REGISTRY[name.lower()]
    real: dict[str, Any] = _KNOWN[name]["parameters"]
    assert set(declared.parameters) - set(real) - _DYNAMIC.get(name, set()) == set()
    for parameter_name, parameter in declared.parameters.items():
        facts = real.get(parameter_name)
        if facts is None or parameter_name in _DYNAMIC.get(name, set()):
            continue
        assert set(parameter.aliases) <= set(facts["aliases"]) | {"PSPath"}, parameter_name
        assert parameter.mandatory == facts["required"] or parameter.sets, parameter_name
        if parameter.kind == "SwitchParameter":
            assert parameter.position is None, parameter_name  # the documents give a few switches one
        elif isinstance(facts["position"], int):
            assert parameter.position is not None, parameter_name
        else:
            assert parameter.position is None, parameter_name
    assert declared.should_process == ("WhatIf" in real)
