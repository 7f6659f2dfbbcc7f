"""What an administrator pastes of an Edge that WinRM doesn't reach: its local store, as PowerShell printed it (Y33).

The text is what these lines print on the Edge, one after the other::

    hostname
    Get-CsHostingProvider -LocalStore | Format-List
    Get-CsAccessEdgeConfiguration -LocalStore | Format-List

It is read strictly: a line that isn't ``Name : Value`` is refused with its number, never guessed at. The table that the
cmdlets print without Format-List hides the properties that count (``real-world`` B4).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from runbook.inputs.characters import invisible, named
from runbook.inputs.fields import Text
from runbook.inputs.validation import wrong

_PAIR = re.compile(r"(\w+) *:(?: (.*))?\Z", re.ASCII)
_PROMPT = re.compile(r"(PS )?[A-Za-z]:\\[^>]*>|PS>")
_COMPUTER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*\Z")

_PROVIDER_SWITCHES = ("Enabled", "EnabledSharedAddressSpace", "HostsOCSUsers", "IsLocal")
PROVIDER = ("Identity", "ProxyFqdn", *_PROVIDER_SWITCHES, "VerificationLevel")
ACCESS_EDGE = ("AllowFederatedUsers", "AllowOutsideUsers", "RoutingMethod")
_SWITCHES = (*_PROVIDER_SWITCHES, "AllowFederatedUsers", "AllowOutsideUsers")
_HOW = "Paste what hostname and both cmdlets with -LocalStore | Format-List print on the Edge (Y33)."

Properties = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PastedStore:
    """One Edge's local store: the computer's own name, its hosting providers, its Access Edge configuration."""

    computer: str
    providers: tuple[Properties, ...]
    access_edge: Properties

    def is_of(self, fqdn: str) -> bool:
        """``hostname`` prints the short name."""
        return self.computer.lower() in (fqdn.lower(), fqdn.lower().partition(".")[0])


def local_store(text: str) -> PastedStore:
    """The store that ``text`` shows; raises what a field validator raises."""
    computer, blocks = "", list[Properties]()
    for number, lines in _blocks(text):
        if not computer:
            computer, lines = _computer(number, lines[0]), lines[1:]
            number += 1
        if lines:
            blocks.append(_properties(number, lines))
    if not computer:
        raise wrong("It is empty.", _HOW)
    providers = tuple(block for block in blocks if "ProxyFqdn" in block)
    access = [block for block in blocks if "AllowFederatedUsers" in block]
    if strange := [block for block in blocks if block not in providers and block not in access]:
        raise wrong(f"The object with {next(iter(strange[0]))} is neither a provider nor Access Edge's.", _HOW)
    if len(access) != 1:
        raise wrong(
            f"It shows {len(access) or 'no'} Access Edge configuration{'s' * (len(access) > 1)}, not one.", _HOW
        )
    for block in providers:
        _complete(block, PROVIDER)
    _complete(access[0], ACCESS_EDGE)
    return PastedStore(computer, providers, access[0])


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Lines between blank ones, with the number of the first; prompts with what was typed at them are left out."""
    found: list[str] = []
    first = 0
    for number, line in enumerate([*text.splitlines(), ""], 1):
        for position, character in invisible(line):
            raise wrong(f"Line {number} holds {named(character)} at position {position}.", "Copy it from the shell.")
        kept = line.strip()
        if not kept or _PROMPT.match(kept):
            if found:
                yield first, found
            found = []
            continue
        first = first if found else number
        found.append(kept)


def _computer(number: int, line: str) -> str:
    if not _COMPUTER.match(line):
        raise wrong(f"Line {number} isn't the name of the computer: {line[:60]}", _HOW)
    return line


def _properties(number: int, lines: list[str]) -> Properties:
    found: dict[str, str] = {}
    for at, line in enumerate(lines, number):
        pair = _PAIR.match(line)
        if pair is None:
            raise wrong(f"Line {at} isn't of the form `Name : Value`: {line[:60]}", _HOW)
        if pair[1] in found:
            raise wrong(f"Line {at} gives {pair[1]} a second time.", "Keep a blank line between two objects.")
        found[pair[1]] = (pair[2] or "").strip()
    return found


def _complete(block: Properties, wanted: tuple[str, ...]) -> None:
    if missing := [name for name in wanted if name not in block]:
        raise wrong(f"An object lacks {', '.join(missing)}.", "Print it with Format-List, whole.")
    for name in _SWITCHES:
        if block.get(name, "True") not in ("True", "False"):
            raise wrong(f"{name} is {block[name][:30]}, neither True nor False.", _HOW)


def _readable(text: str) -> str:
    local_store(text)
    return text


PastedText = Annotated[Text, AfterValidator(_readable)]
"""Kept as it was pasted, once it can be read."""
