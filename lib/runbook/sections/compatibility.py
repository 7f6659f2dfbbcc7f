"""What users will and won't have beside instant messaging, by the editions of both sides (L11-L16). Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from runbook.change import Finding, Repair, Severity
from runbook.estate import Estate, Role
from runbook.sections.users import Users, lync_people

IM = "instant messaging and presence in OWA"
STORE, ARCHIVE, PHOTOS = (
    "the unified contact store",
    "archiving from Lync to Exchange",
    "high-resolution photographs",
)
_ALL = (IM, STORE, ARCHIVE, PHOTOS)
_NAMES = {"2013": "Lync Server 2013", "se": "Skype for Business Server SE"}


@dataclass(frozen=True, slots=True)
class Group:
    """``mailbox``: the edition of the mailbox's server (SE under 2019's number), empty for one without a way.
    ``server``: the version of the Front Ends of the users' pool, empty where the estate doesn't name them."""

    mailbox: str
    server: str


@dataclass(frozen=True, slots=True)
class Features:
    """What the users of one group have and lack."""

    has: tuple[str, ...]
    lacks: tuple[str, ...] = ()


def features(group: Group) -> Features:
    """Unified contact store, archiving and photographs need Lync Server 2013 and Exchange 2013, or later (L13-L16).

    Exchange 2016 and later aren't supported with Lync Server 2013, and OWA before 2010 has no IM (``real-world`` B1).
    """
    match (group.mailbox, group.server):
        case ("2010", _):
            return Features((IM,), (STORE, ARCHIVE, PHOTOS))
        case ("2013", _):
            return Features(_ALL)
        case ("2016" | "2019", server) if server != "2013":
            return Features(_ALL)
        case _:
            return Features((), _ALL)


def counted(users: Users, estate: Estate) -> Mapping[Group, int]:
    """How many people whom Lync lets sign in are in each group."""
    versions = {server.pool: str(server.version) for server in estate.lync(Role.FRONT_END) if server.pool}
    groups = ((mailbox.edition, versions.get(user.pool.lower(), "")) for mailbox, user in lync_people(users))
    return Counter(Group(*each) for each in groups)


def present(editions: Iterable[str], front_ends: Iterable[str], estate: Estate) -> Mapping[Group, None]:
    """The groups that mailbox servers of these editions and Front Ends of these names make, people uncounted."""
    versions = sorted({str(estate.server(name).version) for name in front_ends})
    return {Group(edition, version): None for edition in sorted(set(editions)) for version in versions}


def report(groups: Mapping[Group, int | None]) -> Iterator[Finding]:
    """One finding a group; a count of ``None`` isn't known."""
    for group, count in sorted(groups.items(), key=lambda item: (item[0].mailbox, item[0].server)):
        found = features(group)
        who = "" if count is None else f": {count} Lync user{'' if count == 1 else 's'}"
        where = _where(group)
        have = f"can have {_listed(found.has)}" if found.has else "can have nothing of the integration"
        without = f", without {_listed(found.lacks)}" if found.lacks else ""
        yield Finding(
            id="features-by-edition",
            requirements=("L11", "L13", "L14", "L15", "L16"),
            severity=Severity.INFO,
            object=where,
            what=f"Users with {where} {have}{without}{who}.",
            why="What Lync and Exchange can do for a user depends on the edition of both, whichever client it is.",
            remedy=_remedy(group, found),
            repair=Repair.NONE,
        )


def _where(group: Group) -> str:
    edition = {"2019": "2019 or SE", "": "an edition that can't be integrated"}.get(group.mailbox, group.mailbox)
    name = _NAMES.get(group.server, f"Skype for Business Server {group.server}")
    on = f"on {edition}" if group.mailbox == "" else f"on Exchange {edition}"
    return f"a mailbox {on} and {name if group.server else 'a pool that the estate does not name'}"


def _remedy(group: Group, found: Features) -> str:
    if not found.lacks:
        return "Nothing need be done."
    later = "Exchange 2013" if group.server == "2013" else "Exchange 2013 or later"
    if group.server == "2013" and group.mailbox in ("2016", "2019"):
        return "Nothing need be done here; a pool of Skype for Business Server brings what is lacking."
    return f"Nothing need be done here; moving the mailbox to {later} brings what is lacking."


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
