"""How changes of the hybrid are taken back: what their objects hold now, and by which commands."""

from __future__ import annotations

from collections.abc import Sequence

from runbook.change import Change, Json
from runbook.command import Shell
from runbook.estate import Estate
from runbook.facts.query import Unread
from runbook.parameters_hybrid import OnlineHybridParameters
from runbook.sections import online_hybrid_changes as changes
from runbook.sections.online_hybrid_facts import CentralStore, OnlineHybridFacts
from runbook.sections.reversal import Reversal, like

_POLICY, _USER, _PROVIDER = "ExternalAccessPolicy:", "user:", changes.provider_object("")

_LINES = """
Set-CsAccessEdgeConfiguration AllowFederatedUsers AllowOutsideUsers Force Confirm
New-CsHostingProvider         Identity Enabled EnabledSharedAddressSpace HostsOCSUsers ProxyFqdn IsLocal \
                              VerificationLevel AutodiscoverUrl SipClientPort Force Confirm
Set-CsHostingProvider         Identity Enabled EnabledSharedAddressSpace HostsOCSUsers IsLocal VerificationLevel \
                              Force Confirm
Remove-CsHostingProvider      Identity Force Confirm
Set-CsExternalAccessPolicy    Identity EnableOutsideAccess Force Confirm
Grant-CsExternalAccessPolicy  Identity PolicyName Confirm
"""
_COMMANDS = "\n".join(
    f"{shell} {line}" for shell in (Shell.LYNC, Shell.LYNC_REMOTE) for line in _LINES.strip().splitlines()
)


def present(
    given: OnlineHybridParameters, estate: Estate, facts: OnlineHybridFacts, change: Change, made: Sequence[Change]
) -> Json | Unread:
    central, object = facts.central, change.object
    if object == changes.ACCESS_EDGE:
        return _access_edge(central, change.property)
    if object.startswith(_PROVIDER):
        return _provider(central, change)
    if object.startswith(_POLICY):
        if isinstance(central.access_policies, Unread):
            return central.access_policies
        identity = object.removeprefix(_POLICY).lower()
        return next(
            (each.admits_outside for each in central.access_policies if each.identity.lower() == identity), None
        )
    if object.startswith(_USER):
        if isinstance(central.users, Unread):
            return central.users
        name = object.removeprefix(_USER).lower()
        return next((each.policy or None for each in central.users if each.name.lower() == name), None)
    return None


def _access_edge(central: CentralStore, property: str) -> Json | Unread:
    found = central.access_edge
    if isinstance(found, Unread):
        return found
    return {"AllowFederatedUsers": found.allows_federation, "AllowOutsideUsers": found.allows_outside_users}[property]


def _provider(central: CentralStore, change: Change) -> Json | Unread:
    """One property, or all of them where the change makes or removes the provider."""
    if isinstance(central.hosting_providers, Unread):
        return central.hosting_providers
    identity = change.object.removeprefix(_PROVIDER).lower()
    found = next((each for each in central.hosting_providers if each.identity.lower() == identity), None)
    if found is None:
        return None
    values = changes.values(found)
    if change.before is None or change.after is None:
        return like(change.after if change.before is None else change.before, values)
    return values.get(change.property)


REVERSAL = Reversal(present=present, commands=_COMMANDS)
