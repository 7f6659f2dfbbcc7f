"""Get-CsEffectivePolicy: which policy really applies to a user, whether granted, of the site or the global one."""

from __future__ import annotations

from rehearsal.cmdlet import Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.lync_objects import thing
from rehearsal.cmdlets.lync_store import command_type, in_domain, not_found, world_of
from rehearsal.cmdlets.lync_users import POLICIES, names_of
from rehearsal.online_presence import effective_policy

_USERS = "Microsoft.Rtc.Management.AD.Cmdlets"


@cmdlet(
    "Get-CsEffectivePolicy",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsEffectivePolicy.md: the order of scopes; the property set is assumed, and so is that an account "
    "elsewhere has no effective policy here",
    parameters={
        "Identity": Parameter(kind="UserIdParameter", mandatory=True, position=0, by_value=True, by_property_name=True),
        "Credential": Parameter(kind="PSCredential"),
        "DomainController": Parameter(kind="Fqdn"),
        "ResultSize": Parameter(kind="Unlimited"),
    },
    command_type=command_type("Get-CsEffectivePolicy", _USERS),
)
def get_effective_policy(call: Call) -> None:
    """Only external access policies have scopes here; every other policy is the global one."""
    in_domain(call)
    world, wanted = world_of(call), str(call.get("Identity"))
    person = next((one for one in world.exchange.people if wanted.lower() in names_of(one)), None)
    if person is None or not person.lync_enabled or not person.hosted_here:
        not_found(call, wanted)
        return
    policies = {
        **dict.fromkeys((name for name in POLICIES if name != "HostedVoicemailPolicy"), "Global"),
        "ExternalAccessPolicy": effective_policy(world, world.federation.current, person).identity,
    }
    call.output(thing(f"{_USERS}.EffectivePolicies", person.upn, {"Identity": person.sip_address, **policies}))
