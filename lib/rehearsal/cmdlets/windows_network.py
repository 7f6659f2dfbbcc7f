"""Test-NetConnection: whether a name resolves and a TCP port answers, as seen from the server that it runs on."""

from __future__ import annotations

from typing import Any, cast

from rehearsal.cmdlet import Basis, Call, Parameter, cmdlet
from rehearsal.host import WindowsHost
from rehearsal.network import connects, resolves
from rehearsal.values import Integer, Thing
from rehearsal.world import World

_WELL_KNOWN = {"HTTP": 80, "RDP": 3389, "SMB": 445, "WINRM": 5985}
_DEFAULT = "internetbeacon.msedge.net"
_SINCE = (6, 3)
_RESULT = "TestNetConnectionResult"


def _offered(host: WindowsHost) -> bool:
    """From Windows Server 2012 R2 on."""
    return tuple(int(part) for part in host.os_version.split(".")[:2]) >= _SINCE


@cmdlet(
    "Test-NetConnection",
    module="NetTCPIP",
    basis=Basis.DOCUMENTED,
    source="windows-powershell-docs Test-NetConnection; the words of the warnings and the order of the properties are "
    "from memory of the module's script",
    parameters={
        "ComputerName": Parameter(position=0, by_value=True, aliases=("RemoteAddress", "cn")),
        "TraceRoute": Parameter(kind="SwitchParameter", sets=("ICMP",)),
        "Hops": Parameter(kind="Int32", sets=("ICMP",)),
        "CommonTCPPort": Parameter(sets=("CommonTCPPort",), position=1, mandatory=True, names=tuple(_WELL_KNOWN)),
        "Port": Parameter(kind="Int32", sets=("RemotePort",), mandatory=True, aliases=("RemotePort",)),
        "InformationLevel": Parameter(names=("Quiet", "Detailed")),
    },
    default_set="ICMP",
    installed=_offered,
    command_type="Test-NetConnection",
)
def test_net_connection(call: Call) -> None:
    world, name = cast(World, call.world), str(call.get("ComputerName") or _DEFAULT)
    port = _port(call)
    resolved = resolves(world, name)
    connected = port is not None and connects(world, call.host.name, name, port)
    if not resolved:
        call.warning(f"Name resolution of {name} failed")
    elif port is not None and not connected:
        call.warning(f"TCP connect to ({name} : {port}) failed")
    if str(call.get("InformationLevel") or "").lower() == "quiet":
        call.output(resolved if port is None else connected)
        return
    call.output(_result(name, port, resolved=resolved, connected=connected))


def _port(call: Call) -> int | None:
    if call.given("CommonTCPPort"):
        return _WELL_KNOWN[str(call.get("CommonTCPPort")).upper()]
    return int(call.get("Port")) if call.given("Port") else None


def _result(name: str, port: int | None, *, resolved: bool, connected: bool) -> Thing:
    """Without an address: the servers of this organisation have none."""
    properties: dict[str, Any] = {
        "ComputerName": name,
        "RemoteAddress": None,
        "ResolvedAddresses": None,
        "PingSucceeded": resolved,
        "PingReplyDetails": None,
        "TcpClientSocket": None,
        "TcpTestSucceeded": connected,
        "RemotePort": Integer(port or 0, "UInt32"),
        "TraceRoute": None,
        "Detailed": False,
        "InterfaceAlias": "Ethernet",
        "InterfaceIndex": Integer(12, "UInt32"),
        "InterfaceDescription": "Ethernet",
        "NetAdapter": None,
        "NetRoute": None,
        "SourceAddress": None,
        "NameResolutionSucceeded": resolved,
        "BasicNameResolution": None,
        "LLMNRNetbiosRecords": None,
        "DNSOnlyRecords": None,
        "AllNameResolutionResults": None,
        "IsAdmin": True,
        "NetworkIsolationContext": "Private Network",
        "MatchingIPsecRules": None,
    }
    return Thing((_RESULT, "System.Object"), _RESULT, properties)
