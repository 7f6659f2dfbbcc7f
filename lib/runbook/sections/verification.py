"""Section *verification*: does instant messaging work in OWA, for whom, and if not, why? (L71-L85)

It only looks. What it finds is mended by the sections that its findings name. That a presence icon was seen is a
person's word: no cmdlet can tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from runbook.change import Decision, Finding, Plan, Repair, Severity
from runbook.estate import Estate, Version
from runbook.facts.query import Unread
from runbook.parameters_users import VerificationParameters
from runbook.sections import duplicates, enablement, im_symptoms, im_traces, user_findings, users
from runbook.sections.im_failures import TRUSTED_POOL
from runbook.sections.known_servers import Table, found_by_routing, replay
from runbook.sections.section import Section
from runbook.sections.unread import unread
from runbook.sections.user_table import user_table
from runbook.sections.users import Readiness, Reason
from runbook.sections.verification_facts import VerificationFacts, observe
from runbook.table import Table as UserTable

TRACING = "90-sipstack-tracing"
BECAUSE = "This section only looks: what it finds is mended by the sections that its findings name."


def decide(given: VerificationParameters, estate: Estate, facts: VerificationFacts) -> Decision:
    """What Lync knows, what each back end logged, who is ready, who saw the icon; and how to trace what fails."""
    readiness = _readiness(given, facts, users.integrated_editions(estate))
    changed = im_symptoms.last_change([log for log in facts.lync.known.values() if not isinstance(log, Unread)])
    findings = (
        *_no_back_end(facts),
        *_known(given, facts),
        *(
            finding
            for back in facts.back_ends
            for finding in im_traces.check(
                back, _test_user(readiness, back.server, of_2010=estate.server(back.server).has_powershell_2)
            )
        ),
        *(finding for back in facts.back_ends for finding in im_symptoms.check(back, changed)),
        *_people(facts, readiness),
        *im_symptoms.explain(given.shown),
        _attested(given),
    )
    failed = any(finding.severity is Severity.ERROR and not finding.unknown for finding in findings)
    tracing = (_tracing(given.registrar_pool_fqdn),) if failed else ()
    return Decision(findings=(*findings, *tracing), plan=Plan(because=BECAUSE))


def _no_back_end(facts: VerificationFacts) -> Iterator[Finding]:
    if not facts.back_ends:
        yield Finding(
            id="no-mailbox-server",
            requirements=("L81",),
            severity=Severity.ERROR,
            object="mailbox server",
            what="The estate (or exchange_servers) names no mailbox server.",
            why="OWA runs on mailbox servers: without one there is nothing to verify.",
            remedy="Add the mailbox servers to the estate file.",
        )


def _known(given: VerificationParameters, facts: VerificationFacts) -> Iterator[Finding]:
    """Lync has to know OWA's name, and once only (L20-L24)."""
    missing = tuple(enablement.check_read(facts.lync))
    yield from missing
    if missing:
        return
    logs = [log for log in facts.lync.known.values() if not isinstance(log, Unread)]
    discovered = facts.lync.exchange.discovered().union(*map(found_by_routing, logs))
    twice = duplicates.find(facts.lync.topology, discovered, given.application_id)
    for duplicate in twice:
        found = duplicates.report(duplicate, Repair.MANUAL)
        yield replace(found, remedy=f"{found.remedy} Notebook {TRUSTED_POOL} does this.")
    if not any(given.owa_pool_fqdn in duplicate.names for duplicate in twice):
        yield _once(given.owa_pool_fqdn, list(map(replay, logs)))
    yield from _application(given, facts, discovered)


def _once(name: str, tables: list[Table]) -> Finding:
    said = {table.knows(name) for table in tables}
    known = True in said
    lost = not known and None in said
    return Finding(
        id="owa-known" if known else "owa-known-unclear" if lost else "owa-not-known",
        requirements=("L20", "L26", "L41"),
        severity=Severity.INFO if known else Severity.WARNING if lost else Severity.ERROR,
        object=name,
        what=(
            f"Lync's known servers hold {name}."
            if known
            else f"The Front Ends' event logs tell nothing of {name}: they may have been overwritten."
            if lost
            else f"Lync's known servers don't hold {name}."
        ),
        why="Lync takes connections only from the names in its list, and looks up the Subject CN of OWA's certificate.",
        remedy="Nothing need be done." if known else f"Notebook {TRUSTED_POOL} makes the name known.",
        repair=Repair.NONE if known else Repair.MANUAL,
    )


