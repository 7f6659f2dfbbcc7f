"""External access policies and hosted voice mail policies: Global, of a site, or granted to users by name (Tag)."""

from __future__ import annotations

from dataclasses import replace

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.lync_federation import INSTANCE, asked, named, read, write
from rehearsal.cmdlets.lync_federation_objects import external_access_policy, voicemail_policy
from rehearsal.cmdlets.lync_store import FILTER, FORCE, command_type, not_found, refuse, selected, world_of, writable
from rehearsal.cmdlets.lync_users import user
from rehearsal.federation import ExternalAccessPolicy
from rehearsal.lync_topology import same

_IDENTITY = Parameter(kind="XdsIdentity", position=0, sets=("Identity",))
_SEEN = {
    "Identity": _IDENTITY,
    "Filter": FILTER,
    "LocalStore": SWITCH,
}
_SETTINGS = {
    "Description": Parameter(),
    "EnableFederationAccess": Parameter(kind="Boolean"),
    "EnableOutsideAccess": Parameter(kind="Boolean"),
    **dict.fromkeys(
        (
            "EnablePublicCloudAudioVideoAccess",
            "EnableTeamsConsumerAccess",
            "EnableTeamsConsumerInbound",
            "EnableXmppAccess",
        ),
        Parameter(kind="Boolean"),
    ),
}
"""Those of the last four have no effect here."""
_NAMES = {
    "Description": "description",
    "EnableFederationAccess": "enable_federation_access",
    "EnableOutsideAccess": "enable_outside_access",
}
_USERS = "Microsoft.Rtc.Management.AD.Cmdlets"


def _bare(policy: ExternalAccessPolicy) -> str:
    return policy.identity.removeprefix("Tag:")


@cmdlet(
    "Get-CsExternalAccessPolicy",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsExternalAccessPolicy.md; printed output",
    parameters=_SEEN,
    default_set="Identity",
    command_type=command_type("Get-CsExternalAccessPolicy"),
)
def get_external_access_policy(call: Call) -> None:
    for one in selected(call, read(call).external_access, lambda policy: policy.identity, _bare):
        call.output(external_access_policy(one))


@cmdlet(
    "New-CsExternalAccessPolicy",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="New-CsExternalAccessPolicy.md",
    parameters={"Identity": replace(_IDENTITY, mandatory=True, sets=()), **_SETTINGS, "InMemory": SWITCH, **FORCE},
    should_process=True,
    command_type=command_type("New-CsExternalAccessPolicy"),
)
def new_external_access_policy(call: Call) -> None:
    with world_of(call).lock:
        writable(call)
        settings = world_of(call).federation.current
        given = str(call.get("Identity"))
        identity = given if ":" in given or given.lower() == "global" else f"Tag:{given}"
        scope, _, site = identity.partition(":")
        sites = world_of(call).lync.published.sites
        if scope.lower() == "site" and not any(same(one.identity, identity) for one in sites):
            refuse(call, f'There is no site "{site}".', "SiteNotFound", target=identity)
        if settings.policy(identity):
            refuse(call, f'"{identity}" already exists.', "ItemExists", target=identity)
        policy = _changed(call, ExternalAccessPolicy(identity=identity))
        if call.should_process(identity):
            if not call.switch("InMemory"):
                write(call, settings.with_policy(policy))
            call.output(external_access_policy(policy))


@cmdlet(
    "Set-CsExternalAccessPolicy",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Set-CsExternalAccessPolicy.md",
    parameters={
        "Identity": _IDENTITY,
        "Instance": INSTANCE,
        **_SETTINGS,
        **FORCE,
    },
    should_process=True,
    default_set="Identity",
    command_type=command_type("Set-CsExternalAccessPolicy"),
)
def set_external_access_policy(call: Call) -> None:
    """Without an identity it is the global one that is changed (documented)."""
    with world_of(call).lock:
        writable(call)
        settings = world_of(call).federation.current
        identity = named(call) or "Global"
        policy = settings.policy(identity)
        if policy is None:
            not_found(call, identity)
        elif call.should_process(policy.identity):
            write(call, settings.with_policy(_changed(call, policy)))


@cmdlet(
    "Grant-CsExternalAccessPolicy",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Grant-CsExternalAccessPolicy.md",
    parameters={
        "Identity": Parameter(kind="UserIdParameter", mandatory=True, position=0, by_value=True, by_property_name=True),
        "PolicyName": Parameter(position=1),
        "DomainController": Parameter(kind="Fqdn"),
        "PassThru": SWITCH,
    },
    should_process=True,
    command_type=command_type("Grant-CsExternalAccessPolicy", _USERS),
)
def grant_external_access_policy(call: Call) -> None:
    world = world_of(call)
    with world.lock:
        writable(call)
        wanted, name = str(call.get("Identity")).lower(), str(call.get("PolicyName") or "").removeprefix("Tag:")
        person = world.exchange.person(wanted) or next(
            (one for one in world.exchange.people if wanted in (one.sip_address, one.alias)), None
        )
        if person is None:
            not_found(call, str(call.get("Identity")))
            return
        if name and world.federation.current.policy(f"Tag:{name}") is None:
            refuse(call, f'There is no policy "{name}" that can be granted.', "PolicyNotFound", target=name)
        if call.should_process(person.upn):
            world.grant_external_access(person, name or None)
            if call.switch("PassThru"):
                call.output(user(world, replace(person, external_access=name or None)))


@cmdlet(
    "Get-CsHostedVoicemailPolicy",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsHostedVoicemailPolicy.md; the property set is from memory",
    parameters={name: _SEEN[name] for name in ("Identity", "Filter", "LocalStore")},
    default_set="Identity",
    command_type=command_type("Get-CsHostedVoicemailPolicy"),
)
def get_hosted_voicemail_policy(call: Call) -> None:
    for one in selected(call, read(call).voicemail_policies, lambda policy: policy.identity):
        call.output(voicemail_policy(one))


def _changed(call: Call, policy: ExternalAccessPolicy) -> ExternalAccessPolicy:
    """The properties of an -Instance, and over them what the parameters say."""
    given = {field: call.get(name) for name, field in _NAMES.items() if call.given(name)}
    return replace(policy, **{**asked(call, _NAMES), **given})
