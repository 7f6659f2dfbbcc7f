"""How far the replicas of the Central Management store are (Y29-Y32)."""

from __future__ import annotations

from dataclasses import dataclass

from runbook.command import Pipeline, Target, cmdlet
from runbook.facts.answer import checked, flag, text
from runbook.facts.query import Query
from runbook.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """One server's copy. ``last_update`` is when what it lacks, or last got, was made; empty where it isn't told."""

    fqdn: str
    up_to_date: bool
    last_update: str = ""


def replicas(target: Target) -> Query[tuple[Replica, ...]]:
    """Every replica, the Edges' among them; asked of an internal server (Y31)."""
    wanted = ("ReplicaFqdn", "UpToDate", "LastUpdateCreation")
    ask = Pipeline.of(cmdlet("Get-CsManagementStoreReplicationStatus"), cmdlet("Select-Object", Property=wanted))
    return Query("replicas", target, ask, _parse)


def _parse(result: Result) -> tuple[Replica, ...]:
    return tuple(
        Replica(
            fqdn=text(item, "ReplicaFqdn").lower(),
            up_to_date=flag(item, "UpToDate"),
            last_update=text(item, "LastUpdateCreation"),
        )
        for item in checked(result).objects
    )
