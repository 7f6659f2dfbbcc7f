"""Get-MailboxServer."""

from __future__ import annotations

from typing import Any

from rehearsal.cmdlet import SWITCH, Basis, Call, cmdlet
from rehearsal.cmdlets.exchange_database_objects import POLICIES, group_id
from rehearsal.cmdlets.exchange_lookup import (
    DOMAIN_CONTROLLER,
    check_domain_controller,
    command_type,
    find,
    identity,
    server_key,
    world_of,
)
from rehearsal.cmdlets.exchange_objects import (
    PRESENTATION_CHAIN,
    common_properties,
    cultures,
    directory_ids,
    enum,
    object_id,
    object_version,
    server_version,
    text_type,
    time_span,
    unlimited,
)
from rehearsal.cmdlets.exchange_servers import SERVERS, data_root, local_path, server_role
from rehearsal.exchange_org import ExchangeServer
from rehearsal.values import ListValue, Thing
from rehearsal.world import World

_DATA = "Microsoft.Exchange.Data"
_SYSTEM = f"{_DATA}.Directory.SystemConfiguration"
_DAY = 864_000_000_000


@cmdlet(
    "Get-MailboxServer",
    module="Exchange",
    basis=Basis.RECORDED,
    source="CSS-Exchange E16 GetMailboxServer export; Get-MailboxServer.md; -Status adds nothing here",
    parameters={"Identity": identity("MailboxServerIdParameter"), "Status": SWITCH, **DOMAIN_CONTROLLER},
    command_type=command_type("Get-MailboxServer"),
)
def get_mailbox_server(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    servers = {key: one for key, one in world.exchange.servers.items() if one.is_mailbox}
    for server in find(call, "Identity", servers, server_key(call)):
        call.output(mailbox_server(world, server))


def mailbox_server(world: World, server: ExchangeServer) -> Thing:
    """The MailboxServer object: properties and their order as recorded."""
    identity = object_id(world, server.name, SERVERS)
    group = world.exchange.stores.group_of(server.name)
    policy = world.exchange.stores.activation_policy(server.name)
    root = data_root(server)
    schedule = ListValue((), ("Microsoft.Exchange.Common.ScheduleInterval[]", "System.Array", "System.Object"))
    properties: dict[str, Any] = {
        "Name": server.name,
        "DataPath": local_path(rf"{root}\Mailbox"),
        "SharingPolicySchedule": schedule,
        "CalendarRepairMissingItemFixDisabled": False,
        "CalendarRepairLogEnabled": True,
        "CalendarRepairLogSubjectLoggingEnabled": True,
        "CalendarRepairLogPath": local_path(rf"{root}\Logging\Calendar Repair Assistant"),
        "CalendarRepairIntervalEndWindow": 7,
        "CalendarRepairLogFileAgeLimit": time_span("10.00:00:00", 10 * _DAY),
        "CalendarRepairLogDirectorySizeLimit": unlimited("500 MB (524,288,000 bytes)"),
        "CalendarRepairMode": enum(f"{_DATA}.CalendarRepairType", "RepairAndValidate", 1),
        "ManagedFolderAssistantSchedule": None,
        "LogPathForManagedFolders": local_path(rf"{root}\Logging\Managed Folder Assistant"),
        "LogFileAgeLimitForManagedFolders": time_span("00:00:00", 0),
        "LogDirectorySizeLimitForManagedFolders": unlimited("Unlimited"),
        "LogFileSizeLimitForManagedFolders": unlimited("10 MB (10,485,760 bytes)"),
        "MigrationLogLoggingLevel": enum(f"{_DATA}.MigrationEventType", "Information", 3),
        "MigrationLogFilePath": None,
        "MigrationLogMaxAge": time_span("180.00:00:00", 180 * _DAY),
        "MigrationLogMaxDirectorySize": _size("5 GB (5,368,709,120 bytes)"),
        "MigrationLogMaxFileSize": _size("100 MB (104,857,600 bytes)"),
        "MAPIEncryptionRequired": False,
        "RetentionLogForManagedFoldersEnabled": False,
        "JournalingLogForManagedFoldersEnabled": False,
        "FolderLogForManagedFoldersEnabled": False,
        "SubjectLogForManagedFoldersEnabled": False,
        "SubmissionServerOverrideList": directory_ids([]),
        "AutoDatabaseMountDial": enum(f"{_SYSTEM}.AutoDatabaseMountDial", "GoodAvailability", 6),
        "ForceGroupMetricsGeneration": False,
        "IsPhoneticSupportEnabled": False,
        "Locale": cultures(),
        "DatabaseAvailabilityGroup": group_id(world, group.name) if group else None,
        "DatabaseCopyAutoActivationPolicy": enum(
            f"{_SYSTEM}.DatabaseCopyAutoActivationPolicyType", policy, POLICIES[policy]
        ),
        "DatabaseCopyActivationDisabledAndMoveNow": False,
        "FaultZone": "",
        "AutoDagServerConfigured": False,
        **_transport_sync(),
        "IsExcludedFromProvisioning": False,
        "MaximumActiveDatabases": None,
        "MaximumPreferredActiveDatabases": None,
        "AdminDisplayVersion": server_version(server.build),
        "ServerRole": server_role(server),
        "ExchangeLegacyServerRole": 0,
        **common_properties(world, identity, ["top", "server", "msExchExchangeServer"], "ms-Exch-Exchange-Server"),
    }
    properties["ExchangeVersion"] = object_version("0.1 (8.0.535.0)")
    chain = ("Microsoft.Exchange.Data.Directory.Management.MailboxServer", *PRESENTATION_CHAIN)
    return Thing(chain, server.name, properties)


def _transport_sync() -> dict[str, Any]:
    return {
        "TransportSyncDispatchEnabled": False,
        "MaxTransportSyncDispatchers": 5,
        "TransportSyncLogEnabled": False,
        "TransportSyncLogLoggingLevel": enum(f"{_DATA}.SyncLoggingLevel", "None", 0),
        "TransportSyncLogFilePath": None,
        "TransportSyncLogMaxAge": time_span("30.00:00:00", 30 * _DAY),
        "TransportSyncLogMaxDirectorySize": _size("2 GB (2,147,483,648 bytes)"),
        "TransportSyncLogMaxFileSize": _size("10 MB (10,485,760 bytes)"),
        "TransportSyncMailboxHealthLogEnabled": False,
        "TransportSyncMailboxHealthLogFilePath": None,
        "TransportSyncMailboxHealthLogMaxAge": time_span("30.00:00:00", 30 * _DAY),
        "TransportSyncMailboxHealthLogMaxDirectorySize": _size("10 GB (10,737,418,240 bytes)"),
        "TransportSyncMailboxHealthLogMaxFileSize": _size("10 MB (10,485,760 bytes)"),
    }


def _size(text: str) -> Thing:
    return text_type(f"{_DATA}.ByteQuantifiedSize", text, "System.ValueType")
