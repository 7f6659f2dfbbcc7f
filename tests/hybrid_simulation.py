"""What the plan of *online hybrid* does to its facts, as far as the documents say: small, pure, and for tests only.

It knows commands, not decisions. Replication is through at once, since the section only waits for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from runbook.command import Cmdlet, Pipeline, Switch
from runbook.facts.hybrid import HostingProvider
from runbook.sections.online_hybrid_facts import CentralStore, OnlineHybridFacts

_FIELDS = {
    "ProxyFqdn": "proxy_fqdn",
    "Enabled": "enabled",
    "EnabledSharedAddressSpace": "shares_address_space",
    "HostsOCSUsers": "hosts_users",
    "IsLocal": "is_local",
    "VerificationLevel": "verification_level",
    "AutodiscoverUrl": "autodiscover_url",
    "SipClientPort": "sip_client_port",
}


def run(facts: OnlineHybridFacts, pipeline: Pipeline) -> OnlineHybridFacts:
    """The facts after a command has run and has reached every replica."""
    (command,) = pipeline.cmdlets
    given = {name: value for name, value in command.parameters if not isinstance(value, Switch)}
    central = _central(facts.central, command, given)
    edges = tuple(
        replace(edge, hosting_providers=central.hosting_providers, access_edge=central.access_edge)
        for edge in facts.edges
    )
    return replace(facts, central=central, edges=edges)


def _central(found: CentralStore, command: Cmdlet, given: dict[str, Any]) -> CentralStore:
    identity = str(given.get("Identity", ""))
    providers: list[HostingProvider] = list(_rows(found.hosting_providers))
    match command.name:
        case "Set-CsAccessEdgeConfiguration":
            names = {"AllowFederatedUsers": "allows_federation", "AllowOutsideUsers": "allows_outside_users"}
            changed: Any = {names[name]: value for name, value in given.items()}
            return replace(found, access_edge=replace(_read(found.access_edge), **changed))
        case "New-CsHostingProvider":
            assert not _read(found.access_edge).has_default_routing
            everybody = [*providers, *_rows(found.public_providers)]
            taken = {each.identity.lower() for each in everybody} | {each.proxy_fqdn.lower() for each in everybody}
            assert not {identity.lower(), str(given["ProxyFqdn"]).lower()} & taken
            values: Any = {_FIELDS[name]: value for name, value in given.items() if name in _FIELDS}
            providers.append(HostingProvider(identity=identity, **values))
        case "Set-CsHostingProvider":
            assert "ProxyFqdn" not in given
            values = {_FIELDS[name]: value for name, value in given.items() if name in _FIELDS}
            providers = [replace(each, **values) if each.identity == identity else each for each in providers]
        case "Remove-CsHostingProvider":
            assert any(each.identity == identity for each in providers)
            providers = [each for each in providers if each.identity != identity]
        case "Set-CsExternalAccessPolicy":
            assert identity.lower() != "global"
            policies = tuple(
                replace(each, admits_outside=bool(given["EnableOutsideAccess"])) if each.identity == identity else each
                for each in _rows(found.access_policies)
            )
            return replace(found, access_policies=policies)
        case "Grant-CsExternalAccessPolicy":
            policy = str(given["PolicyName"] or "")
            assert not policy or any(each.identity == f"Tag:{policy}" for each in _rows(found.access_policies))
            users = tuple(
                replace(each, policy=policy) if each.sip_address == identity else each for each in _rows(found.users)
            )
            return replace(found, users=users)
        case "Invoke-CsManagementStoreReplication":
            replicas = tuple(
                replace(each, up_to_date=True) if each.fqdn == given["ReplicaFqdn"] else each
                for each in _rows(found.replicas)
            )
            return replace(found, replicas=replicas)
        case _:
            raise AssertionError(command.name)
    return replace(found, hosting_providers=tuple(providers))


def _read(fact: Any) -> Any:
    return fact


def _rows(found: Any) -> Any:
    assert isinstance(found, tuple)
    return found
