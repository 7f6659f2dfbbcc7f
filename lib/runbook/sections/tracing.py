"""Section *tracing*: SIPStack tracing on the Front Ends, and what it says of OWA's servers (L85).

It isn't part of the procedure but the last resort of its verification: start it, sign in to OWA, stop it. What was
traced is read then. A scenario of one's own can't be made from here, since its cmdlet takes an object that only a local
shell can hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runbook.change import Change, Decision, Finding, Json, Plan, Repair, Severity, Step
from runbook.command import Pipeline, cmdlet
from runbook.estate import Estate
from runbook.facts import tracing
from runbook.facts.query import Observation, Unread
from runbook.facts.tracing import ALWAYS_ON, Traced, Tracing
from runbook.parameters_tracing import TracingParameters
from runbook.sections.ask import all_of
from runbook.sections.organisation import NO_LYNC, front_ends, topology_reader, topology_writer
from runbook.sections.reversal import Reversal
from runbook.sections.section import Section
from runbook.sections.symptoms import UNKNOWN_PEER, by_code
from runbook.sections.unread import unread

_REFUSED = 18202
_CONSENT = "allow_tracing"
_COMMANDS = """
lync        Start-CsClsLogging Scenario Pools Duration
lync        Stop-CsClsLogging  Scenario Pools
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TracingFacts:
    scenarios: tuple[str, ...] | Unread
    computers: tuple[Tracing, ...] | Unread
    traced: Traced | Unread


def observe(parameters: TracingParameters, estate: Estate) -> Observation[TracingFacts]:
    """One round: the scenarios that there are, what runs, and what was traced."""
    target = topology_reader(front_ends(estate, parameters.registrar_pool_fqdn))
    if target is None:
        yield all_of([])
        return TracingFacts(scenarios=NO_LYNC, computers=NO_LYNC, traced=NO_LYNC)
    pool = parameters.registrar_pool_fqdn
    known, running, told = tracing.scenarios(target), tracing.tracing(target, pool), tracing.traced(target, pool)
    answers = yield (known, running, told)
    return TracingFacts(scenarios=answers[known], computers=answers[running], traced=answers[told])


def decide(given: TracingParameters, estate: Estate, facts: TracingFacts) -> Decision:
    """Start or stop what isn't so yet; and what was traced so far."""
    missing = tuple(_unread(facts))
    if isinstance(facts.scenarios, Unread) or isinstance(facts.computers, Unread) or isinstance(facts.traced, Unread):
        return Decision(findings=missing, plan=Plan(because="Nothing is planned until the facts can be read."))
    told = tuple(_told(facts.traced))
    if not any(name.lower().rpartition("/")[2] == given.scenario.lower() for name in facts.scenarios):
        because = f"There is no logging scenario {given.scenario}."
        return Decision(findings=(_no_scenario(given), *told), plan=Plan(because=because))
    silent = tuple(_silent(one) for one in facts.computers if one.fault)
    running = [one.runs(given.scenario) for one in facts.computers if not one.fault]
    wanted = given.tracing == "start"
    settled = all(running) if wanted else not any(running)
    state = _state(given, running=any(running), settled=settled)
    findings = (*silent, state, *told)
    if settled or silent or not given.allow_tracing:
        why = (
            "A Front End doesn't answer." if silent else f"Set the parameter {_CONSENT}." if not settled else state.what
        )
        return Decision(findings=findings, plan=Plan(because=why))
    return Decision(findings=findings, plan=Plan(changes=(_change(given, estate, start=wanted),)))


def _unread(facts: TracingFacts) -> Iterator[Finding]:
    for thing, fact in (
        ("logging scenarios", facts.scenarios),
        ("tracing of the Front Ends", facts.computers),
        ("traces", facts.traced),
    ):
        if isinstance(fact, Unread):
            yield unread(thing, fact, requirements=("L85",))


def _state(given: TracingParameters, *, running: bool, settled: bool) -> Finding:
    next_step = (
        f"Set the parameter {_CONSENT} and run this section again."
        if not settled and not given.allow_tracing
        else "Sign in to OWA as the user who has no presence, set tracing to stop, and run this section again."
        if given.tracing == "start"
        else "Nothing need be done."
    )
    return Finding(
        id="trace-running" if running else "trace-not-running",
        requirements=("L85",),
        severity=Severity.INFO,
        object=given.registrar_pool_fqdn,
        what=f"SIPStack is {'' if running else 'not '}traced by the scenario {given.scenario} on this pool.",
        why="Only while it runs, and for what was synchronised, can a trace tell why a connection is refused.",
        remedy=next_step,
        repair=Repair.NONE if settled else Repair.PLANNED if given.allow_tracing else Repair.CONSENT,
    )


