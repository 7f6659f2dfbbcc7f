"""Get- and Set-OwaVirtualDirectory: the front end's (client access) and the back end's (mailbox) virtual directories.

Get- gives the back end's only with -ShowMailboxVirtualDirectories (documented), and those of other versions too
(real-world.md B4). Without -ADPropertiesOnly it reads the web server's own settings as well. The pool and thumbprint
parameters came with Exchange 2010 SP1; here RTM's cmdlet takes them too, and nothing there reads them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.exchange_lookup import (
    DOMAIN_CONTROLLER,
    check_domain_controller,
    command_type,
    find_server,
    identity,
    is_managed_here,
    report_not_found,
    world_of,
)
from rehearsal.cmdlets.exchange_owa_objects import directory_identity, virtual_directory
from rehearsal.cmdlets.exchange_settings import changed_settings, setting_parameters, warn_if_unchanged
from rehearsal.exchange_owa import VirtualDirectory
from rehearsal.objects import matches, text_of
from rehearsal.owa_settings import DIRECTORY


@cmdlet(
    "Get-OwaVirtualDirectory",
    module="Exchange",
    basis=Basis.RECORDED,
    source="CSS-Exchange E16 GetOwaVirtualDirectory export; Get-OwaVirtualDirectory.md",
    parameters={
        "Identity": identity("VirtualDirectoryIdParameter", sets=("Identity",)),
        "Server": Parameter(kind="ServerIdParameter", mandatory=True, by_value=True, sets=("Server",)),
        "ADPropertiesOnly": SWITCH,
        "ShowMailboxVirtualDirectories": SWITCH,
        **DOMAIN_CONTROLLER,
    },
    default_set="Identity",
    command_type=command_type("Get-OwaVirtualDirectory"),
)
def get_owa_virtual_directory(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    if call.given("Server"):
        server = find_server(call, "Server")
        found = [one for one in _all(call) if server and one.server == server.name]
    else:
        found = _named(call)
    for directory in found:
        if call.switch("ShowMailboxVirtualDirectories") or not directory.is_back_end:
            call.output(virtual_directory(world, directory, from_iis=not call.switch("ADPropertiesOnly")))


@cmdlet(
    "Set-OwaVirtualDirectory",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Set-OwaVirtualDirectory.md; L48, L77; another version's directory is refused (assumed)",
    parameters={
        "Identity": identity("VirtualDirectoryIdParameter", mandatory=True),
        **setting_parameters(DIRECTORY),
        **DOMAIN_CONTROLLER,
    },
    should_process=True,
    command_type=command_type("Set-OwaVirtualDirectory"),
)
def set_owa_virtual_directory(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    with world.lock:
        for directory in _named(call):
            if not is_managed_here(call, directory.server, directory.identity):
                continue
            if not call.should_process(directory.identity):
                continue
            settings = changed_settings(call, DIRECTORY, directory.settings)
            warn_if_unchanged(call, directory.identity, settings != directory.settings)
            _warn_of_urls(call, directory, settings)
            table = world.exchange.owa.directories
            label = f"virtual directory {directory.identity}"
            world.put(label, table, directory.identity.lower(), replace(directory, settings=settings))


def _warn_of_urls(call: Call, directory: VirtualDirectory, settings: dict[str, object]) -> None:
    """Outlook Web App and the control panel are reached under one address (from memory of the product)."""
    if any(settings[name] != directory.settings[name] for name in ("InternalUrl", "ExternalUrl")):
        call.warning(
            "You've changed the InternalURL or ExternalURL for the OWA virtual directory. Please make the same change "
            "for the ECP virtual directory in the same website."
        )


def _all(call: Call) -> list[VirtualDirectory]:
    directories = world_of(call).exchange.owa.directories
    return [directories[key] for key in sorted(directories)]


def _named(call: Call) -> list[VirtualDirectory]:
    """What -Identity names: everything without it or with ``$null``, else by one of the documented forms.

    ``SERVER\\name (web site)`` with wildcards, the name alone on the connected server, the distinguished name or GUID.
    """
    if call.get("Identity") is None:
        return _all(call)
    text = text_of(call.get("Identity"))
    found = [one for one in _all(call) if any(matches(text, name) for name in _names(call, one))]
    if not found:
        report_not_found(call, text)
    return found


def _names(call: Call, directory: VirtualDirectory) -> Iterable[str]:
    properties = directory_identity(world_of(call), directory).properties
    server, _, name = directory.identity.partition("\\")
    yield directory.identity
    fqdn = world_of(call).exchange.servers[server.lower()].fqdn
    yield f"{fqdn}\\{name}"
    if server.lower() == call.host.short_name.lower():
        yield directory.name
    yield properties["DistinguishedName"]
    yield str(properties["ObjectGuid"])
