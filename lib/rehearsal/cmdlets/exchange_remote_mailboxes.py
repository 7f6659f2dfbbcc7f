"""Get-RemoteMailbox: the users on premises whose mailbox is in Exchange Online. Its property set is from memory."""

from __future__ import annotations

from typing import Any

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.exchange_lookup import (
    DOMAIN_CONTROLLER,
    MANAGEMENT,
    check_domain_controller,
    command_type,
    identity,
    report_not_found,
    world_of,
)
from rehearsal.cmdlets.exchange_objects import PRESENTATION_CHAIN, common_properties, enum, proxy_addresses, user_id
from rehearsal.exchange_versions import ExchangeVersion, offered_by
from rehearsal.objects import matches, text_of
from rehearsal.people import Person
from rehearsal.values import Thing
from rehearsal.world import World

_FIRST_SERVICE_PACK = (14, 1, 0, 0)
_REMOTE_USER_MAILBOX = 2147483648
_MAIL_USER = 2
_PROVISION_MAILBOX = 1
_DEFAULT_SIZE = 1000
_RECIPIENT = "Microsoft.Exchange.Data.Directory.Recipient"


@cmdlet(
    "Get-RemoteMailbox",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Get-RemoteMailbox.md; -SortBy, -OnPremisesOrganizationalUnit and -Archive are taken and ignored",
    parameters={
        "Identity": identity("RemoteMailboxIdParameter", sets=("Identity",)),
        "Anr": Parameter(sets=("AnrSet",)),
        "Archive": SWITCH,
        "IgnoreDefaultScope": SWITCH,
        "OnPremisesOrganizationalUnit": Parameter(kind="OrganizationalUnitIdParameter"),
        "ReadFromDomainController": SWITCH,
        "ResultSize": Parameter(kind="Unlimited"),
        "SortBy": Parameter(),
        **DOMAIN_CONTROLLER,
    },
    default_set="Identity",
    command_type=command_type("Get-RemoteMailbox", f"{MANAGEMENT}.RecipientTasks"),
    installed=offered_by(*ExchangeVersion, since=_FIRST_SERVICE_PACK),
)
def get_remote_mailbox(call: Call) -> None:
    check_domain_controller(call)
    people = [one for one in world_of(call).exchange.people if one.online]
    if call.get("Anr") is not None:
        start = str(call.get("Anr")).lower()
        people = [one for one in people if any(name.startswith(start) for name in _names(one))]
    if call.get("Identity") is not None:
        wanted = text_of(call.get("Identity"))
        people = [one for one in people if any(matches(wanted, name) for name in _names(one))]
        if not people and "*" not in wanted:
            report_not_found(call, wanted)
    size = str(call.get("ResultSize", _DEFAULT_SIZE))
    limit = int(size) if size.isdigit() else len(people)
    for person in people[:limit]:
        call.output(_remote_mailbox(world_of(call), person))
    if len(people) > limit:
        call.warning(
            f"By default, only the first {limit} items are returned. Use the ResultSize parameter to specify the "
            "number of items returned."
        )


def _names(person: Person) -> tuple[str, ...]:
    return tuple(name.lower() for name in (person.alias, person.upn, person.mail, person.display_name))


def _remote_mailbox(world: World, person: Person) -> Thing:
    domain = world.exchange.domain
    routing = f"{person.alias}@{domain.partition('.')[0]}.mail.onmicrosoft.com"
    addresses = [f"SMTP:{person.mail}", f"smtp:{routing}", *([person.sip_proxy] if person.sip_proxy else [])]
    user = user_id(world, person.display_name)
    properties: dict[str, Any] = {
        "RemoteRoutingAddress": f"SMTP:{routing}",
        "RemoteRecipientType": enum(f"{_RECIPIENT}.RemoteRecipientType", "ProvisionMailbox", _PROVISION_MAILBOX),
        "OnPremisesOrganizationalUnit": f"{domain}/Users",
        "RecipientTypeDetails": enum(
            f"{_RECIPIENT}.RecipientTypeDetails", "RemoteUserMailbox", _REMOTE_USER_MAILBOX, "Int64"
        ),
        "UserPrincipalName": person.upn,
        "SamAccountName": person.alias[:20],
        "Alias": person.alias,
        "DisplayName": person.display_name,
        "EmailAddresses": proxy_addresses(addresses),
        "EmailAddressPolicyEnabled": True,
        "PrimarySmtpAddress": person.mail,
        "WindowsEmailAddress": person.mail,
        "RecipientType": enum(f"{_RECIPIENT}.RecipientType", "MailUser", _MAIL_USER),
        "Name": person.display_name,
    }
    tail = common_properties(world, user, ["top", "person", "organizationalPerson", "user"], "Person")
    kind = "Microsoft.Exchange.Data.Directory.Management.RemoteMailbox"
    return Thing((kind, *PRESENTATION_CHAIN), person.display_name, {**properties, **tail})
