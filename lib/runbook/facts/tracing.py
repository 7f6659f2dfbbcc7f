"""SIPStack tracing by Lync's centralised logging (L85; ``real-world`` B4): scenarios, what runs, what was traced.

These cmdlets answer with text, whose form is known only from what others parse of it. Of a trace only hosts and the
status codes of SIP are kept: who talks to whom is nobody's business here.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from runbook.command import Pipeline, Target, cmdlet
from runbook.facts.answer import as_text, checked, text
from runbook.facts.query import Query
from runbook.result import Result

COMPONENT = "SIPStack"
ALWAYS_ON = "AlwaysOn"

_STATUS = re.compile(r"\((?P<computer>[^\s()]+)\s+v[^()]*\)\s*\((?P<what>[^()]*)\)")
_ALWAYS = re.compile(r"AlwaysOn=Yes", re.IGNORECASE)
_SCENARIO = re.compile(r"Scenario=([^,()]+)", re.IGNORECASE)
_FAILED = re.compile(r"Agent - ([^,]+), Reason - (.*)")
_PEER = re.compile(r'is not a configured server on this network interface.*?fqdn\s*=\s*"?([\w.-]+)', re.DOTALL)
_ANSWER = re.compile(r"\bSIP/2\.0 ([4-6]\d\d)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracing:
    """What is traced on one computer (its short name): the scenarios that run there; ``fault`` where it didn't say."""

    computer: str
    scenarios: tuple[str, ...] = ()
    fault: str = ""

    def runs(self, scenario: str) -> bool:
        return scenario.lower() in {name.lower() for name in self.scenarios}


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """What SIPStack told: hosts (lower case) that it calls unknown, and how often it answered with which status."""

    unknown_peers: tuple[str, ...] = ()
    refusals: tuple[tuple[int, int], ...] = ()
    empty: bool = True


def scenarios(target: Target) -> Query[tuple[str, ...]]:
    """The identities of all scenarios, such as ``global/AlwaysOn``."""
    ask = Pipeline.of(cmdlet("Get-CsClsScenario"), cmdlet("Select-Object", Property="Identity"))
    return Query("cls-scenarios", target, ask, _parse_scenarios)


def tracing(target: Target, pool: str) -> Query[tuple[Tracing, ...]]:
    """What runs on the computers of a pool."""
    return Query("cls-tracing", target, Pipeline.of(cmdlet("Show-CsClsLogging", Pools=pool)), _parse_tracing)


def traced(target: Target, pool: str) -> Query[Traced]:
    """What SIPStack was traced to say in the last half hour, as far as it was synchronised."""
    ask = Pipeline.of(cmdlet("Search-CsClsLogging", Pools=pool, Components=COMPONENT))
    return Query("cls-traced", target, ask, _parse_traced)


def _parse_scenarios(result: Result) -> tuple[str, ...]:
    return tuple(text(item, "Identity") for item in checked(result).objects)


def _parse_tracing(result: Result) -> tuple[Tracing, ...]:
    said = _said(result)
    running = [
        Tracing(computer=found["computer"], scenarios=tuple(_running(found["what"])))
        for found in _STATUS.finditer(said)
    ]
    failed = [Tracing(computer=found[1].strip(), fault=found[2].strip()) for found in _FAILED.finditer(said)]
    if not running and not failed:
        raise ValueError(f"Show-CsClsLogging named no computer: {said[:100].strip() or 'nothing at all'}")
    return (*running, *failed)


def _running(what: str) -> list[str]:
    named = [found[1].strip() for found in _SCENARIO.finditer(what)]
    return [*([ALWAYS_ON] if _ALWAYS.search(what) else []), *named]


def _parse_traced(result: Result) -> Traced:
    said = _said(result)
    counted = Counter(int(found[1]) for found in _ANSWER.finditer(said))
    return Traced(
        unknown_peers=tuple(dict.fromkeys(found[1].lower() for found in _PEER.finditer(said))),
        refusals=tuple(sorted(counted.items())),
        empty=not said.strip(),
    )


def _said(result: Result) -> str:
    return "\n".join(map(as_text, checked(result).output))