def _application(
    given: VerificationParameters, facts: VerificationFacts, discovered: frozenset[str]
) -> Iterator[Finding]:
    """A pool of OWA's own has the trusted application in it, unless Lync finds the name by itself (L26, L36)."""
    topology = facts.lync.topology
    pool = topology.trusted_pool(given.owa_pool_fqdn)
    ours = given.application_id.lower()
    applications = topology.applications_of(given.owa_pool_fqdn)
    if pool is None or given.owa_pool_fqdn in discovered:
        return
    if not any(application.application_id.lower() == ours for application in applications):
        yield Finding(
            id="application-missing",
            requirements=("L26", "L36", "L37"),
            severity=Severity.ERROR,
            object=given.application_id,
            what=f"The pool {pool.fqdn} has no trusted application {given.application_id}.",
            why="The procedure asks for pool and application together.",
            remedy=f"Notebook {TRUSTED_POOL} creates it.",
        )


def _readiness(given: VerificationParameters, facts: VerificationFacts, integrated: frozenset[str]) -> Readiness | None:
    if isinstance(facts.policies, Unread):
        return None
    return users.judge(facts.users, facts.policies, left_off=given.left_off, integrated=integrated)


def _tables(given: VerificationParameters, estate: Estate, facts: VerificationFacts) -> tuple[UserTable, ...]:
    return user_table(_readiness(given, facts, users.integrated_editions(estate)))


def _people(facts: VerificationFacts, readiness: Readiness | None) -> Iterator[Finding]:
    if isinstance(facts.policies, Unread):
        yield unread("OWA mailbox policies", facts.policies, requirements=("L71",))
    yield from user_findings.report_unread(facts.users)
    if readiness is None:
        return
    yield from user_findings.report(readiness)
    if not readiness.ready:
        reasons = tuple(reason.value for reason in readiness.held if reason is not Reason.NOT_IN_LYNC)
        yield Finding(
            id="nobody-ready",
            requirements=("L71", "L72", "L73", "L74"),
            severity=Severity.ERROR if readiness.lync_users else Severity.WARNING,
            object="users",
            what=(
                "Nobody who is enabled for Lync is ready for IM in OWA."
                if readiness.lync_users
                else "Nobody with a mailbox is enabled for Lync."
            ),
            why="Each of the findings about users says what is in the way of how many.",
            remedy="Mend what they name."
            if readiness.lync_users
            else "Enable a test user for Lync with Enable-CsUser.",
            caused_by=reasons,
        )


def _test_user(readiness: Readiness | None, server: str, *, of_2010: bool) -> str | None:
    """Somebody ready whom OWA on this server serves: whose mailbox is there, in Exchange 2010 anybody of that edition.

    Exchange names servers by their short names.
    """
    if readiness is None:
        return None
    if of_2010:
        return next((each.user for each in readiness.ready if each.edition == Version.V2010), "")
    short = server.partition(".")[0].lower()
    return next((each.user for each in readiness.ready if each.server.partition(".")[0].lower() == short), "")


def _attested(given: VerificationParameters) -> Finding:
    seen = bool(given.presence_attested_by)
    return Finding(
        id="presence-attested" if seen else "presence-not-attested",
        requirements=("L78", "L79", "L80"),
        severity=Severity.INFO,
        object="presence icon",
        what=(
            f"Attested by {given.presence_attested_by}: the presence icon beside the name of"
            f" {given.presence_attested_user}."
            if seen
            else "Nobody has attested to the presence icon."
        ),
        why="Only a person can see it: sign in to OWA and look at the upper right corner.",
        remedy=(
            "Nothing need be done."
            if seen
            else "Look, then write presence_attested_by and presence_attested_user and run this section again."
        ),
        repair=Repair.NONE,
    )


def _tracing(pool: str) -> Finding:
    """L85, by Lync Server 2013's centralised logging (``real-world`` B4; these lines together were never run)."""
    lines = (
        "$p = New-CsClsProvider -Name SIPStack -Type WPP -Level Debug -Flags All",
        "New-CsClsScenario -Identity 'global/OwaIm' -Provider @{Add=$p}",
        f"Start-CsClsLogging -Scenario OwaIm -Pools {pool} -Duration 0:30",
        "(sign in to OWA)",
        f"Sync-CsClsLogging -Pools {pool}",
        f"Search-CsClsLogging -Pools {pool} -Components SIPStack -OutputFilePath C:\\OwaIm.txt",
        f"Stop-CsClsLogging -Scenario OwaIm -Pools {pool}",
    )
    return Finding(
        id="trace-sipstack",
        requirements=("L85",),
        severity=Severity.INFO,
        object="SIPStack",
        what="Tracing SIPStack on Lync Server shows why a connection is refused.",
        why="'The peer is not a configured server on this network interface' there names a host unknown to Lync.",
        remedy=f"Notebook {TRACING} does it with AlwaysOn. With all levels, in Lync's own shell: {'; '.join(lines)}.",
        repair=Repair.NONE,
    )


SECTION = Section(
    name="verification",
    title="Verification",
    parameters=VerificationParameters,
    observe=observe,
    decide=decide,
    tables=_tables,
    changes_things=False,
)
