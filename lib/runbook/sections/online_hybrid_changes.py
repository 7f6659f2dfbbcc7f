"""The changes of the hybrid, each with the command that does it and the one that takes it back.

All of them go to the Central Management store from an internal server, though the procedure speaks of the Edge: the
Edge gets them by replication (Y29, ``real-world`` B4).
"""

from __future__ import annotations

from runbook.change import Change, Json
from runbook.command import Cmdlet, Pipeline, Switch, Value, cmdlet
from runbook.facts.external_access import AccessPolicy, AccessUser
from runbook.facts.hybrid import HostingProvider
from runbook.facts.replication import Replica
from runbook.sections.organisation import Writer

ACCESS_EDGE = "AccessEdgeConfiguration:Global"
SOURCE_VERIFICATION = "UseSourceVerification"
_QUIET: dict[str, Value] = {"Force": Switch.ON, "Confirm": Switch.OFF}
_OUTAGE = (
    "From now until the new provider has reached the Edge, mostly within a minute, nobody in Exchange Online has"
    " instant messaging and presence in OWA (Y29)."
)


def wanted(identity: str, proxy_fqdn: str) -> HostingProvider:
    """The provider of the procedure, with every value it names (Y16)."""
    return HostingProvider(
        identity=identity,
        proxy_fqdn=proxy_fqdn,
        enabled=True,
        shares_address_space=True,
        hosts_users=False,
        is_local=False,
        verification_level=SOURCE_VERIFICATION,
    )


def set_access_edge(writer: Writer, name: str, consent: str, disturbs: str, requirements: tuple[str, ...]) -> Change:
    """Y11: one switch of the Access Edge, from False to True."""

    def command(value: bool) -> Pipeline:
        return Pipeline.of(cmdlet("Set-CsAccessEdgeConfiguration", **{name: value}, **_QUIET))

    return Change(
        target=writer.target,
        object=ACCESS_EDGE,
        property=name,
        before=False,
        after=True,
        command=command(True),
        reverse=(command(False),),
        requirements=requirements,
        disturbs=disturbs,
        consent=consent,
        run_locally=writer.run_locally,
    )


def create_provider(writer: Writer, provider: HostingProvider) -> Change:
    """Y16."""
    return Change(
        target=writer.target,
        object=provider_object(provider.identity),
        property="",
        before=None,
        after=values(provider),
        command=Pipeline.of(_new(provider)),
        reverse=(Pipeline.of(_remove(provider.identity)),),
        requirements=("Y15", "Y16", "Y17", "Y18", "Y19", "Y21", "Y22", "Y23", "Y24", "Y25", "Y27"),
        run_locally=writer.run_locally,
    )


def remove_provider(writer: Writer, provider: HostingProvider, consent: str) -> Change:
    """ProxyFqdn can't be changed, so the provider goes and comes again; undone, it is what it was (B3)."""
    return Change(
        target=writer.target,
        object=provider_object(provider.identity),
        property="ProxyFqdn",  # told apart from the change that makes the provider again
        before=values(provider),
        after=None,
        command=Pipeline.of(_remove(provider.identity)),
        reverse=(Pipeline.of(_new(provider)),),
        requirements=("Y16", "Y17", "Y18", "Y24", "Y29"),
        disturbs=_OUTAGE,
        consent=consent,
        run_locally=writer.run_locally,
    )


def set_provider(
    writer: Writer, identity: str, name: str, before: str | bool, after: str | bool, requirements: tuple[str, ...]
) -> Change:
    """One property of a provider that exists."""

    def command(value: str | bool) -> Pipeline:
        return Pipeline.of(cmdlet("Set-CsHostingProvider", Identity=identity, **{name: value}, **_QUIET))

    return Change(
        target=writer.target,
        object=provider_object(identity),
        property=name,
        before=before,
        after=after,
        command=command(after),
        reverse=(command(before),),
        requirements=requirements,
        run_locally=writer.run_locally,
    )


def widen_policy(writer: Writer, policy: AccessPolicy) -> Change:
    """Y05, for everybody under the policy."""

    def command(value: bool) -> Pipeline:
        ask = cmdlet("Set-CsExternalAccessPolicy", Identity=policy.identity, EnableOutsideAccess=value, **_QUIET)
        return Pipeline.of(ask)

    return Change(
        target=writer.target,
        object=f"ExternalAccessPolicy:{policy.identity}",
        property="EnableOutsideAccess",
        before=False,
        after=True,
        command=command(True),
        reverse=(command(False),),
        requirements=("Y04", "Y05", "Y06"),
        disturbs="Everybody under this policy may connect from the Internet then, with a Lync client too (Y06).",
        consent="widen_access_policies",
        run_locally=writer.run_locally,
    )


def grant_policy(writer: Writer, user: AccessUser, policy: str) -> Change:
    """Y05, for one user whom the global policy held back."""

    def command(name: str | None) -> Pipeline:
        who = user.sip_address or user.user
        return Pipeline.of(cmdlet("Grant-CsExternalAccessPolicy", Identity=who, PolicyName=name, Confirm=Switch.OFF))

    return Change(
        target=writer.target,
        object=f"user:{user.name}",
        property="ExternalAccessPolicy",
        before=user.policy or None,
        after=policy,
        command=command(policy),
        reverse=(command(user.policy or None),),
        requirements=("Y04", "Y05"),
        disturbs="The policy's other values, such as federation, become the user's as well.",
        consent="grant_access_policy",
        run_locally=writer.run_locally,
    )


def start_replication(writer: Writer, replica: Replica) -> Change:
    """A full copy to one replica; it takes two or three minutes (``real-world`` B3)."""
    command = cmdlet("Invoke-CsManagementStoreReplication", ReplicaFqdn=replica.fqdn, Force=Switch.ON)
    return Change(
        target=writer.target,
        object=f"Replica:{replica.fqdn}",
        property="UpToDate",
        before=False,
        after=True,
        command=Pipeline.of(command),
        irreversible="A copy that is up to date has nothing to take back: what it shows is changed at its source.",
        requirements=("Y29", "Y31", "Y32"),
        consent="start_replication",
        run_locally=writer.run_locally,
    )


def provider_object(identity: str) -> str:
    return f"HostingProvider:{identity}"


def _new(provider: HostingProvider) -> Cmdlet:
    more: dict[str, Value] = {}
    if provider.autodiscover_url:
        more["AutodiscoverUrl"] = provider.autodiscover_url
    if provider.sip_client_port is not None:
        more["SipClientPort"] = provider.sip_client_port
    return cmdlet(
        "New-CsHostingProvider",
        Identity=provider.identity,
        Enabled=provider.enabled,
        EnabledSharedAddressSpace=provider.shares_address_space,
        HostsOCSUsers=provider.hosts_users,
        ProxyFqdn=provider.proxy_fqdn,
        IsLocal=provider.is_local,
        VerificationLevel=provider.verification_level,
        **more,
        **_QUIET,
    )


def _remove(identity: str) -> Cmdlet:
    return cmdlet("Remove-CsHostingProvider", Identity=identity, **_QUIET)


def values(provider: HostingProvider) -> dict[str, Json]:
    """A provider as a plan shows it."""
    shown: dict[str, Json] = {name: value for name, value in _new(provider).parameters if isinstance(value, str | int)}
    return {name: value for name, value in shown.items() if name != "Identity"}
