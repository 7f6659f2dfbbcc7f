"""Exchange's values as they cross the wire: directory ids, enums, versions, multivalued properties.

Type chains and property sets as recorded in the CSS-Exchange exports of an Exchange 2016 organisation.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from rehearsal.identifiers import derived_guid
from rehearsal.values import EnumValue, Integer, ListValue, Thing
from rehearsal.world import World

_MVP = "Microsoft.Exchange.Data.MultiValuedProperty`1[["
_MSCORLIB = "mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089"
_DIRECTORY = "Microsoft.Exchange.Data.Directory, Version=15.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35"
_DATA = "Microsoft.Exchange.Data, Version=15.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35"
_SYSTEM = "Microsoft.Exchange.Data.Directory.SystemConfiguration"
# Basic and Fba are recorded, the others and the flags from memory.
_METHODS = {"Basic": 0, "Digest": 1, "Ntlm": 2, "Fba": 3, "WindowsIntegrated": 4, "LiveIdFba": 5, "Adfs": 15}
_FLAGS = {"None": 0, "Proxy": 1, "NoServiceNameCheck": 2, "AllowDotlessSpn": 4, "ProxyCohosting": 32}
AD_OBJECT_ID = "Microsoft.Exchange.Data.Directory.ADObjectId"

ADMINISTRATIVE_GROUP = "CN=Exchange Administrative Group (FYDIBOHF23SPDLT),CN=Administrative Groups,"
PRESENTATION_CHAIN = (
    "Microsoft.Exchange.Data.Directory.Management.ADPresentationObject",
    "Microsoft.Exchange.Data.Directory.ADObject",
    "Microsoft.Exchange.Data.Directory.ADRawEntry",
    "Microsoft.Exchange.Data.ConfigurableObject",
    "System.Object",
)
CONFIGURATION_CHAIN = (
    "Microsoft.Exchange.Data.Directory.SystemConfiguration.ADConfigurationObject",
    "Microsoft.Exchange.Data.Directory.ADObject",
    "Microsoft.Exchange.Data.Directory.ADRawEntry",
    "Microsoft.Exchange.Data.ConfigurableObject",
    "System.Object",
)


def enum(type_name: str, name: str, number: int, kind: str = "Int32") -> EnumValue:
    """``kind`` is the integer that the enum is made of."""
    return EnumValue(name, number, (type_name, "System.Enum", "System.ValueType", "System.Object"), kind)


def strings(items: Sequence[str]) -> ListValue:
    """MultiValuedProperty of String."""
    return _multivalued("System.String", _MSCORLIB, items)


def object_ids(items: Sequence[Thing]) -> ListValue:
    """MultiValuedProperty of ADObjectId."""
    return _multivalued(AD_OBJECT_ID, _DIRECTORY, items)


def proxy_addresses(addresses: Sequence[str]) -> ListValue:
    """ProxyAddressCollection; each address crosses as its text."""
    base = "Microsoft.Exchange.Data.ProxyAddressBaseCollection`1[[Microsoft.Exchange.Data.ProxyAddress, " + _DATA + "]]"
    return ListValue(
        tuple(addresses),
        (
            "Microsoft.Exchange.Data.ProxyAddressCollection",
            base,
            f"{_MVP}Microsoft.Exchange.Data.ProxyAddress, {_DATA}]]",
            "Microsoft.Exchange.Data.MultiValuedPropertyBase",
            "System.Object",
        ),
    )


def auth_methods(names: Sequence[str]) -> ListValue:
    """ADMultiValuedProperty of AuthenticationMethod."""
    kind = f"{_SYSTEM}.AuthenticationMethod"
    plain = _multivalued(kind, _DIRECTORY, [enum(kind, name, _METHODS.get(name, -1)) for name in names])
    return ListValue(plain.items, (_directory_property(kind), *plain.type_names))


def protection_flags(names: Sequence[str]) -> ListValue:
    """MultiValuedProperty of ExtendedProtectionFlag."""
    kind = f"{_SYSTEM}.ExtendedProtectionFlag"
    return _multivalued(kind, _DIRECTORY, [enum(kind, name, _FLAGS.get(name, -1)) for name in names])


def directory_ids(items: Sequence[Thing]) -> ListValue:
    """ADMultiValuedProperty of ADObjectId."""
    return ListValue(tuple(items), (_directory_property(AD_OBJECT_ID), *object_ids(items).type_names))


def cultures() -> ListValue:
    """MultiValuedProperty of CultureInfo, with nothing in it."""
    return _multivalued("System.Globalization.CultureInfo", _MSCORLIB, ())


def unlimited(size: str) -> Thing:
    """Unlimited of ByteQuantifiedSize: a size's text, or ``Unlimited``."""
    is_unlimited = size == "Unlimited"
    properties = {"IsUnlimited": is_unlimited} | ({} if is_unlimited else {"Value": size})
    kind = f"Microsoft.Exchange.Data.Unlimited`1[[Microsoft.Exchange.Data.ByteQuantifiedSize, {_DATA}]]"
    return text_type(kind, size, "System.ValueType", **properties)


