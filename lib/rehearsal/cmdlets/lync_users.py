"""Get-CsUser."""

from __future__ import annotations

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.lync_objects import thing
from rehearsal.cmdlets.lync_store import command_type, in_domain, not_found, refuse, world_of
from rehearsal.cmdlets.opath import compile_filter
from rehearsal.people import Person
from rehearsal.values import Thing
from rehearsal.world import World

_CONNECT = "Microsoft.Rtc.Management.ADConnect"
POLICIES = (
    "ClientPolicy",
    "ConferencingPolicy",
    "DialPlan",
    "ExternalAccessPolicy",
    "HostedVoicemailPolicy",
    "MobilityPolicy",
    "VoicePolicy",
)


@cmdlet(
    "Get-CsUser",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsUser.md: the users that have an account for Lync; the property set is from memory, "
    "and so is that an account elsewhere has no RegistrarPool and the provider's proxy FQDN as its HostingProvider",
    parameters={
        "Identity": Parameter(kind="UserIdParameter", position=0, by_value=True, by_property_name=True),
        "Credential": Parameter(kind="PSCredential"),
        "DomainController": Parameter(kind="Fqdn"),
        "Filter": Parameter(),
        "LdapFilter": Parameter(),
        "OnLyncServer": SWITCH,
        "OnOfficeCommunicationServer": SWITCH,
        "OU": Parameter(kind="OUIdParameter"),
        "ResultSize": Parameter(kind="Unlimited"),
        "UnAssignedUser": SWITCH,
    },
    command_type=command_type("Get-CsUser", f"{_CONNECT}.Cmdlets"),
)
def get_cs_user(call: Call) -> None:
    in_domain(call)
    world = world_of(call)
    people = [person for person in world.exchange.people if person.lync_enabled is not None]
    if call.switch("OnOfficeCommunicationServer") or call.switch("UnAssignedUser"):
        return
    if call.get("Identity") is not None:
        wanted = str(call.get("Identity")).lower()
        people = [person for person in people if wanted in names_of(person)]
        if not people:
            not_found(call, str(call.get("Identity")))
    found = [user(world, person) for person in people]
    if call.get("Filter") is not None:
        try:
            found = list(filter(compile_filter(str(call.get("Filter"))), found))
        except ValueError as fault:
            refuse(call, str(fault), "InvalidFilter")
    limit = str(call.get("ResultSize", "Unlimited"))
    for one in found[: int(limit)] if limit.isdigit() and int(limit) else found:
        call.output(one)


def names_of(person: Person) -> set[str]:
    names = (person.upn, person.alias, person.display_name, person.sip_address or "", person.mail)
    return {name.lower() for name in names if name}


def user(world: World, person: Person) -> Thing:
    organisation = ",".join(f"DC={part}" for part in world.exchange.domain.split("."))
    dn = f"CN={person.display_name},OU=Users,{organisation}"
    return thing(
        f"{_CONNECT}.Schema.OCSADUser",
        dn,
        {
            "Identity": dn,
            "DisplayName": person.display_name,
            "SamAccountName": person.alias[:20],
            "UserPrincipalName": person.upn,
            "WindowsEmailAddress": person.mail,
            "Enabled": person.lync_enabled,
            "SipAddress": person.sip_address,
            "RegistrarPool": person.registrar_pool if person.lync_enabled else None,
            "HostingProvider": person.hosting_provider,
            "EnterpriseVoiceEnabled": False,
            "HostedVoiceMail": None,
            "LineURI": "",
            "RemoteCallControlTelephonyEnabled": False,
            "AudioVideoDisabled": False,
            "ExUmEnabled": False,
            **dict.fromkeys(POLICIES),
            "ExternalAccessPolicy": person.external_access,
        },
        f"{_CONNECT}.Schema.ADObject",
    )
