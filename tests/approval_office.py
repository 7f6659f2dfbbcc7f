"""For tests: an operator and an approver with keys of their own, before the lab's organisation without its wire."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from memory_lab import MemoryLab
from rehearsal.world import World
from runbook import record
from runbook.approval import planfile, statement
from runbook.engine.planning import plan_file
from runbook.engine.run import Run
from runbook.estate import Estate, load_estate
from runbook.ledger import read_events
from runbook.ledger.events import ApprovalJudged, Mode
from runbook.signing.keys import OwnKey, key_in
from runbook.signing.strict import dumped

TICKET = "CHG-4711"
SECTION = "trusted_pool"


def make_key(path: Path) -> OwnKey:
    """A new private key in a file that only its owner may read."""
    path.touch(mode=0o600)
    path.write_bytes(Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key_in(path)


def with_approvers(estate: Path, *keys: OwnKey, approval: str = "required", more: str = "") -> Estate:
    """The estate file, asking for approval by the owners of these keys."""
    listed = "".join(f"  - |\n{textwrap.indent(key.pem, '    ')}" for key in keys)
    head = f"approval: {approval}\napprovers:\n{listed}{more}"
    estate.write_text(head + estate.read_text(encoding="utf-8"), encoding="utf-8")
    return load_estate(estate)


@dataclass
class ApprovalOffice:
    """Makes plans, approves them, and applies them."""

    lab: MemoryLab
    folder: Path
    approver: OwnKey
    count: int = field(default=0)

    @classmethod
    def of(
        cls, world: World, folder: Path, *others: OwnKey, approval: str = "required", more: str = ""
    ) -> ApprovalOffice:
        """``others`` may approve too; ``more`` is put before the rest of the estate file."""
        lab = MemoryLab.of(world, folder)
        approver = make_key(folder / "approver.key")
        lab.estate = with_approvers(lab.estate.path, approver, *others, approval=approval, more=more)
        return cls(lab, folder, approver)

    def plan(self, section: str = SECTION, **changed: object) -> Path:
        """A plan file in a folder of its own."""
        run = self.lab.open(section, Mode.PLAN, **changed)
        run.check()
        data = plan_file(run)
        run.finish()
        self.count += 1
        folder = self.folder / f"plan-{self.count}"
        folder.mkdir()
        planfile.save(folder / "plan.json", data)
        return folder / "plan.json"

    def approve(
        self,
        plan: Path,
        *,
        key: OwnKey | None = None,
        account: str = "kim",
        ticket: str = TICKET,
        now: datetime | None = None,
        lasts: timedelta = timedelta(days=7),
    ) -> Path:
        """An approval beside the plan, by somebody else unless told otherwise."""
        moment = now or datetime.now(UTC)
        data = statement.signed(
            planfile.read(plan),
            plan.name,
            key or self.approver,
            ticket=ticket,
            expires=moment + lasts,
            account=account,
            host="approver-pc",
            now=moment,
        )
        path = plan.with_name("approval.json")
        path.write_bytes(data)
        return path

    def check(self, approval: Path | str = "", section: str = SECTION, **changed: object) -> Run:
        given = {"change_ticket": TICKET, "approval": str(approval), **changed}
        run = self.lab.open(section, Mode.APPLY, **given)
        run.check()
        return run

    def apply(self, approval: Path | str = "", section: str = SECTION, **changed: object) -> Run:
        """A run up to its apply; it isn't finished yet."""
        run = self.check(approval, section, **changed)
        run.apply(confirmed_by="the test")
        return run

    def whole(self, approval: Path | str = "", section: str = SECTION, **changed: object) -> Path:
        """A whole run with its record closed; the record's folder."""
        run = self.apply(approval, section, **changed)
        if run.phase == "applied":
            run.verify()
        run.finish()
        folder = run.ledger.path.parent
        assert record.close(folder) is not None
        return folder

    @property
    def mutations(self) -> int:
        """How many things were changed in the organisation, by the world's own journal."""
        return len(self.lab.world.journal.entries())


def judgements(folder: Path) -> list[ApprovalJudged]:
    return [event for event in read_events(folder).events if isinstance(event, ApprovalJudged)]


def judged(run: Run | Path) -> ApprovalJudged:
    """The one time that approval was judged in a run."""
    (found,) = judgements(run if isinstance(run, Path) else run.ledger.path.parent)
    return found


def altered(plan: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """The plan file, altered by somebody who spells it right and makes its digest anew."""
    document = json.loads(plan.read_bytes())
    change(document)
    document["plan"]["digest"] = planfile.digest_of([each["machine"] for each in document["plan"]["changes"]])
    plan.write_bytes(dumped(document))


def said(run: Run) -> str:
    """Everything that was said of a run that was refused."""
    return "\n".join(dict.fromkeys(line for result in run.results for line in result.said))
