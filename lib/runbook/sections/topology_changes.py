"""The changes of a Lync topology, each with the command that does it and the one that takes it back.

Every command runs in the shell of a Front End, never on the role-based endpoint, and writes to the Central
Management store, the directory and a file share: without delegation it has to be run locally (``real-world`` B4).
``Force`` and ``Confirm:$False`` stand wherever a prompt could come, since nobody would answer it.
"""

from __future__ import annotations

from dataclasses import replace

from runbook.change import Change, Json
from runbook.command import Cmdlet, Pipeline, Switch, Value, cmdlet
from runbook.facts.lync import TrustedApplication, TrustedComputer, TrustedPool
from runbook.parameters import TrustedPoolParameters
from runbook.sections.organisation import Writer

TOPOLOGY = "topology"
_QUIET: dict[str, Value] = {"Force": Switch.ON, "Confirm": Switch.OFF}
_ENABLE = Pipeline.of(cmdlet("Enable-CsTopology", Confirm=Switch.OFF))
_EXPORT = Pipeline.of(cmdlet("Export-CsConfiguration", AsBytes=Switch.ON))


def create_pool(writer: Writer, given: TrustedPoolParameters) -> Change:
    """L28: the pool, with its first computer where the parameters name one."""
    optional: dict[str, Value] = {}
    if not given.treat_as_authenticated:
        optional["TreatAsAuthenticated"] = False
    if given.computer_fqdns:
        optional["ComputerFqdn"] = given.computer_fqdns[0]
    command = cmdlet(
        "New-CsTrustedApplicationPool",
        Identity=given.owa_pool_fqdn,
        Registrar=given.registrar_pool_fqdn,
        Site=given.site_id,
        RequiresReplication=given.requires_replication,
        **optional,
        **_QUIET,
    )
    after: Json = {
        "Registrar": given.registrar_pool_fqdn,
        "Site": given.site_id,
        "RequiresReplication": given.requires_replication,
        "TreatAsAuthenticated": given.treat_as_authenticated,
        "Computers": list(given.computer_fqdns[:1]) or [given.owa_pool_fqdn],
    }
    undo = cmdlet("Remove-CsTrustedApplicationPool", Identity=given.owa_pool_fqdn, **_QUIET)
    required = ("L26", "L27", "L28", "L29", "L31", "L32", "L35")
    return _change(writer, pool_object(given.owa_pool_fqdn), None, after, command, (undo,), required)


def set_pool(writer: Writer, pool: TrustedPool, name: str, before: str | bool, after: str | bool) -> Change:
    """One property of a pool that exists."""
    command = cmdlet("Set-CsTrustedApplicationPool", Identity=pool.fqdn, **{name: after}, **_QUIET)
    undo = cmdlet("Set-CsTrustedApplicationPool", Identity=pool.fqdn, **{name: before}, **_QUIET)
    change = _change(writer, pool_object(pool.fqdn), before, after, command, (undo,), ("L28", "L31", "L35"))
    if before == "":
        return replace(
            change, property=name, reverse=(), irreversible="A Registrar can be changed, but not taken away."
        )
    return replace(change, property=name)


def add_computer(writer: Writer, pool: str, fqdn: str) -> Change:
    command = cmdlet("New-CsTrustedApplicationComputer", Identity=fqdn, Pool=pool, **_QUIET)
    undo = cmdlet("Remove-CsTrustedApplicationComputer", Identity=fqdn, **_QUIET)
    return _change(writer, f"TrustedApplicationComputer:{fqdn}", None, {"Pool": pool}, command, (undo,), ("L26", "L28"))


def create_application(writer: Writer, given: TrustedPoolParameters) -> Change:
    """L36: the application, its id and its port."""
    command = cmdlet(
        "New-CsTrustedApplication",
        ApplicationId=given.application_id,
        TrustedApplicationPoolFqdn=given.owa_pool_fqdn,
        Port=given.application_port,
        **_QUIET,
    )
    identity = f"{given.owa_pool_fqdn}/urn:application:{given.application_id.lower()}"
    undo = cmdlet("Remove-CsTrustedApplication", Identity=identity, **_QUIET)
    after: Json = {"Port": given.application_port}
    return _change(writer, identity, None, after, command, (undo,), ("L26", "L36", "L37", "L40"))


def set_port(writer: Writer, application: TrustedApplication, port: int) -> Change:
    command = cmdlet("Set-CsTrustedApplication", Identity=application.identity, Port=port, **_QUIET)
    undo = cmdlet("Set-CsTrustedApplication", Identity=application.identity, Port=application.port, **_QUIET)
    change = _change(writer, application.identity, application.port, port, command, (undo,), ("L36", "L40"))
    return replace(change, property="Port")


