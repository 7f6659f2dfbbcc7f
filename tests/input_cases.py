"""Cases of bad input as data: what a file says, and every fault that is to be named in it.

A case is a small YAML file. ``{U+200E}`` in it stands for that character, so that the file shows what it holds. Of
a fault, ``problem`` and ``remedy`` are parts of the words; ``line``, ``key`` and ``value`` are exact where given.
"""

from __future__ import annotations

import re
import traceback
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from runbook.errors import InputError

CASES = Path(__file__).parent / "cases"
_CHARACTER = re.compile(r"\{U\+([0-9A-F]{4,6})\}")


def cases(folder: str) -> list[str]:
    """The names of a folder's cases."""
    return sorted(path.stem for path in (CASES / folder).glob("*.yaml") if path.stem != "good")


def read_case(folder: str, name: str) -> dict[str, Any]:
    text = (CASES / folder / f"{name}.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    found["faults"] = [
        {key: expand(part) if isinstance(part, str) else part for key, part in fault.items()}
        for fault in found["faults"]
    ]
    return found


def expand(text: str) -> str:
    return _CHARACTER.sub(lambda match: chr(int(match[1], 16)), text)


def assert_faults(error: InputError, case: dict[str, Any], file: str) -> None:
    """Exactly the faults of the case, in the order of their lines, and nothing that must never be shown."""
    found = [(fault.line, fault.key) for fault in error.faults]
    assert found == [(fault.get("line"), fault["key"]) for fault in case["faults"]], str(error)
    for fault, expected in zip(error.faults, case["faults"], strict=True):
        assert fault.file == file
        assert expected["problem"] in fault.problem
        assert expected.get("remedy", "") in fault.remedy
        assert fault.value == expected.get("value", fault.value)
        where = file if fault.line is None else f"{file}:{fault.line}"
        assert f"{where}: {fault.key}" in str(error)
    if "never" in case:
        assert case["never"] not in "".join(traceback.format_exception(error))
        assert case["never"] not in repr(error.faults)
