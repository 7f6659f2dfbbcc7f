"""Which pipelines only read, cmdlets named *with their arguments* (invariant 4).

A session opened for reading refuses everything that isn't on this list: a cmdlet it doesn't name, a
parameter it doesn't name, a value it doesn't allow. Parameters go by their full name only, since an
abbreviation means whatever the server's cmdlet happens to have. None of the parameters that
store something in the runspace (``-OutVariable`` and its like) or write a report file is on it.

The list says what is known to be harmless, not what is known to be harmful, so that a mistake in it
refuses too much. To allow a new read, add its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from runbook.command import Cmdlet, Pipeline, Shell, Switch, Value

_EVERYWHERE = """
Select-Object        Property ExcludeProperty ExpandProperty First Last Skip Index Unique
Measure-Object       Property Sum Average Minimum Maximum
"""

_EXCHANGE = """
Get-ExchangeServer            Identity Status DomainController
Get-ExchangeCertificate       Server Thumbprint Identity DomainController
Get-ExchangeDiagnosticInfo    Server Process Component Argument
Get-ClientAccessServer        Identity DomainController
Get-ClientAccessService       Identity DomainController
Get-MailboxServer             Identity Status DomainController
Get-MailboxDatabase           Identity Server DomainController
Get-MailboxDatabaseCopyStatus Identity Server DomainController
Get-ServerComponentState      Identity Component DomainController
Get-ServerHealth              Identity HealthSet HaImpactingOnly
Get-UMService                 Identity DomainController
Get-UMServer                  Identity DomainController
Get-UMCallRouterSettings      Server DomainController
Get-UMDialPlan                Identity DomainController
Get-OwaVirtualDirectory       Identity Server ADPropertiesOnly ShowMailboxVirtualDirectories DomainController
Get-OwaMailboxPolicy          Identity DomainController
Get-CASMailbox                Identity Filter RecipientTypeDetails ResultSize ReadFromDomainController DomainController
Get-Mailbox                   Identity Filter RecipientTypeDetails ResultSize Server Database DomainController
Get-RemoteMailbox             Identity ResultSize DomainController
Get-SettingOverride           Identity DomainController
Get-AdminAuditLogConfig       DomainController
Search-AdminAuditLog          StartDate EndDate ResultSize StartIndex Cmdlets ObjectIds UserIds DomainController
"""

_LYNC = """
Get-CsTrustedApplicationPool              Identity Filter PoolFqdn
Get-CsTrustedApplication                  Identity Filter ApplicationId TrustedApplicationPoolFqdn
Get-CsTrustedApplicationComputer          Identity Filter Pool
Get-CsSite                                Identity Filter
Get-CsPool                                Identity Filter Site
Get-CsComputer                            Identity Filter Local Pool
Get-CsService                             Identity Filter PoolFqdn Registrar EdgeServer TrustedApplicationPool
Get-CsTopology                            AsXml LocalStore
Get-CsServerVersion
Get-CsCertificate                         Identity Type
Get-CsAccessEdgeConfiguration             Identity Filter LocalStore
Get-CsHostingProvider                     Identity Filter LocalStore
Get-CsPublicProvider                      Identity Filter LocalStore
Get-CsManagementStoreReplicationStatus    ReplicaFqdn CentralManagementStoreStatus
Get-CsManagementConnection
Get-CsExternalAccessPolicy                Identity Filter LocalStore ApplicableTo
Get-CsEffectivePolicy                     Identity DomainController ResultSize
Get-CsStaticRoutingConfiguration          Identity Filter LocalStore
Get-CsDialPlan                            Identity Filter LocalStore
Get-CsSipDomain                           Identity Filter
Get-CsUser                                Identity Filter LdapFilter OU ResultSize DomainController
Get-CsAdUser                              Identity Filter LdapFilter OU ResultSize DomainController
Get-CsClsScenario                         Identity Filter LocalStore
Show-CsClsLogging                         Pools Computers
Search-CsClsLogging                       Pools Computers Components LogLevel MatchAny MatchAll
Get-CsAdminRole                           Identity Filter Sid
Get-CsHostedVoicemailPolicy               Identity Filter LocalStore
Export-CsConfiguration                    AsBytes LocalStore
"""

_EDGE = """
Get-CsAccessEdgeConfiguration             Identity LocalStore
Get-CsHostingProvider                     Identity LocalStore
Get-CimInstance                           ClassName
"""
"""An Edge isn't in the domain and reaches no Central Management store: only its own copy can be read (Y33)."""

_WINDOWS = """
Get-Acl                Path LiteralPath
Get-ChildItem          Path LiteralPath Filter Include Exclude Name Recurse Force File Directory
Get-CimInstance        ClassName Filter Property
Get-Content            Path LiteralPath Encoding Raw ReadCount TotalCount Tail
Get-Date
Get-FileHash           Path LiteralPath Algorithm
Get-Item               Path LiteralPath Force
Get-ItemProperty       Path LiteralPath Name
Get-NetTCPConnection   State LocalPort LocalAddress OwningProcess
Get-Process            Name Id
Get-Service            Name DisplayName
Get-Variable           Name ValueOnly
Get-WebAppPoolState    Name
Get-WinEvent           LogName ProviderName FilterXPath MaxEvents Oldest ListLog
Get-WmiObject          Class Filter Property
Resolve-DnsName        Name Type
Sort-Object            Property Descending Unique
Test-NetConnection     ComputerName Port
Test-Path              Path LiteralPath PathType
Where-Object           Property EQ NE GT GE LT LE Like NotLike Match NotMatch Contains In Value
"""

