"""Follow a run from outside, by its ledger: what is being done now, in a few words."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runbook.ledger import FILE_NAME

EVERY_SECONDS = 0.2


@contextmanager
def followed(folder: Path, tell: Callable[[str], None]) -> Iterator[None]:
    """Tell what the run in ``folder`` is at, from a thread, until the block ends. Watches; changes nothing."""
    stop = threading.Event()

    def follow() -> None:
        path, offset, facts = folder / FILE_NAME, 0, 0
        while not stop.wait(EVERY_SECONDS):
            try:
                with path.open("rb") as file:
                    file.seek(offset)
                    data = file.read()
            except OSError:
                continue
            whole, newline, _ = data.rpartition(b"\n")
            offset += len(whole) + len(newline)
            for line in whole.splitlines():
                event = json.loads(line)
                facts = facts + 1 if event["type"] == "FactRead" else 0
                if words := _words(event, facts):
                    tell(words)

    thread = threading.Thread(target=follow, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _words(event: dict[str, Any], facts: int) -> str:
    match event["type"]:
        case "RunStarted":
            return "connecting"
        case "ServerReached":
            return f"reached {event['target']['server']}"
        case "FactRead":
            return f"{'reading' if event['phase'] == 'check' else 'reading again'}: {facts} facts"
        case "PlanMade":
            return f"planned: {len(event['plan']['changes'])} changes"
        case "Intent":
            cmdlet = event["pipeline"]["cmdlets"][0]["name"]
            return f"change {event['change'] + 1}: {cmdlet} on {event['target']['server']}"
        case "Awaited":
            return "" if event["over"] else f"waiting ({event['seconds']} s): {event['pending']}"
        case "OutcomeRecorded":
            return f"change {event['change'] + 1}: {event['outcome']}"
        case _:
            return ""
