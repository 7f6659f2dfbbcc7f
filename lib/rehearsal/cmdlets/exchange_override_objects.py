"""Setting overrides as they cross the wire.

Type chain, properties and their order as recorded (CSS-Exchange E19 GetSettingOverride export).
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape, quoteattr

from rehearsal.cmdlets.exchange_objects import (
    CONFIGURATION_CHAIN,
    common_properties,
    enum,
    object_id,
    object_version,
    strings,
)
from rehearsal.setting_overrides import SettingOverride
from rehearsal.values import Thing
from rehearsal.world import World

_CONTAINER = "CN=Setting Overrides,CN=Global Settings,"
_SETTINGS = "Microsoft.Exchange.Data.Directory.SystemConfiguration.ConfigurationSettings"
_CHAIN = (f"{_SETTINGS}.SettingOverride", *CONFIGURATION_CHAIN)


def override_identity(world: World, override: SettingOverride) -> Thing:
    """The ADObjectId of an override; its text is its name."""
    return object_id(world, override.name, _CONTAINER, depth=8)


def setting_override(world: World, override: SettingOverride) -> Thing:
    """The object. Its status only says that the directory took it, not that anybody goes by it."""
    identity = override_identity(world, override)
    common = common_properties(world, identity, ["top", "msExchConfigSettings"], "ms-Exch-Config-Settings")
    first = {name: common.pop(name) for name in ("ExchangeVersion", "DistinguishedName", "Identity")}
    last = {name: common.pop(name) for name in ("IsValid", "ObjectState")}
    created, changed = override.created, override.changed
    times = {"WhenChanged": changed, "WhenCreated": created, "WhenChangedUTC": changed, "WhenCreatedUTC": created}
    properties: dict[str, Any] = {
        "ComponentName": override.component,
        "SectionName": override.section,
        "AppId": "EXO",
        "FlightName": None,
        "ModifiedBy": override.modified_by,
        "Reason": override.reason,
        "MinVersion": override.min_version,
        "MaxVersion": override.max_version,
        "FixVersion": None,
        "Server": strings(override.servers) if override.servers else None,
        "IsFlight": False,
        "Parameters": strings(override.parameters),
        "Status": enum(f"{_SETTINGS}.SettingOverrideStatus", "Accepted", 1),
        "XmlRaw": _xml(override),
        "AdminDisplayName": "",
        **first,
        "Name": override.name,
        **common,
        **times,
        **last,
    }
    properties["ExchangeVersion"] = object_version("0.1 (8.0.535.0)")
    return Thing(_CHAIN, override.name, properties)


def _xml(override: SettingOverride) -> str:
    """The stored form; the attributes for a scope are *assumed*."""
    attributes = {
        "CN": override.component,
        "SN": override.section,
        "MB": override.modified_by,
        "R": override.reason,
        "MnV": override.min_version,
        "MxV": override.max_version,
    }
    written = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items() if value)
    servers = "".join(f"<S>{escape(one)}</S>" for one in override.servers)
    parameters = "".join(f"<P>{escape(one)}</P>" for one in override.parameters)
    return f"<S{written}>{f'<Ss>{servers}</Ss>' if servers else ''}<Ps>{parameters}</Ps></S>"
