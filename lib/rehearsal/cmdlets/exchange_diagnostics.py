"""Get-ExchangeDiagnosticInfo, as far as setting overrides go: what a process of a server sees, and the order to look.

Recorded: the result's type, ProcessInfo and the list of overrides (CSS-Exchange E16 and E19 exports). Documented
(configure-im-integration-with-owa.md): ``Refresh``, ``Config,Component=OwaServer``, the path to IMSettings, and what
2016 takes up to Cumulative Update 3. *Assumed*: a component that a process doesn't have gives nothing, settings that
nobody overrides are empty elements, and Exchange 2013 has no IMSettings to show.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.exchange_lookup import command_type, fail, find_server, world_of
from rehearsal.cmdlets.exchange_objects import enum, with_serialization_data
from rehearsal.exchange_org import ExchangeServer
from rehearsal.exchange_versions import Build, ExchangeVersion
from rehearsal.setting_overrides import IM_SECTION, KNOWN, OWA_COMPONENT, Reading, SettingOverride
from rehearsal.values import Thing
from rehearsal.world import World

TOPOLOGY_SERVICE = "Microsoft.Exchange.Directory.TopologyService"
ASSISTANTS = "MSExchangeMailboxAssistants"
COMPONENT = "VariantConfiguration"
_SERVICES = {TOPOLOGY_SERVICE: "MSExchangeADTopology", ASSISTANTS: ASSISTANTS}
_CU4: Build = (15, 1, 669, 32)
_SUPPORT = "Microsoft.Exchange.Management.Powershell.Support"
_CHAIN = (
    f"{_SUPPORT}.ExchangeDiagnosticInfoResult",
    "Microsoft.Exchange.Data.ConfigurableObject",
    "System.Object",
)
_MESSAGE = (
    "This override synced to the server but whether it applies to the services running on this server depends on the "
    "override parameters, current configuration and the context."
)


@cmdlet(
    "Get-ExchangeDiagnosticInfo",
    module="Exchange",
    basis=Basis.RECORDED,
    source="CSS-Exchange E16 and E19 exports; Get-ExchangeDiagnosticInfo.md; configure-im-integration-with-owa.md",
    parameters={
        "Argument": Parameter(),
        "Component": Parameter(),
        "Process": Parameter(),
        "Server": Parameter(kind="ServerIdParameter"),
        "Unlimited": SWITCH,
    },
    command_type=command_type("Get-ExchangeDiagnosticInfo", _SUPPORT),
)
def get_exchange_diagnostic_info(call: Call) -> None:
    world = world_of(call)
    own = world.exchange.find_server(call.host.name)
    server = own if call.get("Server") is None else find_server(call, "Server")
    if server is None:
        return
    process = _process(call, world, server)
    root = Element("Diagnostics")
    _process_info(root, world, server, process)
    components = SubElement(root, "Components")
    if str(call.get("Component") or "").lower() == COMPONENT.lower() and _offers(process, server):
        with world.lock:
            _variant_configuration(SubElement(components, COMPONENT), world, server, str(call.get("Argument") or ""))
    call.output(_result(root))


def _process(call: Call, world: World, server: ExchangeServer) -> str:
    """The process that -Process names, if its service runs there."""
    wanted = str(call.get("Process") or TOPOLOGY_SERVICE)
    name = next((one for one in _SERVICES if one.lower() == wanted.lower()), "")
    machine = world.machine(server.fqdn)
    service = machine.host.service(_SERVICES[name]) if machine and name else None
    if service is None or service.status != "Running":
        message = f"The process '{wanted}' wasn't found on the server '{server.name}'."
        fail(call, message, "ProcessNotFoundException", category="ObjectNotFound", namespace=_SUPPORT)
    return name


def _offers(process: str, server: ExchangeServer) -> bool:
    if server.is_legacy:
        return False
    return process == TOPOLOGY_SERVICE or server.build >= _CU4


def _variant_configuration(element: Element, world: World, server: ExchangeServer, argument: str) -> None:
    now = world.clock.now()
    head, _, tail = argument.partition(",")
    if head.lower() == "refresh":
        world.refresh_overrides(server)
    if head.lower() == "config":
        wanted = tail.partition("=")[2].lower() if server.build >= _CU4 else ""
        _configuration(SubElement(element, "Configuration"), world, server, wanted)
        return
    _overrides(element, world.exchange.overrides.reading(server.name, now))


def _overrides(element: Element, reading: Reading) -> None:
    """Every override that reached the server, whether it is in its scope or not."""
    listed = SubElement(element, "Overrides", Updated=_stamp(reading.updated))
    for override in reading.overrides:
        one = SubElement(listed, "SettingOverride")
        for name, value in _described(override):
            SubElement(one, name).text = value
        parameters = SubElement(one, "Parameters")
        for parameter in override.parameters:
            SubElement(parameters, "Parameter").text = parameter


def _described(override: SettingOverride) -> Iterator[tuple[str, str]]:
    yield "Name", override.name
    yield "Reason", override.reason
    yield "ModifiedBy", override.modified_by
    yield "ComponentName", override.component
    yield "SectionName", override.section
    yield "Status", "Accepted"
    yield "Message", _MESSAGE


def _configuration(element: Element, world: World, server: ExchangeServer, wanted: str) -> None:
    """The settings as the server's processes have them now, of one component or of all."""
    now, book = world.clock.now(), world.exchange.overrides
    for component, sections in KNOWN.items():
        if wanted not in ("", component.lower()):
            continue
        there = SubElement(element, component)
        for section, settings in sections.items():
            if (component, section) == (OWA_COMPONENT, IM_SECTION) and server.version is ExchangeVersion.V2013:
                continue
            values = book.effective(server.name, server.build, component, section, now)
            shown = SubElement(there, section)
            for name in dict.fromkeys((*settings, *values)):
                SubElement(shown, name).text = values.get(name)


def _process_info(root: Element, world: World, server: ExchangeServer, process: str) -> None:
    machine = world.machine(server.fqdn)
    started = machine.host.booted if machine else world.epoch
    info = {
        "id": str(3000 + 4 * list(_SERVICES).index(process)),
        "serverName": server.name,
        "startTime": _stamp(started),
        "currentTime": _stamp(world.clock.now()),
        "lifetime": _span(world.clock.now() - started),
        "threadCount": "19",
        "handleCount": "913",
        "workingSet": "70.06 MB (73,465,856 bytes)",
        "fastTrainExchangeVersion": ".".join(map(str, server.build)),
    }
    element = SubElement(root, "ProcessInfo")
    for name, value in info.items():
        SubElement(element, name).text = value


def _result(root: Element) -> Thing:
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode").replace("\n", "\r\n")
    state = enum("Microsoft.Exchange.Data.ObjectState", "New", 0)
    properties = {"Result": text, "Identity": None, "IsValid": True, "ObjectState": state}
    return with_serialization_data(Thing(_CHAIN, text, properties))


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond * 10:07}Z"


def _span(time: timedelta) -> str:
    hours, rest = divmod(time.seconds, 3600)
    return f"{f'{time.days}.' if time.days else ''}{hours:02}:{rest // 60:02}:{rest % 60:02}.0000000"