def remove_application(writer: Writer, application: TrustedApplication, consent: str) -> Change:
    """L24, first half."""
    command = cmdlet("Remove-CsTrustedApplication", Identity=application.identity, **_QUIET)
    undo = cmdlet(
        "New-CsTrustedApplication",
        ApplicationId=application.application_id,
        TrustedApplicationPoolFqdn=application.pool,
        Port=application.port,
        **_QUIET,
    )
    before: Json = {"Port": application.port}
    change = _change(writer, application.identity, before, None, command, (undo,), ("L22", "L24"))
    return replace(change, consent=consent, disturbs=f"The application {application.application_id} stops working.")


def remove_pool(
    writer: Writer, pool: TrustedPool, computers: tuple[TrustedComputer, ...], site_id: str, consent: str
) -> Change:
    """L24, second half; a pool takes its computers with it. ``site_id`` is what ``-Site`` would take."""
    command = cmdlet("Remove-CsTrustedApplicationPool", Identity=pool.fqdn, **_QUIET)
    # A computer with the pool's own name has to come last: such a pool takes no further one.
    names = sorted((computer.fqdn for computer in computers), key=lambda name: name.lower() == pool.fqdn.lower())
    first: dict[str, Value] = {"ComputerFqdn": names[0]} if names else {}
    undo = cmdlet(
        "New-CsTrustedApplicationPool",
        Identity=pool.fqdn,
        Registrar=pool.registrar,
        Site=site_id,
        RequiresReplication=pool.requires_replication,
        TreatAsAuthenticated=pool.treat_as_authenticated,
        ThrottleAsServer=pool.throttle_as_server,
        OutboundOnly=pool.outbound_only,
        **first,
        **_QUIET,
    )
    more = tuple(cmdlet("New-CsTrustedApplicationComputer", Identity=n, Pool=pool.fqdn, **_QUIET) for n in names[1:])
    before: Json = {
        "Registrar": pool.registrar,
        "Site": site_id,
        "RequiresReplication": pool.requires_replication,
        "TreatAsAuthenticated": pool.treat_as_authenticated,
        "ThrottleAsServer": pool.throttle_as_server,
        "OutboundOnly": pool.outbound_only,
        "Computers": list[Json](computer.fqdn for computer in computers),
    }
    change = _change(writer, pool_object(pool.fqdn), before, None, command, (undo, *more), ("L22", "L23", "L24"))
    return replace(change, consent=consent)


def remove_computer(writer: Writer, computer: TrustedComputer) -> Change:
    """A computer that Lync discovers by itself leaves a pool that has others."""
    command = cmdlet("Remove-CsTrustedApplicationComputer", Identity=computer.fqdn, **_QUIET)
    undo = cmdlet("New-CsTrustedApplicationComputer", Identity=computer.fqdn, Pool=computer.pool, **_QUIET)
    object = f"TrustedApplicationComputer:{computer.fqdn}"
    return _change(writer, object, {"Pool": computer.pool}, None, command, (undo,), ("L21", "L22", "L24"))


def enable(writer: Writer, changes: list[Change], consent: str) -> tuple[Change, ...]:
    """The changes, followed by Enable-CsTopology (L41), before which the configuration is exported.

    Undo goes backwards, so the first change is the last to be taken back: its reverse enables the topology again.
    """
    last = Change(
        target=writer.target,
        object=TOPOLOGY,
        property="enabled",
        before=False,
        after=True,
        command=_ENABLE,
        irreversible="What is enabled stays so until the changes before it are taken back and enabled again.",
        requirements=("L41",),
        disturbs="Everything that was published takes effect, whoever published it." if consent else "",
        consent=consent,
        run_locally=writer.run_locally,
        exports=_EXPORT,
        repeats=True,
    )
    if changes and changes[0].reverse:
        changes = [replace(changes[0], reverse=(*changes[0].reverse, _ENABLE)), *changes[1:]]
    return (*changes, last)


def pool_object(fqdn: str) -> str:
    return f"TrustedApplicationPool:{fqdn}"


def _change(
    writer: Writer,
    object: str,
    before: Json,
    after: Json,
    command: Cmdlet,
    undo: tuple[Cmdlet, ...],
    requirements: tuple[str, ...],
) -> Change:
    return Change(
        target=writer.target,
        object=object,
        property="",
        before=before,
        after=after,
        command=Pipeline.of(command),
        reverse=tuple(map(Pipeline.of, undo)),
        requirements=requirements,
        run_locally=writer.run_locally,
    )
