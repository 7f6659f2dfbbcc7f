"""The computers of trusted application pools."""

from __future__ import annotations

from dataclasses import replace

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.lync_objects import computer
from rehearsal.cmdlets.lync_store import (
    FILTER,
    FORCE,
    IDENTITY,
    REMOVED_IDENTITY,
    REQUIRED_IDENTITY,
    account_or_consent,
    checked_fqdn,
    command_type,
    not_found,
    publish,
    published,
    refuse,
    selected,
    world_of,
    writable,
)
from rehearsal.lync_topology import same


@cmdlet(
    "Get-CsTrustedApplicationComputer",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsTrustedApplicationComputer.md",
    parameters={"Identity": IDENTITY, "Filter": FILTER, "Pool": Parameter(), "Local": SWITCH},
    default_set="Identity",
    command_type=command_type("Get-CsTrustedApplicationComputer"),
)
def get_cs_trusted_application_computer(call: Call) -> None:
    document = published(call)
    only = str(call.get("Pool")) if call.get("Pool") is not None else call.host.name if call.switch("Local") else None
    rows = [(name, pool.fqdn) for pool in document.trusted_pools for name in pool.computers]
    for name, pool in selected(call, rows, lambda row: row[0]):
        if only is None or same(only, pool) or (call.switch("Local") and same(only, name)):
            call.output(computer(name, pool))


@cmdlet(
    "New-CsTrustedApplicationComputer",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="New-CsTrustedApplicationComputer.md: not into a pool whose only computer has the pool's own name",
    parameters={"Identity": REQUIRED_IDENTITY, "Pool": Parameter(mandatory=True), **FORCE},
    should_process=True,
    remote=False,
    command_type=command_type("New-CsTrustedApplicationComputer"),
)
def new_cs_trusted_application_computer(call: Call) -> None:
    with world_of(call).lock:
        document = writable(call)
        fqdn = checked_fqdn(call, str(call.get("Identity")))
        pool = document.trusted_pool(str(call.get("Pool")))
        if pool is None:
            not_found(call, str(call.get("Pool")))
            return
        if document.pool_of_computer(fqdn):
            refuse(
                call, f'The computer "{fqdn}" is in a trusted application pool already.', "ComputerExists", target=fqdn
            )
        if any(same(name, pool.fqdn) for name in pool.computers):
            refuse(
                call,
                f'The computer of the pool "{pool.fqdn}" has the name of the pool, which can have no other computer.',
                "SingleComputerPool",
                target=fqdn,
            )
        if not call.should_process(fqdn) or not account_or_consent(call, fqdn):
            return
        publish(call, document.with_pool(replace(pool, computers=(*pool.computers, fqdn))))
        call.output(computer(fqdn, pool.fqdn))


@cmdlet(
    "Remove-CsTrustedApplicationComputer",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Remove-CsTrustedApplicationComputer.md",
    parameters={"Identity": REMOVED_IDENTITY, **FORCE},
    should_process=True,
    remote=False,
    command_type=command_type("Remove-CsTrustedApplicationComputer"),
)
def remove_cs_trusted_application_computer(call: Call) -> None:
    with world_of(call).lock:
        document = writable(call)
        fqdn = str(call.get("Identity"))
        pool = document.pool_of_computer(fqdn)
        if pool is None:
            not_found(call, fqdn)
            return
        if call.should_process(fqdn):
            rest = tuple(name for name in pool.computers if not same(name, fqdn))
            publish(call, document.with_pool(replace(pool, computers=rest)))