def _no_scenario(given: TracingParameters) -> Finding:
    lines = (
        "$p = New-CsClsProvider -Name SIPStack -Type WPP -Level Debug -Flags All",
        f"New-CsClsScenario -Identity 'global/{given.scenario}' -Provider @{{Add=$p}}",
    )
    return Finding(
        id="trace-scenario-missing",
        requirements=("L85",),
        severity=Severity.ERROR,
        object=given.scenario,
        what=f"There is no logging scenario {given.scenario}.",
        why="A scenario says what is traced. One with all levels and flags is made with an object that can't be sent.",
        remedy=f"In the Lync Server Management Shell: {'; '.join(lines)}. Or set scenario to {ALWAYS_ON}.",
    )


def _silent(one: Tracing) -> Finding:
    return Finding(
        id="trace-agent-silent",
        requirements=("L85",),
        severity=Severity.ERROR,
        server=one.computer,
        object="logging agent",
        what=f"The logging agent of {one.computer} doesn't answer: {one.fault.rstrip('.')}.",
        why="What this Front End sees would be missing from the trace.",
        remedy="Start the service RTCCLSAGT there, and let the ports 50001 to 50003 through.",
    )


def _told(traced: Traced) -> Iterator[Finding]:
    for host in traced.unknown_peers:
        yield Finding(
            id="trace-unknown-peer",
            requirements=(*UNKNOWN_PEER.requirements, "L85"),
            severity=Severity.ERROR,
            object=host,
            what=f"Lync refused {host}: the peer is not a configured server on this network interface.",
            why=f"{UNKNOWN_PEER.cause} What can be behind it: {', '.join(UNKNOWN_PEER.checks)}.",
            remedy=f"{UNKNOWN_PEER.remedy} Notebook {UNKNOWN_PEER.notebook} shows which it is.",
        )
    for status, times in traced.refusals:
        symptom = by_code(_REFUSED, status)
        assert symptom is not None
        yield Finding(
            id="trace-refused",
            requirements=(*symptom.failure.requirements, "L85"),
            severity=Severity.WARNING,
            object=f"SIP {status}",
            what=f"Lync answered with SIP {status}, {'once' if times == 1 else f'{times} times'}.",
            why=f"{symptom.failure.cause} What can be behind it: {', '.join(symptom.failure.checks)}.",
            remedy=f"{symptom.failure.remedy} Notebook {symptom.failure.notebook} shows which it is.",
        )


def _change(given: TracingParameters, estate: Estate, *, start: bool) -> Change:
    writer = topology_writer(front_ends(estate, given.registrar_pool_fqdn))
    where = {"Scenario": given.scenario, "Pools": given.registrar_pool_fqdn}
    hours, minutes = divmod(given.minutes, 60)
    days, hours = divmod(hours, 24)
    begin = Pipeline.of(cmdlet("Start-CsClsLogging", **where, Duration=f"{days}.{hours:02}:{minutes:02}"))
    end = Pipeline.of(cmdlet("Stop-CsClsLogging", **where))
    kept = Step(
        what="what was traced is written to the log files",
        pipeline=Pipeline.of(cmdlet("Sync-CsClsLogging", Pools=given.registrar_pool_fqdn)),
    )
    return Change(
        target=writer.target,
        object=f"SIPStack tracing of {given.registrar_pool_fqdn}",
        property=given.scenario,
        before=not start,
        after=start,
        command=begin if start else end,
        reverse=(end if start else begin,),
        requirements=("L85",),
        disturbs="Tracing takes disk space and some time of the Front Ends." if start else "",
        consent=_CONSENT,
        run_locally=writer.run_locally,
        preparation=() if start else (kept,),
    )


def present(
    given: TracingParameters, estate: Estate, facts: TracingFacts, change: Change, made: Sequence[Change]
) -> Json | Unread:
    """Whether the scenario that a change is of runs anywhere, for undo."""
    if isinstance(facts.computers, Unread):
        return facts.computers
    if silent := next((each for each in facts.computers if each.fault), None):
        return Unread(f"the logging agent of {silent.computer} doesn't answer")
    return any(each.runs(change.property) for each in facts.computers)


SECTION = Section(
    name="tracing",
    title="SIPStack tracing",
    parameters=TracingParameters,
    observe=observe,
    decide=decide,
    reversal=Reversal(present=present, commands=_COMMANDS),
    in_procedure=False,
)
