"""Whether the changes of a record were approved with a key that an auditor knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from runbook.approval.evidence import APPROVAL_FILE
from runbook.approval.statement import parsed
from runbook.errors import InputError
from runbook.ledger import read_events
from runbook.ledger.events import Intent
from runbook.record.verify import Problem, Verified
from runbook.signing.keys import PublicKey
from runbook.signing.statement import NotAStatement


def has_approval(record: Verified) -> bool:
    """An approval stands in it, of whomever."""
    return (record.folder / APPROVAL_FILE).is_file()


def not_approved_by(keys: Iterable[PublicKey], records: Iterable[Verified]) -> Iterator[Problem]:
    """Each record that changed something, and wasn't approved with any of these keys."""
    known = {key.keyid for key in keys}
    for record in records:
        if _changed(record.folder) and (why := _why_not(record.folder / APPROVAL_FILE, known)):
            yield Problem(record.folder.name, why)


def _changed(folder: Path) -> bool:
    try:
        return any(isinstance(event, Intent) for event in read_events(folder).events)
    except InputError:
        return True  # it can't be said that it didn't


def _why_not(file: Path, known: set[str]) -> str:
    try:
        approval = parsed(file.read_bytes())
    except OSError:
        return "nobody approved what it changed"
    except NotAStatement as error:
        return f"its approval can't be read: {error}"
    if approval.fingerprint in known:
        return ""
    return f"it was approved with the key {approval.fingerprint}, which isn't one of those that were given"
