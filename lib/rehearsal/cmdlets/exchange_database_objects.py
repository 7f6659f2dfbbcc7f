"""Databases, their copies and availability groups as they cross the wire; property sets from memory of the product."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rehearsal.cmdlets.exchange_objects import (
    CONFIGURATION_CHAIN,
    common_properties,
    database_id,
    directory_id,
    enum,
    object_id,
    object_ids,
    object_version,
    server_version,
    strings,
)
from rehearsal.cmdlets.exchange_servers import SERVERS, data_root
from rehearsal.exchange_databases import AvailabilityGroup, Database, DatabaseCopy
from rehearsal.values import Integer, Thing
from rehearsal.world import World

_SYSTEM = "Microsoft.Exchange.Data.Directory.SystemConfiguration"
_MANAGEMENT = "Microsoft.Exchange.Management.SystemConfigurationTasks"
_DATABASE_CHAIN = (f"{_SYSTEM}.MailboxDatabase", f"{_SYSTEM}.Database", *CONFIGURATION_CHAIN)
_GROUP_CHAIN = (f"{_SYSTEM}.DatabaseAvailabilityGroup", *CONFIGURATION_CHAIN)
_COPY_CHAIN = (f"{_MANAGEMENT}.DatabaseCopyStatusEntry", "System.Object")
_STATUSES = {
    "Unknown": 0,
    "Failed": 2,
    "Seeding": 3,
    "Suspended": 4,
    "Healthy": 5,
    "ServiceDown": 6,
    "Initializing": 7,
    "Resynchronizing": 8,
    "Mounted": 11,
    "Dismounted": 12,
    "Mounting": 13,
    "Dismounting": 14,
    "DisconnectedAndHealthy": 15,
    "FailedAndSuspended": 16,
}


def mailbox_database(world: World, database: Database, *, status: bool) -> Thing:
    """The MailboxDatabase object; whether and where it is mounted is only read with -Status (documented)."""
    identity = database_id(world, database.name)
    server = world.exchange.servers[database.active.lower()]
    servers = [object_id(world, copy.server, SERVERS) for copy in _by_preference(database)]
    folder = rf"{data_root(server)}\Mailbox\{database.name}"
    master = group_id(world, database.group) if database.group else servers[0]
    properties: dict[str, Any] = {
        "JournalRecipient": None,
        "MailboxRetention": "30.00:00:00",
        "OfflineAddressBook": None,
        "PublicFolderDatabase": None,
        "ProhibitSendReceiveQuota": "2.3 GB (2,469,396,480 bytes)",
        "ProhibitSendQuota": "2 GB (2,147,483,648 bytes)",
        "RecoverableItemsQuota": "30 GB (32,212,254,720 bytes)",
        "IndexEnabled": True,
        "IsExcludedFromProvisioning": False,
        "IsSuspendedFromProvisioning": False,
        "AdministrativeGroup": "Exchange Administrative Group (FYDIBOHF23SPDLT)",
        "AllowFileRestore": False,
        "BackupInProgress": False if status else None,
        "DatabaseCreated": True,
        "Description": "",
        "EdbFilePath": rf"{folder}\{database.name}.edb",
        "LogFolderPath": folder,
        "LogFilePrefix": "E00",
        "MountAtStartup": True,
        "Mounted": database.mounted if status else None,
        "MountedOnServer": server.fqdn if status else None,
        "Organization": world.exchange.name,
        "Recovery": False,
        "ReplicationType": enum(f"{_SYSTEM}.ReplicationType", *(("Remote", 1) if database.group else ("None", 0))),
        "AdminDisplayVersion": server_version(server.build),
        "Server": object_id(world, server.name, SERVERS),
        "ServerName": server.name,
        "MasterServerOrAvailabilityGroup": master,
        "MasterType": enum(
            f"{_SYSTEM}.MasterType", *(("DatabaseAvailabilityGroup", 1) if database.group else ("Server", 2))
        ),
        "Servers": servers,
        "ActivationPreference": [_preference(world, copy) for copy in _by_preference(database)],
        "DatabaseCopies": [f"{database.name}\\{copy.server}" for copy in _by_preference(database)],
        "AdminDisplayName": database.name,
        "Name": database.name,
        **common_properties(world, identity, ["top", "msExchMDB", "msExchPrivateMDB"], "ms-Exch-Private-MDB"),
    }
    return Thing(_DATABASE_CHAIN, database.name, properties)


def copy_status(world: World, database: Database, copy: DatabaseCopy) -> Thing:
    """One DatabaseCopyStatusEntry. The active copy is Mounted or Dismounted, a passive one says how it is."""
    active = copy.server == database.active
    status = ("Mounted" if database.mounted else "Dismounted") if active else copy.status
    name = f"{database.name}\\{copy.server}"
    policy = world.exchange.stores.activation_policy(copy.server)
    properties: dict[str, Any] = {
        "Identity": name,
        "Id": directory_id(
            world,
            name,
            f"CN={copy.server},{database_id(world, database.name).properties['DistinguishedName']}",
            depth=10,
            parent=database.name,
        ),
        "Name": name,
        "DatabaseName": database.name,
        "Status": enum(f"{_MANAGEMENT}.CopyStatus", status, _STATUSES.get(status, 0)),
        "MailboxServer": copy.server,
        "ActiveDatabaseCopy": database.active.lower(),
        "ActiveCopy": active,
        "ActivationPreference": copy.preference,
        "ActivationSuspended": copy.activation_suspended,
        "ActivationDisabledAndMoveNow": False,
        "AutoActivationPolicy": enum(f"{_SYSTEM}.DatabaseCopyAutoActivationPolicyType", policy, POLICIES[policy]),
        "StatusRetrievedTime": world.clock.now(),
        "ErrorMessage": "",
        "SuspendComment": None,
        "ContentIndexState": enum(f"{_MANAGEMENT}.ContentIndexStatusType", "Healthy", 1),
        "ContentIndexErrorMessage": "",
        "CopyQueueLength": Integer(0, "Int64"),
        "ReplayQueueLength": Integer(0, "Int64"),
        "ReplaySuspended": False,
        "IsValid": True,
        "ObjectState": enum("Microsoft.Exchange.Data.ObjectState", "Unchanged", 1),
    }
    return Thing(_COPY_CHAIN, name, properties)


POLICIES = {"Unrestricted": 0, "IntrasiteOnly": 1, "Blocked": 2}
"""Names and numbers of DatabaseCopyAutoActivationPolicyType."""


def availability_group(world: World, group: AvailabilityGroup, *, status: bool) -> Thing:
    """The DatabaseAvailabilityGroup object; what is so at the moment is only read with -Status (documented)."""
    members = [object_id(world, name, SERVERS) for name in group.members]
    properties: dict[str, Any] = {
        "Name": group.name,
        "Servers": object_ids(members),
        "WitnessServer": group.witness_server,
        "WitnessDirectory": group.witness_directory,
        "AlternateWitnessServer": None,
        "AlternateWitnessDirectory": None,
        "NetworkCompression": enum(f"{_SYSTEM}.DatabaseAvailabilityGroup+NetworkOption", "InterSubnetOnly", 2),
        "NetworkEncryption": enum(f"{_SYSTEM}.DatabaseAvailabilityGroup+NetworkOption", "InterSubnetOnly", 2),
        "DatacenterActivationMode": enum(f"{_SYSTEM}.DatacenterActivationModeOption", "Off", 0),
        "StoppedMailboxServers": strings([]),
        "StartedMailboxServers": strings([]),
        "DatabaseAvailabilityGroupIpv4Addresses": strings(group.addresses),
        "OperationalServers": object_ids(members) if status else None,
        "PrimaryActiveManager": members[0] if status else None,
        "ServersInMaintenance": object_ids([]) if status else None,
        "ReplicationPort": Integer(64327 if status else 0, "UInt16"),
        "NetworkNames": strings([]),
        "WitnessShareInUse": "Primary" if status else None,
        **common_properties(
            world, group_id(world, group.name), ["top", "msExchMDBAvailabilityGroup"], "ms-Exch-MDB-Availability-Group"
        ),
    }
    properties["ExchangeVersion"] = object_version("0.10 (14.0.100.0)")
    return Thing(_GROUP_CHAIN, group.name, properties)


def group_id(world: World, name: str) -> Thing:
    """The ADObjectId of an availability group."""
    container = "CN=Database Availability Groups,CN=Exchange Administrative Group (FYDIBOHF23SPDLT),"
    return object_id(world, name, f"{container}CN=Administrative Groups,")


def _by_preference(database: Database) -> Iterable[DatabaseCopy]:
    return sorted(database.copies, key=lambda copy: copy.preference)


def _preference(world: World, copy: DatabaseCopy) -> Thing:
    """KeyValuePair of a server and its preference number."""
    kind = "System.Collections.Generic.KeyValuePair`2[[Microsoft.Exchange.Data.Directory.ADObjectId],[System.Int32]]"
    server = object_id(world, copy.server, SERVERS)
    return Thing(
        (kind, "System.ValueType", "System.Object"),
        f"[{copy.server}, {copy.preference}]",
        {"Key": server, "Value": copy.preference},
    )
