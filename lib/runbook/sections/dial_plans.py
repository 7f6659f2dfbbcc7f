"""The Exchange servers in the SIP URI dial plans (L42, L43), and why a server had better not be (L22)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runbook.change import Change, Finding, Json, Repair, Severity
from runbook.command import Pipeline, Switch, Target, Value, cmdlet
from runbook.estate import Estate, Role
from runbook.facts.query import Unread
from runbook.parameters import TrustedPoolParameters
from runbook.sections.organisation import ExchangeOrganisation, Membership, in_scope

CONSENT = "allow_dial_plan_changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One UM service or call router whose dial plans lack some that it should be in."""

    server: str
    is_router: bool
    before: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def object(self) -> str:
        return f"{'UMCallRouterSettings' if self.is_router else 'UMService'}:{self.server}"


def check_names(given: TrustedPoolParameters, organisation: ExchangeOrganisation) -> Iterator[Finding]:
    """The dial plans that the parameters name exist, and are of type SipName."""
    known = () if isinstance(organisation.dial_plans, Unread) else organisation.dial_plans
    for name in given.dial_plans:
        plan = next((plan for plan in known if plan.name.lower() == name.lower()), None)
        if plan is not None and plan.is_sip:
            continue
        sip = ", ".join(organisation.sip_plans) or "none"
        yield Finding(
            id="dial-plan-missing" if plan is None else "dial-plan-not-sip",
            requirements=("L42",),
            severity=Severity.ERROR,
            object=name,
            what=(
                f"There is no UM dial plan {name!r}."
                if plan is None
                else f"The dial plan {plan.name} has the URI type {plan.uri_type}, not SipName."
            ),
            why="Lync works with SIP URI dial plans only.",
            remedy=f"Name dial plans of the type SipName ({sip}), or leave dial_plans empty for all of them.",
        )


def steps(given: TrustedPoolParameters, estate: Estate, organisation: ExchangeOrganisation) -> tuple[Step, ...]:
    """What L42 asks for: mailbox servers by their UM service, client access servers by their call router."""
    chosen = {name.lower() for name in given.dial_plans}
    plans = tuple(name for name in organisation.sip_plans if not chosen or name.lower() in chosen)
    mailbox = {server.name for server in in_scope(estate, given.exchange_servers, Role.MAILBOX)}
    access = {server.name for server in in_scope(estate, given.exchange_servers, Role.CLIENT_ACCESS)}
    found = [
        *(_step(member, False, plans) for member in organisation.um_services if member.server.lower() in mailbox),
        *(_step(member, True, plans) for member in organisation.call_routers if member.server.lower() in access),
    ]
    return tuple(step for step in found if step is not None)


def _step(member: Membership, is_router: bool, plans: tuple[str, ...]) -> Step | None:
    if isinstance(member.dial_plans, Unread):
        return None
    present = {name.lower() for name in member.dial_plans}
    missing = tuple(name for name in plans if name.lower() not in present)
    if not missing:
        return None
    return Step(server=member.server, is_router=is_router, before=member.dial_plans, missing=missing)


def report(step: Step, repair: Repair) -> Finding:
    """L42: the server isn't in every SIP dial plan."""
    return Finding(
        id="exchange-not-in-dial-plan",
        requirements=("L42", "L43"),
        severity=Severity.WARNING,
        server=step.server,
        object=step.object,
        what=f"The {_what(step)} isn't in the SIP dial plan {', '.join(step.missing)}.",
        why="The procedure asks for it, to make it a trusted SIP peer of Lync. It also changes where UM calls go.",
        remedy=(
            f"Add it, as {CONSENT} consents to."
            if repair is Repair.PLANNED
            else f"Set {CONSENT} to let this runbook add it, once the owner of telephony agrees."
        ),
        repair=repair,
    )


def report_conflict(step: Step, consented: bool) -> Finding:
    """L42 would create L22: the step is left out."""
    return Finding(
        id="dial-plan-would-duplicate",
        requirements=("L20", "L22", "L42"),
        severity=Severity.ERROR if consented else Severity.WARNING,
        server=step.server,
        object=step.object,
        what=f"{step.server} stands in a trusted application pool, so it isn't added to {', '.join(step.missing)}.",
        why="In a SipName dial plan Lync would discover it and know it twice, and IM in OWA would stop working.",
        remedy=(
            "Keep it out of the dial plans (exchange_servers and dial_plans choose), or give the pool a name that is no"
            " server's, with a certificate for that name."
        ),
    )


def change(step: Step, target: Target, organisation: ExchangeOrganisation, controller: str) -> Change:
    """The whole new list, since the parameter replaces what is there."""
    pinned: dict[str, Value] = {"DomainController": controller} if controller else {}
    after = (*step.before, *step.missing)

    def command(plans: tuple[str, ...]) -> Pipeline:
        server = organisation.server(step.server)
        names: dict[str, Value] = {"DialPlans": plans or None, **pinned, "Confirm": Switch.OFF}
        if step.is_router:
            return Pipeline.of(cmdlet("Set-UMCallRouterSettings", Server=step.server, **names))
        return Pipeline.of(cmdlet("Set-UMService", Identity=server.name if server else step.server, **names))

    return Change(
        target=target,
        object=step.object,
        property="DialPlans",
        before=list[Json](step.before),
        after=list[Json](after),
        command=command(after),
        reverse=(command(step.before),),
        requirements=("L42", "L43"),
        disturbs="Lync may send calls for Unified Messaging to this server from now on.",
        consent=CONSENT,
    )


def _what(step: Step) -> str:
    return f"UM call router of {step.server}" if step.is_router else f"UM service of {step.server}"