_COMMON = {"erroraction": ("continue", "stop", "silentlycontinue"), "warningaction": ("continue", "silentlycontinue")}
"""Common parameters that change nothing but what is reported. The rest of them store or ask."""

_SYSTEM_CLASSES = ("win32_process", "win32_operatingsystem", "win32_computersystem", "win32_service", "win32_timezone")
"""Reading some classes acts: Win32_Product verifies, and repairs, every installed package."""

_NATIVE = {
    ("c:\\windows\\system32\\netstat.exe", ("-ano",)),
    ("c:\\windows\\system32\\inetsrv\\appcmd.exe", ("list", "apppool", "MSExchangeOWAAppPool")),
}
"""Programs by full path and exact arguments. netstat: Windows Server 2008 R2 has no Get-NetTCPConnection."""

_CONFIG = re.compile(r"Config(,Component=[A-Za-z]+)?", re.IGNORECASE)


def _one_of(*allowed: str) -> Callable[[Value], bool]:
    return lambda value: isinstance(value, str) and value.lower() in allowed


def _is_on(value: Value) -> bool:
    return value in (Switch.ON, True)


_LOCAL_STORE = "localstore"
"""What every cmdlet of an Edge that knows it has to be given there."""

_VALUES: dict[tuple[str, str], Callable[[Value], bool]] = {
    # "Refresh" makes the process load its overrides anew (real-world B1): a write.
    ("get-exchangediagnosticinfo", "argument"): lambda value: isinstance(value, str) and bool(_CONFIG.fullmatch(value)),
    ("get-ciminstance", "classname"): _one_of(*_SYSTEM_CLASSES),
    ("get-wmiobject", "class"): _one_of(*_SYSTEM_CLASSES),
    ("get-csaccessedgeconfiguration", _LOCAL_STORE): _is_on,
    ("get-cshostingprovider", _LOCAL_STORE): _is_on,
    # Off, the cmdlet wants -FileName and writes a file on the server.
    ("export-csconfiguration", "asbytes"): _is_on,
}

_REQUIRED = {
    "export-csconfiguration": "asbytes",
    "get-ciminstance": "classname",
    "get-wmiobject": "class",
}
"""Without this parameter the cmdlet does something else, or asks."""


@dataclass(frozen=True, slots=True)
class Read:
    """One line of the list: a cmdlet, where it is offered, and the parameters that keep it a read."""

    name: str
    shells: frozenset[Shell]
    parameters: tuple[str, ...]


def _lines(text: str, *shells: Shell) -> Iterator[Read]:
    for line in text.strip().splitlines():
        name, *parameters = line.split()
        yield Read(name, frozenset(shells), tuple(parameters))


READS: tuple[Read, ...] = (
    *_lines(_EVERYWHERE, *Shell),
    *_lines(_EXCHANGE, Shell.EXCHANGE),
    *_lines(_LYNC, Shell.LYNC, Shell.LYNC_REMOTE),
    *_lines(_WINDOWS, Shell.WINDOWS, Shell.LYNC),
    *_lines(_EDGE, Shell.EDGE),
)

_BY_NAME = {(read.name.lower(), shell): read for read in READS for shell in read.shells}
_NAMES = {name for name, _ in _BY_NAME}


def is_read(pipeline: Pipeline, shell: Shell) -> bool:
    """Whether every command of the pipeline is known to change nothing in that shell."""
    return not why_not_read(pipeline, shell)


def why_not_read(pipeline: Pipeline, shell: Shell) -> str:
    """Why the pipeline isn't a read, naming the first command that isn't; empty where it is one."""
    return next((why for cmdlet in pipeline.cmdlets if (why := _why(cmdlet, shell))), "")


def _why(cmdlet: Cmdlet, shell: Shell) -> str:
    if cmdlet.is_native:
        known = (cmdlet.name.lower(), cmdlet.arguments) in _NATIVE and shell in (Shell.WINDOWS, Shell.LYNC)
        return "" if known else f"{cmdlet.name} isn't a program known to only read, with these arguments"
    name = cmdlet.name.lower()
    read = _BY_NAME.get((name, shell))
    if read is None and name not in _NAMES:
        return f"{cmdlet.name} isn't on the list of cmdlets that only read"
    if read is None:
        return f"{cmdlet.name} isn't known to be a read in the {shell} shell"
    given = {parameter.lower() for parameter, _ in cmdlet.parameters}
    if (required := _required(read, shell)) and required not in given:
        return f"{cmdlet.name} only reads with -{_spelled(read, required)}"
    for parameter, value in cmdlet.parameters:
        if why := _why_parameter(read, parameter.lower(), value):
            return why
    return ""


def _required(read: Read, shell: Shell) -> str:
    if shell is Shell.EDGE and _LOCAL_STORE in map(str.lower, read.parameters):
        return _LOCAL_STORE
    return _REQUIRED.get(read.name.lower(), "")


def _why_parameter(read: Read, parameter: str, value: Value) -> str:
    if parameter in _COMMON:
        allowed = _COMMON[parameter]
        known = isinstance(value, str) and value.lower() in allowed
        return "" if known else f"{read.name} -{parameter}: only {', '.join(allowed)}"
    if parameter not in map(str.lower, read.parameters):
        return f"{read.name} with -{parameter} isn't on the list of cmdlets that only read"
    allows = _VALUES.get((read.name.lower(), parameter))
    if allows is not None and not allows(value):
        return f"{read.name} -{_spelled(read, parameter)} with this value isn't known to only read"
    return ""


def _spelled(read: Read, parameter: str) -> str:
    return next(name for name in read.parameters if name.lower() == parameter)
