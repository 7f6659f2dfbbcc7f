"""Virtual directories and mailbox policies of Outlook Web App as they cross the wire.

The virtual directory's type chain, properties and their order as recorded (CSS-Exchange E16 GetOwaVirtualDirectory
export), less those that came after 2013. The mailbox policy's are from memory of the product.
"""

from __future__ import annotations

from typing import Any

from rehearsal.cmdlets.exchange_objects import (
    CONFIGURATION_CHAIN,
    auth_methods,
    common_properties,
    directory_id,
    enum,
    object_id,
    object_version,
    policy_id,
    protection_flags,
    server_version,
)
from rehearsal.cmdlets.exchange_servers import SERVERS, data_root
from rehearsal.cmdlets.exchange_settings import setting_properties
from rehearsal.exchange_org import ExchangeServer
from rehearsal.exchange_owa import (
    BACK_END_SITE,
    EXCHANGE_2010,
    EXCHANGE_2013,
    FRONT_END_SITE,
    OwaMailboxPolicy,
    VirtualDirectory,
)
from rehearsal.owa_settings import (
    DIRECTORY_BODY,
    DIRECTORY_HEAD,
    DIRECTORY_PROTECTION,
    DIRECTORY_URLS,
    DIRECTORY_WEB,
    POLICY,
)
from rehearsal.values import Thing
from rehearsal.world import World

_SYSTEM = "Microsoft.Exchange.Data.Directory.SystemConfiguration"
_VERSIONS = {EXCHANGE_2010: 3, EXCHANGE_2013: 4}
_FOLDERS = {FRONT_END_SITE: r"FrontEnd\HttpProxy\owa", BACK_END_SITE: r"ClientAccess\owa"}
_DIRECTORY_CHAIN = (
    f"{_SYSTEM}.ADOwaVirtualDirectory",
    f"{_SYSTEM}.ExchangeWebAppVirtualDirectory",
    f"{_SYSTEM}.ExchangeVirtualDirectory",
    f"{_SYSTEM}.ADVirtualDirectory",
    *CONFIGURATION_CHAIN,
)
_POLICY_CHAIN = (f"{_SYSTEM}.OwaMailboxPolicy", f"{_SYSTEM}.MailboxPolicy", *CONFIGURATION_CHAIN)
_UNREAD = {one.name: {"Boolean": False, "String": ""}.get(one.kind, "Off") for one in DIRECTORY_WEB}
"""What the properties of IIS show where they weren't read (recorded)."""


def directory_identity(world: World, directory: VirtualDirectory) -> Thing:
    """The ADObjectId of a virtual directory; its text is ``SERVER\\owa (web site)``."""
    server = object_id(world, directory.server, SERVERS)
    dn = f"CN={directory.name},CN=HTTP,CN=Protocols,{server.properties['DistinguishedName']}"
    return directory_id(world, directory.identity, dn, depth=12, parent="HTTP")


def virtual_directory(world: World, directory: VirtualDirectory, *, from_iis: bool) -> Thing:
    """The object; what stands in IIS is only read without -ADPropertiesOnly (``from_iis``)."""
    server = world.exchange.servers[directory.server.lower()]
    identity = directory_identity(world, directory)
    values = directory.settings if from_iis else {**directory.settings, **_UNREAD}
    is_front_end = directory.site == FRONT_END_SITE
    properties: dict[str, Any] = {
        **setting_properties(DIRECTORY_HEAD, values),
        "OwaVersion": enum(f"{_SYSTEM}.OwaVersions", directory.version, _VERSIONS[directory.version]),
        "ServerName": directory.server,
        **setting_properties(DIRECTORY_BODY, values),
        "Name": directory.name,
        "InternalAuthenticationMethods": auth_methods(("Basic", "Fba") if is_front_end else ("WindowsIntegrated",)),
        "MetabasePath": f"IIS://{server.fqdn}/W3SVC/{1 if is_front_end else 2}/ROOT/owa",
        **setting_properties(DIRECTORY_WEB, values),
        "WebSite": directory.site if from_iis else "",
        "DisplayName": "owa" if from_iis else "",
        "Path": _folder(server, directory) if from_iis else "",
        **setting_properties(DIRECTORY_PROTECTION, values),
        "AdminDisplayVersion": server_version(server.build),
        "Server": object_id(world, directory.server, SERVERS),
        **setting_properties(DIRECTORY_URLS, values),
        **_tail(
            world, identity, "msExchVirtualDirectory", "msExchOWAVirtualDirectory", "ms-Exch-OWA-Virtual-Directory"
        ),
    }
    properties["ExtendedProtectionFlags"] = protection_flags(values["ExtendedProtectionFlags"])
    properties["ExternalAuthenticationMethods"] = auth_methods(values["ExternalAuthenticationMethods"])
    return Thing(_DIRECTORY_CHAIN, directory.identity, properties)


def _folder(server: ExchangeServer, directory: VirtualDirectory) -> str:
    """Exchange 2010 has one directory, on the client access server, and its files where those of a back end are."""
    below = _FOLDERS[BACK_END_SITE if server.is_legacy else directory.site]
    return rf"{data_root(server)}\{below}"


def mailbox_policy(world: World, policy: OwaMailboxPolicy) -> Thing:
    """The object; ``IsDefault`` is what new mailboxes get."""
    identity = policy_id(world, policy.name)
    properties: dict[str, Any] = {
        **setting_properties(POLICY, policy.settings),
        "IsDefault": policy.is_default,
        "Name": policy.name,
        **_tail(world, identity, "msExchRecipientTemplate", "msExchOWAMailboxPolicy", "ms-Exch-OWA-Mailbox-Policy"),
    }
    properties["ExchangeVersion"] = object_version("0.20 (15.0.0.0)")
    return Thing(_POLICY_CHAIN, policy.name, properties)


def _tail(world: World, identity: Thing, parent_class: str, own_class: str, category: str) -> dict[str, Any]:
    """The common properties in the order that these objects have them (recorded)."""
    common = common_properties(world, identity, ["top", parent_class, own_class], category)
    first = {name: common.pop(name) for name in ("ExchangeVersion", "DistinguishedName", "Identity")}
    last = {name: common.pop(name) for name in ("IsValid", "ObjectState")}
    return {"AdminDisplayName": "", **first, **common, **last}
