"""Trusted application pools.

Defaults, conditions and effects are documented (office-docs-powershell); that New- asks where the computer has no
account in Active Directory, whatever -Confirm says, is from memory (real-world.md).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from rehearsal.cmdlet import Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.lync_objects import trusted_pool
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
from rehearsal.lync_topology import TopologyDocument, TrustedPool, same

_BOOLEAN = Parameter(kind="Boolean")
_PORT = Parameter(kind="UInt16")
_PORTS = {f"{kind}Port{end}": _PORT for kind in ("AppSharing", "Audio", "Video") for end in ("Start", "Count")}
_SETTINGS: dict[str, Parameter] = {
    **_PORTS,
    "OutboundOnly": _BOOLEAN,
    "Registrar": Parameter(),
    "RequiresReplication": _BOOLEAN,
    "ThrottleAsServer": _BOOLEAN,
    "TreatAsAuthenticated": _BOOLEAN,
}
_FIELDS = {
    "OutboundOnly": "outbound_only",
    "RequiresReplication": "requires_replication",
    "ThrottleAsServer": "throttle_as_server",
    "TreatAsAuthenticated": "treat_as_authenticated",
}


@cmdlet(
    "Get-CsTrustedApplicationPool",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsTrustedApplicationPool.md",
    parameters={"Identity": IDENTITY, "Filter": FILTER, "PoolFqdn": Parameter()},
    default_set="Identity",
    command_type=command_type("Get-CsTrustedApplicationPool"),
)
def get_cs_trusted_application_pool(call: Call) -> None:
    document = published(call)
    only = call.get("PoolFqdn")
    for pool in selected(call, document.trusted_pools, _service_identity, lambda pool: pool.fqdn):
        if only is None or same(pool.fqdn, str(only)):
            call.output(trusted_pool(document, pool))


@cmdlet(
    "New-CsTrustedApplicationPool",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="New-CsTrustedApplicationPool.md; L28 to L35; JJ204857 for -ComputerFqdn",
    parameters={
        "Identity": REQUIRED_IDENTITY,
        **_SETTINGS,
        "ComputerFqdn": Parameter(kind="Fqdn"),
        "Site": Parameter(),
        **FORCE,
    },
    should_process=True,
    remote=False,
    command_type=command_type("New-CsTrustedApplicationPool"),
)
def new_cs_trusted_application_pool(call: Call) -> None:
    with world_of(call).lock:
        document = writable(call)
        fqdn = checked_fqdn(call, str(call.get("Identity")))
        if document.trusted_pool(fqdn):
            refuse(call, f'A trusted application pool "{fqdn}" already exists.', "PoolExists", target=fqdn)
        pool = TrustedPool(
            fqdn=fqdn,
            site=_site(call, document, fqdn),
            registrar=_registrar(call, document),
            service_number=document.next_service_number(),
            computers=(checked_fqdn(call, str(call.get("ComputerFqdn", fqdn))),),
        )
        pool = replace(pool, **_given(call, pool))
        if not call.should_process(fqdn) or not account_or_consent(call, pool.computers[0]):
            return
        changed = document.with_pool(pool)
        publish(call, changed)
        call.output(trusted_pool(changed, pool))


@cmdlet(
    "Set-CsTrustedApplicationPool",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Set-CsTrustedApplicationPool.md",
    parameters={"Identity": replace(IDENTITY, sets=()), **_SETTINGS, **FORCE},
    should_process=True,
    remote=False,
    command_type=command_type("Set-CsTrustedApplicationPool"),
)
def set_cs_trusted_application_pool(call: Call) -> None:
    with world_of(call).lock:
        document = writable(call)
        pool = _existing(call, document)
        if pool is None:
            return
        changes = _given(call, pool)
        if call.given("Registrar"):
            changes["registrar"] = _registrar(call, document)
        if call.should_process(pool.fqdn):
            publish(call, document.with_pool(replace(pool, **changes)))


@cmdlet(
    "Remove-CsTrustedApplicationPool",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Remove-CsTrustedApplicationPool.md: takes computers and applications along; not without a Registrar; L24",
    parameters={"Identity": REMOVED_IDENTITY, **FORCE},
    should_process=True,
    remote=False,
    command_type=command_type("Remove-CsTrustedApplicationPool"),
)
def remove_cs_trusted_application_pool(call: Call) -> None:
    with world_of(call).lock:
        document = writable(call)
        pool = _existing(call, document)
        if pool is None:
            return
        if pool.registrar is None:
            refuse(
                call,
                f'The trusted application pool "{pool.fqdn}" has no Registrar and cannot be removed. Set one first.',
                "RegistrarMissing",
                target=pool.fqdn,
            )
        if call.should_process(pool.fqdn):
            publish(call, document.without_pool(pool.fqdn))


def _service_identity(pool: TrustedPool) -> str:
    return f"TrustedApplicationPool:{pool.fqdn}"


def _existing(call: Call, document: TopologyDocument) -> TrustedPool | None:
    identity = str(call.get("Identity") or "")
    pool = document.trusted_pool(identity)
    if pool is None:
        not_found(call, identity)
    return pool


def _site(call: Call, document: TopologyDocument, fqdn: str) -> str:
    """The Identity of the site. -Site takes a SiteId; a pool that is there for something else brings its own."""
    if not call.given("Site"):
        existing = document.lync_pool(fqdn)
        if existing is None:
            refuse(call, f'The pool "{fqdn}" does not exist: -Site must say where it is created.', "SiteMissing")
        return existing.site
    wanted = str(call.get("Site"))
    site = document.site_by_id(wanted)
    if site is None:
        refuse(call, f'There is no site with the SiteId "{wanted}".', "SiteNotFound", target=wanted)
    return site.identity


def _registrar(call: Call, document: TopologyDocument) -> str | None:
    """The pool FQDN of a Registrar, from its FQDN or its service identity."""
    if call.get("Registrar") is None:
        return None
    wanted = str(call.get("Registrar"))
    pool = document.lync_pool(re.sub(r"^registrar:", "", wanted, flags=re.IGNORECASE))
    if pool is None or "Registrar" not in pool.services:
        refuse(call, f'There is no Registrar service "{wanted}".', "RegistrarNotFound", target=wanted)
    return pool.fqdn


def _given(call: Call, pool: TrustedPool) -> dict[str, Any]:
    changes: dict[str, Any] = {field: call.get(name) for name, field in _FIELDS.items() if call.given(name)}
    ports = {name: int(call.get(name)) for name in _PORTS if call.given(name)}
    if ports:
        changes["ports"] = tuple(sorted({**dict(pool.ports), **ports}.items()))
    return changes