def _directory_property(kind: str) -> str:
    return f"Microsoft.Exchange.Data.Directory.ADMultiValuedProperty`1[[{kind}, {_DIRECTORY}]]"


def _multivalued(element: str, assembly: str, items: Sequence[Any]) -> ListValue:
    chain = (f"{_MVP}{element}, {assembly}]]", "Microsoft.Exchange.Data.MultiValuedPropertyBase", "System.Object")
    return ListValue(tuple(items), chain)


def with_serialization_data(thing: Thing) -> Thing:
    """Add what Exchange adds to its own types: a BinaryFormatter blob that nobody should read. This one is empty."""
    header = b"\x00\x01\x00\x00\x00\xff\xff\xff\xff\x01\x00\x00\x00\x00\x00\x00\x00"
    thing.extended["SerializationData"] = header + b"\x0b"
    return thing


def object_id(world: World, name: str, container: str, depth: int = 9) -> Thing:
    """The ADObjectId of a configuration object; its text is its name."""
    exchange = world.exchange
    organisation = exchange.name.replace(",", "\\,")
    configuration = f"CN=Microsoft Exchange,CN=Services,CN=Configuration,{domain_dn(exchange.domain)}"
    dn = f"CN={name},{container}CN={organisation},{configuration}"
    return directory_id(world, name, dn, depth=depth, parent=container.partition(",")[0].removeprefix("CN="))


def policy_id(world: World, name: str) -> Thing:
    """The ADObjectId of an OWA mailbox policy."""
    return object_id(world, name, "CN=OWA Mailbox Policies,", depth=7)


def database_id(world: World, name: str) -> Thing:
    """The ADObjectId of a mailbox database."""
    return object_id(world, name, f"CN=Databases,{ADMINISTRATIVE_GROUP}")


def directory_id(world: World, text: str, dn: str, *, depth: int, parent: str) -> Thing:
    """Any ADObjectId: ``text`` is its ToString, the last part of it its Name."""
    rdn = dn.partition(",")[0]
    domain = world.exchange.domain
    return with_serialization_data(
        Thing(
            (AD_OBJECT_ID, "Microsoft.Exchange.Data.ObjectId", "System.Object"),
            text,
            {
                "OrgHierarchyToIgnore": None,
                "IsDeleted": False,
                "Rdn": rdn,
                "Parent": parent,
                "Depth": depth,
                "DistinguishedName": dn,
                "IsRelativeDn": False,
                "DomainId": domain,
                "PartitionGuid": derived_guid(world.seed, "partition"),
                "PartitionFQDN": domain,
                "ObjectGuid": guid(world, dn),
                "Name": rdn.partition("=")[2],
            },
        )
    )


def _schema_id(world: World, category: str) -> Thing:
    domain = world.exchange.domain
    dn = f"CN={category},CN=Schema,CN=Configuration,{domain_dn(domain)}"
    parent = f"{domain}/Configuration/Schema"
    return directory_id(world, f"{parent}/{category}", dn, depth=4, parent=parent)


