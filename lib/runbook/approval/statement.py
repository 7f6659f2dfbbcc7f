"""``approval.json``: a signed statement that one person approves one plan, for one ticket, for a time. Pure.

It is an in-toto Statement in a DSSE envelope, as a record's statement is, with the plan file as its one subject. The
plan's own digest stands in it too, but not where people are left out of records: names can be guessed until they fit.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any

from runbook.approval.planfile import PlanFile
from runbook.errors import InputError
from runbook.signing import statement
from runbook.signing.keys import OwnKey
from runbook.signing.statement import NotAStatement

APPROVAL = "urn:x-owa-im-runbook:approval:v1"
_SPAN = re.compile(r"([1-9][0-9]{0,3})([hdw])\Z")
_HOURS = {"h": 1, "d": 24, "w": 168}


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An approval whose signature fits the key in it. Whose key that is, only the estate's list of approvers says.

    ``plan_file`` and ``plan_sha256`` name the file that was approved. ``account`` and ``host`` are what the approver's
    computer said. ``sha256`` is the approval file's own.
    """

    sha256: str
    plan_file: str
    plan_sha256: str
    fingerprint: str
    public_key: str
    account: str
    host: str
    ticket: str
    approved: datetime
    expires: datetime
    section: str
    estate: str


def signed(
    plan: PlanFile, name: str, key: OwnKey, *, ticket: str, expires: datetime, account: str, host: str, now: datetime
) -> bytes:
    """The file's bytes: ``key``'s owner approves ``plan``, whose file is called ``name``."""
    return statement.sign(
        {name: plan.sha256},
        {
            "section": plan.section,
            "estate": {"name": plan.estate["name"], "sha256": plan.estate["sha256"]},
            "environment": plan.environment,
            "plan_digest": "" if plan.estate["redact_users"] else plan.digest,
            "ticket": ticket,
            "approved": moment(now),
            "expires": moment(expires),
            "who": {"account": account, "host": host},
        },
        key,
        kind=APPROVAL,
    )


def parsed(data: bytes) -> Approval:
    """The approval in a file; :class:`NotAStatement` where a single byte isn't as :func:`signed` wrote it."""
    found = statement.read(data, kind=APPROVAL)
    try:
        ((name, digest),) = found.files.items()
        told: Mapping[str, Any] = found.predicate
        if PurePath(name).name != name or "\\" in name:
            raise ValueError("it names its plan by a path")
        return Approval(
            sha256=hashlib.sha256(data).hexdigest(),
            plan_file=name,
            plan_sha256=str(digest),
            fingerprint=found.key.keyid,
            public_key=str(told["signer"]["public_key"]),
            account=str(told["who"]["account"]),
            host=str(told["who"]["host"]),
            ticket=str(told["ticket"]),
            approved=_time(told["approved"]),
            expires=_time(told["expires"]),
            section=str(told["section"]),
            estate=str(told["estate"]["name"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise NotAStatement(f"what it approves can't be read: {error}") from None


def expiry(given: str, now: datetime) -> datetime:
    """``7d``, ``12h``, ``2w`` from now, or a moment in ISO form (UTC where it names no zone), in whole seconds.

    :class:`InputError` where it is neither, or has passed.
    """
    if span := _SPAN.match(given):
        until = now + timedelta(hours=int(span[1]) * _HOURS[span[2]])
    else:
        try:
            until = datetime.fromisoformat(given)
        except ValueError:
            remedy = "Write a span such as 12h, 7d or 2w, or a moment such as 2026-12-01T18:00Z."
            raise InputError(f"--expires {given}: this isn't a time. {remedy}") from None
        until = until.replace(tzinfo=UTC) if until.tzinfo is None else until
    if until <= now:
        raise InputError(f"--expires {given}: that has passed.")
    return until.astimezone(UTC).replace(microsecond=0)


def moment(time: datetime) -> str:
    """In UTC, by the second, as ``2026-12-01T18:00:00Z``."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _time(value: object) -> datetime:
    found = datetime.fromisoformat(str(value))
    if moment(found) != value:
        raise ValueError(f"{value!r} isn't a time in UTC")
    return found
