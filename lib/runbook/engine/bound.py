"""Who answered when a run asked each shell who it is, and whether that is the server that the estate names. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from runbook.change import Finding, Severity
from runbook.command import Shell, Target
from runbook.facts.identity import Identity, is_named
from runbook.facts.query import Unread


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One shell of one server, as it answered when it was asked who it is."""

    target: Target
    ok: bool
    description: str
    said: str
    stranger: bool = False


def judged(target: Target, answer: Identity | Unread) -> Bound:
    """What an answer, or its want, says of the shell at ``target``."""
    if isinstance(answer, Unread):
        return Bound(target=target, ok=False, description="", said=answer.why)
    if not is_named(answer, target.server):
        said = f"It calls itself {answer.name}: this isn't the server that the estate names."
        return Bound(target=target, ok=False, description=answer.description, said=said, stranger=True)
    said = "is the server that the estate names"
    if target.shell is Shell.EXCHANGE:
        said = "answers, and Exchange knows the server that the estate names"
    return Bound(target=target, ok=True, description=answer.description, said=said)


def stranger(bound: Bound) -> Finding:
    """Another server answers at a server's address: nothing else that is read there can be trusted."""
    return Finding(
        id="server-not-the-one-named",
        requirements=(),
        severity=Severity.ERROR,
        server=bound.target.server,
        object=str(bound.target.shell),
        what=f"At the address of {bound.target.server} another server answers. {bound.said}",
        why="What is read there would be recorded for the wrong server, and what is changed would be changed there.",
        remedy="Correct the address in the estate file, or the name that leads to it.",
    )