def site_id(world: World, site: str) -> Thing:
    """The ADObjectId of an Active Directory site."""
    domain = world.exchange.domain
    dn = f"CN={site},CN=Sites,CN=Configuration,{domain_dn(domain)}"
    parent = f"{domain}/Configuration/Sites"
    return directory_id(world, f"{parent}/{site}", dn, depth=4, parent=parent)


def user_id(world: World, display_name: str) -> Thing:
    domain = world.exchange.domain
    dn = f"CN={display_name},CN=Users,{domain_dn(domain)}"
    return directory_id(world, f"{domain}/Users/{display_name}", dn, depth=2, parent=f"{domain}/Users")


def guid(world: World, name: str) -> UUID:
    return derived_guid(world.seed, name)


def domain_dn(domain: str) -> str:
    return ",".join(f"DC={part}" for part in domain.split("."))


def text_type(type_name: str, text: str, *more: str, **properties: Any) -> Thing:
    """A value type that is mostly its text: paths, versions, time spans."""
    return with_serialization_data(Thing((type_name, *more, "System.Object"), text, dict(properties)))


def server_version(build: tuple[int, int, int, int]) -> Thing:
    major, minor, number, revision = build
    return text_type(
        "Microsoft.Exchange.Data.ServerVersion",
        f"Version {major}.{minor} (Build {number}.{revision})",
        Major=major,
        Minor=minor,
        Build=number,
        Revision=revision,
        FilePatchLevelDescription=None,
    )


def object_version(text: str = "0.10 (14.0.100.0)") -> Thing:
    version, _, rest = text.partition(" ")
    major, minor = version.split(".")
    return text_type(
        "Microsoft.Exchange.Data.ExchangeObjectVersion",
        text,
        NextMajorVersion=f"{int(major) + 1}.0 (0.0.0.0)",
        NextMinorVersion=f"{major}.{int(minor) + 1} (0.0.0.0)",
        Major=Integer(int(major), "Byte"),
        Minor=Integer(int(minor), "Byte"),
        ExchangeBuild=rest.strip("()"),
    )


def time_span(text: str, ticks: int) -> Thing:
    seconds = ticks / 10_000_000
    return text_type(
        "Microsoft.Exchange.Data.EnhancedTimeSpan",
        text,
        "System.ValueType",
        Days=int(seconds // 86400),
        Hours=int(seconds % 86400 // 3600),
        Milliseconds=0,
        Minutes=int(seconds % 3600 // 60),
        Seconds=int(seconds % 60),
        Ticks=Integer(ticks, "Int64"),
        TotalDays=seconds / 86400,
        TotalHours=seconds / 3600,
        TotalMilliseconds=seconds * 1000,
        TotalMinutes=seconds / 60,
        TotalSeconds=seconds,
        Sign=(ticks > 0) - (ticks < 0),
    )


def common_properties(world: World, identity: Thing, object_class: Sequence[str], category: str) -> dict[str, Any]:
    """The properties with which every directory object ends."""
    dn = identity.properties["DistinguishedName"]
    created: datetime = world.epoch
    return {
        "Identity": identity,
        "IsValid": True,
        "ExchangeVersion": object_version(),
        "DistinguishedName": dn,
        "Guid": identity.properties["ObjectGuid"],
        "ObjectCategory": _schema_id(world, category),
        "ObjectClass": strings(object_class),
        "WhenChanged": created,
        "WhenCreated": created,
        "WhenChangedUTC": created,
        "WhenCreatedUTC": created,
        "OrganizationId": text_type(
            "Microsoft.Exchange.Data.Directory.OrganizationId",
            "",
            OrganizationalUnit=None,
            ConfigurationUnit=None,
            IsConsumerOrganization=False,
            IdForEventLog="",
        ),
        "Id": identity,
        "OriginatingServer": world.exchange.domain_controller,
        "ObjectState": enum("Microsoft.Exchange.Data.ObjectState", "Unchanged", 1),
    }
