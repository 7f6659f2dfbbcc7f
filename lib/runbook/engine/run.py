"""Check, plan, apply, verify: one run of one section against one estate.

========  ========================  ==========================
phase     what may be called        which leads to
========  ========================  ==========================
opened    check                     checked
checked   check, again              checked
checked   apply, verify             applied, verified
applied   verify, again             verified, checked
verified  verify, again, audit      verified, checked, verified
any       finish                    ended
========  ========================  ==========================

After changes ``verify`` first waits for what they need time for, such as replication
(:class:`runbook.sections.section.Wait`), and records each look; after the deadline it judges the facts as they are.

Only this module hands commands to a session (invariant 1). Each mutating pipeline leaves after its intent has
reached the disk, is sent once, and whatever doubt its answer leaves is settled by reading the facts again
(invariant 5). A change counts as verified only when the same decision on fresh facts no longer asks for it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from enum import StrEnum
from typing import Any

from runbook.change import Change, ChangeOutcome, Decision, Finding, Outcome, Plan
from runbook.command import Target
from runbook.engine.asking import Asking
from runbook.engine.audit_trail import AuditTrail
from runbook.engine.bound import Bound, judged, stranger
from runbook.engine.clearance import clear
from runbook.engine.control import Control, Doing
from runbook.engine.execute import Executed, Execution
from runbook.engine.gatekeeper import Gatekeeper
from runbook.engine.lock import LOST, EstateLock
from runbook.engine.observe import observe
from runbook.engine.past import builds_when_ready
from runbook.engine.settled import Key, key_of, may_have_run, not_sent, settled
from runbook.engine.verdict import run_outcome, worst
from runbook.engine.waiting import wait_for
from runbook.errors import Refused
from runbook.estate import Estate
from runbook.facts.identity import identity
from runbook.fleet import Fleet
from runbook.ledger import Ledger, events
from runbook.ledger.events import Mode
from runbook.parameters import SectionParameters
from runbook.sections import Section
from runbook.sections.unread import any_unread
from runbook.table import Table

Connect = Callable[[bool], Fleet]
"""A fleet of fresh sessions; they may write only where it is called with true."""


class Phase(StrEnum):
    """Where a run stands; the table above says what may follow."""

    OPENED = "opened"
    CHECKED = "checked"
    APPLIED = "applied"
    VERIFIED = "verified"
    ENDED = "ended"


_ALLOWED = {
    "check": (Phase.OPENED, Phase.CHECKED),
    "apply": (Phase.CHECKED,),
    "verify": (Phase.CHECKED, Phase.APPLIED, Phase.VERIFIED),
    "again": (Phase.CHECKED, Phase.APPLIED, Phase.VERIFIED),
    "audit": (Phase.VERIFIED,),
}


class Run:
    """One run. Every method raises :class:`Refused` where the table above doesn't allow it."""

    def __init__(
        self,
        section: Section[Any, Any],
        parameters: SectionParameters,
        estate: Estate,
        *,
        mode: Mode,
        ledger: Ledger,
        connect: Connect,
        account: Callable[[Target], str] = lambda target: "",
    ) -> None:
        self.section = section
        self.parameters = parameters
        self.estate = estate
        self.mode = mode
        self.ledger = ledger
        self.phase = Phase.OPENED
        self.control = Control()
        self.results: tuple[ChangeOutcome, ...] = ()
        """What became of the changes of the plan that was applied last."""
        self.done: tuple[ChangeOutcome, ...] = ()
        """What plans before that one did, as fresh facts confirmed."""
        self.bound: tuple[Bound, ...] = ()
        self.tables: tuple[Table, ...] = ()
        """What the facts of the last decision hold of people, one by one."""
        self.stopped = ""
        """Why the section's gate stopped the roll-out; empty where it didn't."""
        self.ended: Outcome | None = None
        """What the run came to, once its ledger is closed."""
        self.lock: EstateLock | None = None
        """The right to change the estate, which ends with the run."""
        self.sent_before: tuple[Change, ...] = ()
        """What the run that this one goes on from had sent: the approval of the whole covers what is left."""
        self.notices: tuple[Finding, ...] = ()
        """What there is to say of the run itself, beside what its section finds."""
        self.trail = AuditTrail(estate, ledger, lambda: self._connect(False), account=account, control=self.control)
        self._connect = connect
        self._asking = Asking(ledger, self.control)
        self._decision: Decision | None = None
        self._plan: Plan | None = None
        self._sent: Plan | None = None
        self._skipped: dict[Key, str] = {}
        self._began = False
        """Some change was: its intent is in the ledger."""

    @property
    def decision(self) -> Decision:
        """The latest decision; :class:`Refused` before the first check."""
        if self._decision is None:
            raise Refused("Nothing has been checked yet: run the check first.")
        return self._decision

    @property
    def plan(self) -> Plan:
        """The plan as the check made it: what apply carries out, and nothing else."""
        if self._plan is None:
            raise Refused("There is no plan yet: run the check first.")
        return self._plan

    def bind(self) -> tuple[Bound, ...]:
        """Reach every shell that the check starts from, and ask each who it is."""
        if self.phase is Phase.OPENED:
            self.ledger.step = "bind"
        targets = sorted({query.target for query in next(self.section.observe(self.parameters, self.estate))})
        servers = {target: self.estate.server(target.server) for target in targets}
        queries = [identity(target, powershell_2=server.has_powershell_2) for target, server in servers.items()]
        with self._connect(False) as fleet:
            answers = self._asking.ask(fleet, queries, events.Phase.CHECK)
        self.bound = tuple(judged(query.target, answers[query]) for query in queries)
        return self.bound

    def check(self) -> Decision:
        """Read the facts and decide. Nothing is changed."""
        self._may("check")
        if not self.bound:
            self.bind()
        self.ledger.step = "check"
        decision = self._decide(events.Phase.CHECK)
        self._plan = decision.plan
        self.phase = Phase.CHECKED
        return decision

    def again(self) -> Decision:
        """After an apply that didn't get through: settle what was sent, and decide afresh, for another apply.

        What fresh facts confirm goes to ``done``; whatever they still ask for stands in the new plan.
        """
        self._may("again")
        decision = self._decide(events.Phase.CHECK)
        self._settle_all(decision)
        self._leave_out(decision.plan)
        self._plan = decision.plan
        self.stopped = ""
        self.phase = Phase.CHECKED
        return decision

    def skip(self, change: Change, reason: str) -> None:
        """Leave a change out of whatever is applied from now on in this run; ``reason`` stands as its outcome."""
        self._skipped[key_of(change)] = reason

    def skipped(self, change: Change) -> str:
        """Why a change is left out; empty where it isn't."""
        return self._skipped.get(key_of(change), "")

    def apply(self, *, confirmed_by: str, ticket: str = "", typed: tuple[str, ...] = ()) -> tuple[ChangeOutcome, ...]:
        """Carry the plan out, one change after the other, up to the first that fails or is in doubt.

        Outside apply mode nothing is sent. The facts are read again first: where they ask for another plan than
        the one that was shown, all of it is refused; so is a plan that isn't approved as the estate asks
        (:mod:`runbook.engine.clearance`). ``confirmed_by`` says who or what said yes to it, ``ticket`` and
        ``typed`` with which words.
        """
        self._may("apply")
        self.done = (*self.done, *(result for result in self.results if result.outcome is Outcome.VERIFIED))
        self._sent = self.plan
        if self.mode is not Mode.APPLY or not self.plan.changes:
            self.results = self._all(Outcome.PLANNED, "") if self.plan.changes else ()
            return self.results
        if refusal := self._refusal() or self._not_cleared(ticket):
            self.results = self._all(Outcome.REFUSED, refusal)
            for number, _ in enumerate(self.results):
                self._record_outcome(number, Executed(Outcome.REFUSED, detail=refusal))
            return self.results
        consents = tuple(dict.fromkeys(change.consent for change in self.plan.changes if change.consent))
        self.ledger.append(
            events.PlanConfirmed(
                digest=self.plan.digest, by=confirmed_by, consents=consents, ticket=ticket, typed=typed
            )
        )
        self.trail.begin(self.plan)
        self.phase = Phase.APPLIED
        self.results = tuple(
            ChangeOutcome(change=change, outcome=Outcome.PLANNED, said=(not_sent(change),))
            for change in self.plan.changes
        )
        with self.lock.in_use() if self.lock else nullcontext():
            self.stopped = self._roll_out()
        return self.results

    def _roll_out(self) -> str:
        """One stage after the other, up to the first change that isn't done; what a gate said, where one stopped it."""
        keeper = Gatekeeper(
            self.section.gate,
            self.parameters,
            self._health,
            self.ledger,
            sleep=self.control.sleep,
            control=self.control,
        )
        numbered = list(enumerate(self.plan.changes))
        for stage, group in itertools.groupby(numbered, key=lambda each: each[1].stage):
            changes = [each for each in group if not self._skips(*each)]
            if self.control.cancelled:
                return self._cancelled()
            if changes and (refused := keeper.enter(stage)):
                return refused
            for number, change in changes:
                if self.control.cancelled:
                    return self._cancelled()
                executed = self._carry_out(number, change)
                self._settle(number, ChangeOutcome(change=change, outcome=executed.outcome, said=executed.said))
                if executed.interrupted:
                    return "It was interrupted from the keyboard: nothing more was sent."
                if executed.outcome is not Outcome.APPLIED:
                    return ""
            if stage and not self._finished(changes):
                return ""
            if changes and (worse := keeper.leave(stage)):
                return worse
        return ""

    def _skips(self, number: int, change: Change) -> bool:
        """A change that somebody left out is recorded as refused, with the reason."""
        reason = self.skipped(change)
        if reason:
            self._refuse(number, change, f"Skipped: {reason}")
        return bool(reason)

    def _leave_out(self, left: Plan) -> None:
        """A change that failed, and that somebody left out though it is still asked for, is recorded as both."""
        wanted = set(map(key_of, left.changes))
        for number, result in enumerate(self.results):
            if result.outcome is Outcome.FAILED and key_of(result.change) in wanted:
                self._skips(number, result.change)

    def _cancelled(self) -> str:
        """What nobody began any more is recorded as refused."""
        why = f"Not sent: cancelled by {self.control.by}."
        for number, result in enumerate(self.results):
            if result.outcome is Outcome.PLANNED and not result.change.run_locally:
                self._refuse(number, result.change, why)
        return f"Cancelled by {self.control.by}: nothing more was sent."

    def _refuse(self, number: int, change: Change, why: str) -> None:
        executed = Executed(Outcome.REFUSED, detail=why)
        self._record_outcome(number, executed)
        self._settle(number, ChangeOutcome(change=change, outcome=executed.outcome, said=executed.said))

    def _health(self, stage: str) -> Any:
        """What the section's gate wants to know of a server, over fresh sessions."""
        gate = self.section.gate
        assert gate is not None
        with self._connect(False) as fleet:
            return observe(gate.observe(self.parameters, self.estate, stage), fleet.ask)

    def _finished(self, changes: Sequence[tuple[int, Change]]) -> bool:
        """Nothing of a stage is still asked for by the facts, read afresh: else the next server isn't touched."""
        fresh = self._decide(events.Phase.VERIFY, record=False)
        for number, change in changes:
            found = settled(change, fresh)
            if found.outcome is not Outcome.VERIFIED:
                self._record_outcome(number, found)
                self._settle(number, ChangeOutcome(change=change, outcome=found.outcome, said=found.said))
                return False
        return True

    def verify(self) -> Decision:
        """Read the facts over fresh sessions and decide again; what is no longer planned is verified."""
        self._may("verify")
        self._wait()
        decision = self._decide(events.Phase.VERIFY)
        self._settle_all(decision)
        self.phase = Phase.VERIFIED
        return decision

    def _settle_all(self, decision: Decision) -> None:
        """What fresh facts say of everything that was sent, or that a person was asked to run."""
        for number, result in enumerate(self.results):
            by_hand = result.change.run_locally and result.outcome is Outcome.PLANNED
            found = settled(result.change, decision)
            if result.outcome in (Outcome.APPLIED, Outcome.UNKNOWN) or (by_hand and found.outcome is Outcome.VERIFIED):
                self._record_outcome(number, found)
                self._settle(number, replace(result, outcome=found.outcome, said=(*result.said, *found.said)))

    def _wait(self) -> None:
        """Give what was changed the time that it needs. What is missing at the deadline, the facts tell as well."""
        wait = self.section.wait
        if wait is None or not any(may_have_run(result) for result in self.results):
            return

        def look() -> Any:
            with self._connect(False) as fleet:
                return observe(wait.observe(self.parameters, self.estate), fleet.ask)

        wait_for(wait, self.parameters, look, self.ledger, sleep=self.control.sleep, control=self.control)

    def audit(self) -> events.AuditLogCompared | None:
        """Hold Exchange's admin audit log against what was sent there; ``None`` where nothing was. It may wait."""
        self._may("audit")
        return self.trail.compare()

    def finish(self) -> Outcome:
        """Close the ledger with the outcome of the whole run."""
        if self.phase is Phase.ENDED:
            raise Refused("This run has ended. Start a new one: a record is written once.")
        outcome, reason = self._outcome()
        self._end(outcome, reason)
        return outcome

    def abandon(self, reason: str) -> None:
        """Close the ledger of a run that can't go on; nobody can say what it would have come to."""
        if self.phase is not Phase.ENDED:
            self._end(Outcome.UNKNOWN, reason)

    def _end(self, outcome: Outcome, reason: str) -> None:
        self.ledger.step = "finish"
        self.trail.give_up()
        self.ledger.append(events.RunEnded(outcome=outcome, reason=reason))
        self.ledger.close()
        if self.lock is not None:
            self.lock.release()
        self.ended = outcome
        self.phase = Phase.ENDED

    def _outcome(self) -> tuple[Outcome, str]:
        if self._decision is None:
            return Outcome.UNKNOWN, "The run ended before anything was checked."
        if any(result.outcome is Outcome.APPLIED for result in self.results):
            return Outcome.UNKNOWN, "The run ended before its changes were verified."
        outcome = run_outcome(
            self._decision,
            (*self.done, *self.results),
            changes_things=self.section.changes_things,
            applies=self.mode is Mode.APPLY,
            began=self._began,
        )
        return (worst((outcome, Outcome.INCOMPLETE)) if self.stopped else outcome), self.stopped

    def _may(self, step: str) -> None:
        if self.phase not in _ALLOWED[step]:
            raise Refused(f"A run that is {self.phase} can't {step}. Start a new run: a record is written once.")
        self.ledger.step = step

    def _decide(self, phase: events.Phase, *, record: bool = True) -> Decision:
        with self._connect(False) as fleet:
            facts = observe(
                self.section.observe(self.parameters, self.estate),
                lambda queries: self._asking.ask(fleet, queries, phase if record else None),
            )
        if self.section.recall is not None:
            own = self.ledger.path.parent
            facts = self.section.recall(facts, builds_when_ready(own.parent, without=own))
        decision = self.section.decide(self.parameters, self.estate, facts)
        strangers, failures = map(stranger, self._strangers()), self._failures() if record else ()
        notices = self.notices if record and phase is events.Phase.CHECK else ()
        decision = replace(decision, findings=(*notices, *strangers, *failures, *decision.findings))
        if record:
            for finding in decision.findings:
                self.ledger.append(events.FindingRecorded(phase=phase, finding=finding))
            self.ledger.append(events.PlanMade(phase=phase, plan=decision.plan, digest=decision.plan.digest))
            self._decision = decision
            self.tables = self.section.tables(self.parameters, self.estate, facts) if self.section.tables else ()
        return decision

    def _failures(self) -> tuple[Finding, ...]:
        """What the section says of the changes that failed, beside what the facts still ask for."""
        tell = self.section.failed
        found = (tell(result) for result in self.results) if tell is not None else ()
        return tuple(finding for finding in found if finding is not None)

    def _refusal(self) -> str:
        """Why the plan that was shown may not be carried out (any more); empty where it may."""
        if strangers := [f"{bound.target}: {bound.said}" for bound in self.bound if not bound.ok]:
            return " ".join(strangers)
        if self.lock is not None and not self.lock.is_held:
            return LOST
        now = self._decide(events.Phase.CHECK, record=False)
        if unread := any_unread(now.findings):
            return f"The facts couldn't be read again just before the first change: {', '.join(unread)}."
        if now.plan.digest != self.plan.digest:
            return "The estate has changed since this plan was shown: check again and read the new plan."
        return ""

    def _not_cleared(self, ticket: str) -> str:
        """Why the plan may not be applied for want of an approval; empty where it may."""
        return clear(
            self.section.name,
            self.estate,
            self.parameters,
            self.plan,
            done=(*self.sent_before, *(result.change for result in self.done)),
            recovers=bool(self.sent_before),
            ticket=ticket,
            ledger=self.ledger,
        )

    def _strangers(self) -> tuple[Bound, ...]:
        """The shells that were reached and belong to another server than the estate says."""
        return tuple(bound for bound in self.bound if bound.stranger)

    def _carry_out(self, number: int, change: Change) -> Executed:
        if change.run_locally:
            executed = Executed(Outcome.PLANNED, detail=not_sent(change))
        else:
            doing = Doing(
                what=f"{change.object} {change.property}".rstrip(),
                server=change.target.server,
                done=number,
                total=len(self.plan.changes),
                change=number,
            )
            self.control.tell(doing)
            with self._connect(True) as fleet:
                executed = Execution(
                    number=number, change=change, plan=self.plan.digest, fleet=fleet, ledger=self.ledger
                ).carry_out()
            self._began |= executed.outcome is not Outcome.REFUSED
            if executed.doubtful:
                executed = self._settle_doubt(change, executed)
        self._record_outcome(number, executed)
        return executed

    def _settle_doubt(self, change: Change, doubtful: Executed) -> Executed:
        """Whether a command that wasn't answered with a plain yes did its work: the facts decide, not the answer."""
        found = settled(change, self._decide(events.Phase.VERIFY, record=False))
        outcome = Outcome.APPLIED if found.outcome is Outcome.VERIFIED else found.outcome
        return replace(doubtful, outcome=outcome, detail=" ".join(filter(None, (doubtful.detail, found.detail))))

    def _record_outcome(self, number: int, executed: Executed) -> None:
        self.ledger.append(
            events.OutcomeRecorded(
                plan=(self._sent or self.plan).digest,
                change=number,
                outcome=executed.outcome,
                detail=executed.detail,
                served_by=executed.served_by,
                errors=executed.errors,
                warnings=executed.warnings,
                output=executed.output,
            )
        )

    def _settle(self, number: int, result: ChangeOutcome) -> None:
        self.results = (*self.results[:number], result, *self.results[number + 1 :])

    def _all(self, outcome: Outcome, said: str) -> tuple[ChangeOutcome, ...]:
        words = (said,) if said else ()
        return tuple(ChangeOutcome(change=change, outcome=outcome, said=words) for change in self.plan.changes)
