"""How the Lync cmdlets reach the Central Management store, and what stands in the way.

A topology write goes from the Front End on to SQL Server, Active Directory and the file share. That second hop needs
delegated credentials (CredSSP); without, SQL Server sees an anonymous logon. Derived from the double-hop rule
(PowerShell-Docs, PS-remoting-second-hop.md); the wording of the error is assumed. That reading goes without
delegation, from the local replica of the store, is assumed too. On an Edge Server only the local replica is in reach.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NoReturn, TypeVar, cast

from rehearsal.cmdlet import Call, Parameter
from rehearsal.lync_topology import TopologyDocument
from rehearsal.objects import matches
from rehearsal.registry import is_restricted
from rehearsal.values import ErrorRecord
from rehearsal.world import World

T = TypeVar("T")
_FQDN = re.compile(r"(?=.{1,255}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+", re.I)
_XDS = "Microsoft.Rtc.Management.Xds"

IDENTITY = Parameter(kind="XdsGlobalRelativeIdentity", position=0, sets=("Identity",))
REQUIRED_IDENTITY = Parameter(kind="XdsGlobalRelativeIdentity", mandatory=True, position=0)
REMOVED_IDENTITY = Parameter(kind="XdsGlobalRelativeIdentity", mandatory=True, position=0, by_property_name=True)
FILTER = Parameter(sets=("Filter",))
FORCE: Mapping[str, Parameter] = {"Force": Parameter(kind="SwitchParameter")}
MUST_ENABLE = (
    "The following changes must be made in order for the operation to be complete.\n"
    "Enable-CsTopology must still be run for all changes to take effect."
)


def world_of(call: Call) -> World:
    return cast(World, call.world)


def command_type(cmdlet: str, namespace: str = _XDS) -> str:
    """``Get-CsPool`` → ``Microsoft.Rtc.Management.Xds.GetPoolCmdlet``, the second half of an error id."""
    verb, _, noun = cmdlet.partition("-")
    return f"{namespace}.{verb}{noun.removeprefix('Cs')}Cmdlet"


def published(call: Call) -> TopologyDocument:
    """The published topology, which is what the Get- cmdlets show; with -LocalStore the server's own copy of it."""
    world = world_of(call)
    if call.switch("LocalStore"):
        return world.federation.topology_at(call.host.name, world.clock.now())
    if _on_edge(call):
        _no_sql(call, "A network-related or instance-specific error occurred while establishing a connection.")
    return world.lync.published


def in_domain(call: Call) -> None:
    """Refuse what asks Active Directory on a computer that is in no domain (wording assumed)."""
    if _on_edge(call):
        refuse(call, "Active Directory error: the local computer is not joined to a domain.", "DomainNotFound")


def _on_edge(call: Call) -> bool:
    machine = world_of(call).machine(call.host.name)
    return machine is not None and "edge" in machine.roles


def writable(call: Call) -> TopologyDocument:
    """The published topology, to be changed: refused where a second hop would be needed and nobody is delegated.

    The role-based endpoint acts with rights of its own and needs none (``real-world`` B4).
    """
    document = published(call)
    if not call.identity.delegated and not is_restricted(call.path):
        _no_sql(call, "Login failed for user 'NT AUTHORITY\\ANONYMOUS LOGON'.")
    return document


def publish(call: Call, document: TopologyDocument) -> None:
    """Put the changed document into the store and warn that it isn't enabled yet."""
    world_of(call).publish(document)
    call.warning(MUST_ENABLE)


def selected(call: Call, items: Iterable[T], name: Callable[[T], str], *more: Callable[[T], str]) -> list[T]:
    """The items that -Identity or -Filter chooses; an identity that matches none is an error.

    ``name`` gives what -Filter is matched with, ``more`` other names by which -Identity finds an item.
    """
    if call.get("Filter") is not None:
        return [item for item in items if matches(str(call.get("Filter")), name(item))]
    if call.get("Identity") is None:
        return list(items)
    wanted = str(call.get("Identity")).lower()
    found = [item for item in items if wanted in {get(item).lower() for get in (name, *more)}]
    if not found:
        not_found(call, str(call.get("Identity")))
    return found


def not_found(call: Call, identity: str) -> None:
    """The non-terminating error that nothing has this identity (wording assumed)."""
    what = call.declaration.name.partition("-Cs")[2]
    call.error(
        ErrorRecord(
            message=f'Cannot find "{what}" "{identity}" because it does not exist.',
            error_id="ItemNotFound",
            category="ObjectNotFound",
            exception_type="System.Management.Automation.ItemNotFoundException",
            target_name=identity,
            target_type="String",
        )
    )


def refuse(call: Call, message: str, error_id: str, *, target: str = "") -> NoReturn:
    """A terminating error over what was asked (wording assumed)."""
    call.fail(
        ErrorRecord(
            message=message,
            error_id=error_id,
            category="InvalidArgument",
            exception_type="System.ArgumentException",
            target_name=target,
            target_type="String" if target else "",
        )
    )


def checked_fqdn(call: Call, text: str) -> str:
    """The name as it is stored, or a refusal."""
    if not _FQDN.fullmatch(text):
        refuse(call, f'"{text}" is not a valid fully qualified domain name.', "InvalidFqdn", target=text)
    return text.lower()


def account_or_consent(call: Call, fqdn: str) -> bool:
    """Whether to go on with a computer that Active Directory may not know; -Force goes on without asking."""
    if world_of(call).lync.has_account(fqdn) or call.switch("Force"):
        return True
    return call.should_continue(
        f"The computer {fqdn} of the topology to be published was not found in Active Directory, which makes "
        "Enable-CsTopology report errors when it prepares the entries of the topology's computers. Continue?"
    )


def _no_sql(call: Call, cause: str) -> NoReturn:
    call.fail(
        ErrorRecord(
            message="Could not connect to SQL server : [Exception=System.Data.SqlClient.SqlException (0x80131904): "
            f"{cause}]",
            error_id="SqlConnectionFailed",
            category="InvalidOperation",
            exception_type="Microsoft.Rtc.Common.Data.SqlConnectionException",
        )
    )
