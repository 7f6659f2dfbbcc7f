"""The topology as a whole: reading, exporting and enabling it.

The Get- cmdlets show what is published. No cmdlet says what of that is enabled: on a real server it shows by its
effects, and so it does here, in the events about known servers (14492, 14493, 14495).
"""

from __future__ import annotations

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.lync_objects import DEPLOY, pool, site, texts, thing
from rehearsal.cmdlets.lync_store import FORCE, command_type, published, refuse, world_of, writable
from rehearsal.topology_xml import configuration_archive, topology_xml

_DEPLOYMENT = "Microsoft.Rtc.Management.Deployment"


@cmdlet(
    "Get-CsTopology",
    module="Lync",
    basis=Basis.ASSUMED,
    source="Get-CsTopology.md for parameters and output type; the properties and the XML are assumed",
    parameters={"AsXml": SWITCH, "LocalStore": SWITCH},
    command_type=command_type("Get-CsTopology", _DEPLOYMENT),
)
def get_cs_topology(call: Call) -> None:
    document = published(call)
    if call.switch("AsXml"):
        chain = ("XContainer", "XNode", "XObject")
        text = topology_xml(document)
        call.output(thing("System.Xml.Linq.XDocument", text, {}, *(f"System.Xml.Linq.{name}" for name in chain)))
        return
    call.output(
        thing(
            f"{DEPLOY}.DefaultTopology",
            f"{DEPLOY}.DefaultTopology",
            {
                "Sites": texts(site(document, one).text or "" for one in document.sites),
                "Clusters": texts(pool(document, one).text or "" for one in document.all_pools),
                "Machines": texts(name for one in document.all_pools for name in one.computers),
                "InternalDomains": texts(document.sip_domains),
            },
            f"{DEPLOY}.Topology",
        )
    )


@cmdlet(
    "Enable-CsTopology",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Enable-CsTopology.md; L41; real-world.md: everything published is enabled, others' changes too",
    parameters={
        "GlobalCatalog": Parameter(kind="Fqdn"),
        "GlobalSettingsDomainController": Parameter(kind="Fqdn"),
        "SkipPrepareCheck": Parameter(kind="Boolean"),
        "Report": Parameter(),
        **FORCE,
    },
    should_process=True,
    remote=False,
    command_type=command_type("Enable-CsTopology", _DEPLOYMENT),
)
def enable_cs_topology(call: Call) -> None:
    world = world_of(call)
    with world.lock:
        writable(call)
        if not call.should_process("topology"):
            return
        world.enable_topology()
        if call.get("Report"):
            call.host.files.put(str(call.get("Report")), b"<html><body>Enable-CsTopology: completed.</body></html>")


@cmdlet(
    "Export-CsConfiguration",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Export-CsConfiguration.md; what is in the archive is assumed",
    parameters={
        "FileName": Parameter(mandatory=True, position=0, sets=("FileName",)),
        "AsBytes": Parameter(kind="SwitchParameter", sets=("AsBytes",)),
        "LocalStore": SWITCH,
        **FORCE,
    },
    default_set="FileName",
    command_type=command_type("Export-CsConfiguration", _DEPLOYMENT),
)
def export_cs_configuration(call: Call) -> None:
    archive = configuration_archive(published(call))
    if call.switch("AsBytes"):
        call.output(archive)
        return
    name = str(call.get("FileName"))
    if call.host.files.get(name) and not call.switch("Force"):
        refuse(call, f'The file "{name}" already exists.', "FileExists", target=name)
    call.host.files.put(name, archive)
