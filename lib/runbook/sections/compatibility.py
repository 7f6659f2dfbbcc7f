"""What users will and won't have beside instant messaging, by the edition of their mailbox (L11-L16). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from runbook.change import Finding, Repair, Severity

IM = "instant messaging and presence in OWA"
STORE, ARCHIVE, PHOTOS = (
    "the unified contact store",
    "archiving from Lync to Exchange",
    "high-resolution photographs",
)


@dataclass(frozen=True, slots=True)
class Features:
    """What the users of one edition have and lack."""

    has: tuple[str, ...]
    lacks: tuple[str, ...] = ()


def features(edition: str, *, with_lync_2013: bool) -> Features:
    """``edition`` is that of the mailbox's server, SE under 2019's number; ``with_lync_2013``: the Lync pool is that.

    Unified contact store, archiving and photographs need both Lync Server 2013 and Exchange 2013, or later (L16).
    Exchange 2016 and later aren't supported with Lync Server 2013 (``real-world`` B1).
    """
    if edition == "2010":
        return Features((IM,), (STORE, ARCHIVE, PHOTOS))
    if with_lync_2013 and edition not in ("2010", "2013"):
        return Features((), (IM, STORE, ARCHIVE, PHOTOS))
    return Features((IM, STORE, ARCHIVE, PHOTOS))


def report(groups: Mapping[str, int | None], *, with_lync_2013: bool) -> Iterator[Finding]:
    """One finding an edition; ``groups`` are editions and how many Lync users have their mailbox there, if known."""
    for edition, count in sorted(groups.items()):
        found = features(edition, with_lync_2013=with_lync_2013)
        who = "Users" if count is None else f"{count} Lync user{'' if count == 1 else 's'}"
        name = "2019 or SE" if edition == "2019" else edition
        without = f"; they go without {_listed(found.lacks)}" if found.lacks else ""
        have = f"can have {_listed(found.has)}" if found.has else "can have nothing of the integration"
        yield Finding(
            id="features-by-edition",
            requirements=("L11", "L13", "L14", "L15", "L16"),
            severity=Severity.INFO,
            object=f"mailboxes on Exchange {name}",
            what=f"{who} with a mailbox on Exchange {name} {have}{without}.",
            why="What Lync and Exchange can do for a user depends on the edition of both.",
            remedy="Nothing need be done here; moving the mailbox to a later edition brings what is lacking."
            if found.lacks
            else "Nothing need be done.",
            repair=Repair.NONE,
        )


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
