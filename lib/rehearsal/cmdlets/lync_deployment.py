"""Sites, pools, computers, services and SIP domains of the published topology."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.lync_objects import DEPLOY, XDS, computer, pool, service, site, thing, trusted_pool
from rehearsal.cmdlets.lync_store import FILTER, IDENTITY, command_type, published, selected
from rehearsal.lync_topology import TopologyDocument, same
from rehearsal.values import Thing


@cmdlet(
    "Get-CsSite",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsSite.md: -Identity takes the name without the prefix site:; L32 to L34",
    parameters={"Identity": IDENTITY, "Filter": FILTER},
    default_set="Identity",
    command_type=command_type("Get-CsSite"),
)
def get_cs_site(call: Call) -> None:
    document = published(call)
    for one in selected(call, document.sites, lambda one: one.identity.partition(":")[2]):
        call.output(site(document, one))


@cmdlet(
    "Get-CsPool",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsPool.md",
    parameters={"Identity": IDENTITY, "Filter": FILTER, "Site": Parameter()},
    default_set="Identity",
    command_type=command_type("Get-CsPool"),
)
def get_cs_pool(call: Call) -> None:
    document = published(call)
    only = call.get("Site")
    for one in selected(call, document.all_pools, lambda one: one.fqdn):
        if only is None or same(one.site, f"Site:{str(only).rpartition(':')[2]}"):
            call.output(pool(document, one))


@cmdlet(
    "Get-CsComputer",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsComputer.md",
    parameters={"Identity": IDENTITY, "Filter": FILTER, "Pool": Parameter(), "Local": SWITCH},
    default_set="Identity",
    command_type=command_type("Get-CsComputer"),
)
def get_cs_computer(call: Call) -> None:
    document = published(call)
    only = call.get("Pool")
    rows = [(name, one.fqdn) for one in document.all_pools for name in one.computers]
    for name, owner in selected(call, rows, lambda row: row[0]):
        if only is not None and not same(owner, str(only)):
            continue
        if not call.switch("Local") or same(name, call.host.name):
            call.output(computer(name, owner, f"{DEPLOY}.Machine"))


# fmt: off
_ROLES = (
    "ApplicationDatabase", "ApplicationServer", "ArchivingDatabase", "ArchivingServer", "BackupServer",
    "CentralManagement", "CentralManagementDatabase", "ConferencingServer", "Director", "EdgeServer", "FileStore",
    "LegalInterceptServer", "ManagementServer", "MediationServer", "MonitoringDatabase", "MonitoringServer",
    "PersistentChatComplianceDatabase", "PersistentChatDatabase", "PersistentChatServer",
    "PstnGateway", "Registrar", "TrustedApplicationPool", "UserDatabase", "UserServer",
    "WacServer", "WebServer",
)
# fmt: on


@cmdlet(
    "Get-CsService",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsService.md; objects carry the properties that all services share (assumed)",
    parameters={
        "Identity": IDENTITY,
        "Filter": FILTER,
        "PoolFqdn": Parameter(),
        **{role: Parameter(kind="SwitchParameter", sets=(role,)) for role in _ROLES},
    },
    default_set="Identity",
    command_type=command_type("Get-CsService"),
)
def get_cs_service(call: Call) -> None:
    document = published(call)
    only = call.get("PoolFqdn")
    roles = [role for role in _ROLES if call.switch(role)]
    for one in selected(call, list(_services(document)), lambda one: str(one.properties["Identity"])):
        if roles and one.properties["Role"] not in roles:
            continue
        if only is None or same(str(one.properties["PoolFqdn"]), str(only)):
            call.output(one)


@cmdlet(
    "Get-CsSipDomain",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsSipDomain.md",
    parameters={"Identity": IDENTITY, "Filter": FILTER},
    default_set="Identity",
    command_type=command_type("Get-CsSipDomain"),
)
def get_cs_sip_domain(call: Call) -> None:
    document = published(call)
    for name in selected(call, document.sip_domains, lambda name: name):
        default = name == document.sip_domains[0]
        call.output(thing(f"{XDS}.SipDomain", name, {"Identity": name, "Name": name, "IsDefault": default}))


def _services(document: TopologyDocument) -> Iterator[Thing]:
    for number, one in enumerate(document.pools, start=1):
        for role in one.services:
            yield service(document, role, one, number)
    for trusted in document.trusted_pools:
        yield trusted_pool(document, trusted)
