"""The lab's side of hybrid: what the documents say of federation, providers, access policies and replication."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lab_shells import Console
from rehearsal.online_presence import PROXIES
from rehearsal.presence import presence
from rehearsal.topologies import build_world
from rehearsal.world import World

FRONT_END, EDGE = "atl-fe-001.litwareinc.com", "atl-edge-001.litwareinc.com"
PROVIDER: dict[str, Any] = {
    "Identity": "Exchange Online",
    "Enabled": True,
    "EnabledSharedAddressSpace": True,
    "HostsOCSUsers": False,
    "IsLocal": False,
    "VerificationLevel": "UseSourceVerification",
}


def front_end(world: World) -> Console:
    return Console(world, FRONT_END, "/wsman", "lync-admin", delegated=True)


def edge(world: World) -> Console:
    return Console(world, EDGE, "/wsman", "edge-admin")


def refused(outcome: Any) -> str:
    return str(outcome.failed.error_id).partition(",")[0] if outcome.failed else ""


def online_reasons(world: World) -> set[str]:
    online = {person.upn for person in world.exchange.people if person.online}
    return {why for upn, reasons in presence(world).reasons.items() if upn in online for why in reasons}


@pytest.fixture
def world() -> World:
    return build_world("hybrid-worldwide")


def follow_the_procedure(world: World, cloud: str = "worldwide") -> None:
    shell = front_end(world)
    shell.run("Set-CsAccessEdgeConfiguration", AllowFederatedUsers=True)
    shell.run("New-CsHostingProvider", ProxyFqdn=PROXIES[cloud], **PROVIDER)
    shell.run("Set-CsExternalAccessPolicy", "Tag:Cloud", EnableOutsideAccess=True)


@pytest.mark.parametrize(
    ("topology", "cloud"),
    [("hybrid-worldwide", "worldwide"), ("hybrid-21vianet", "21vianet"), ("hybrid-gcchigh", "gcc-high")],
)
def test_the_procedure_brings_presence_once_the_edge_has_received_it(topology: str, cloud: str) -> None:
    world = build_world(topology)
    follow_the_procedure(world, cloud)
    assert online_reasons(world)
    world.clock.tick(timedelta(minutes=1))
    assert online_reasons(world) == set()


@pytest.mark.parametrize("cloud", ["21vianet", "gcc-high"])
def test_another_clouds_proxy_brings_nothing(world: World, cloud: str) -> None:
    follow_the_procedure(world, cloud)
    world.clock.tick(timedelta(minutes=1))
    assert online_reasons(world) == {f"{EDGE}: no hosting provider has the proxy exap.um.outlook.com (Y16 to Y18)"}


def test_a_provider_is_made_once_and_its_proxy_belongs_to_one(world: World) -> None:
    shell = front_end(world)
    assert shell.run("New-CsHostingProvider", ProxyFqdn="EXAP.um.outlook.com", **PROVIDER).failed is None
    assert refused(shell.run("New-CsHostingProvider", ProxyFqdn="other.example.com", **PROVIDER)) == "ItemExists"
    second = {**PROVIDER, "Identity": "Second"}
    assert refused(shell.run("New-CsHostingProvider", ProxyFqdn="exap.UM.outlook.com", **second)) == "ProxyFqdnInUse"
    taken = {**PROVIDER, "Identity": "Third"}
    fqdn = "federation.messenger.msn.com"
    assert refused(shell.run("New-CsHostingProvider", ProxyFqdn=fqdn, **taken)) == "ProxyFqdnInUse"


def test_default_routing_and_providers_exclude_each_other(world: World) -> None:
    shell = front_end(world)
    asked = shell.run("Set-CsAccessEdgeConfiguration", UseDefaultRouting=True, DefaultRouteFqdn="sip.litwareinc.com")
    assert refused(asked) == "ProvidersExist"
    other = build_world("hybrid-worldwide", states=["default-routing"])
    made = front_end(other).run("New-CsHostingProvider", ProxyFqdn=PROXIES["worldwide"], **PROVIDER)
    assert refused(made) == "DefaultRouting"


def test_a_proxy_cannot_be_changed(world: World) -> None:
    front_end(world).run("New-CsHostingProvider", ProxyFqdn=PROXIES["worldwide"], **PROVIDER)
    assert refused(front_end(world).run("Set-CsHostingProvider", "Exchange Online", ProxyFqdn="x.example.com"))


def test_replicas_lag_and_come_up_to_date_by_themselves(world: World) -> None:
    shell = front_end(world)
    assert set(shell.run("Get-CsManagementStoreReplicationStatus").values("UpToDate")) == {True}
    shell.run("Set-CsAccessEdgeConfiguration", AllowFederatedUsers=True)
    assert set(shell.run("Get-CsManagementStoreReplicationStatus").values("UpToDate")) == {False}
    assert edge(world).run("Get-CsAccessEdgeConfiguration", LocalStore=True).values("AllowFederatedUsers") == [False]
    world.clock.tick(timedelta(minutes=1))
    assert set(shell.run("Get-CsManagementStoreReplicationStatus").values("UpToDate")) == {True}
    assert edge(world).run("Get-CsAccessEdgeConfiguration", LocalStore=True).values("AllowFederatedUsers") == [True]


def test_a_replica_that_has_stopped_needs_a_full_copy() -> None:
    world = build_world("hybrid-worldwide", states=["stuck-replica"])
    shell = front_end(world)
    shell.run("Set-CsAccessEdgeConfiguration", AllowFederatedUsers=True)
    world.clock.tick(timedelta(hours=1))
    assert shell.run("Get-CsManagementStoreReplicationStatus", EDGE).values("UpToDate") == [False]
    shell.run("Invoke-CsManagementStoreReplication", EDGE)
    world.clock.tick(timedelta(minutes=5))
    assert shell.run("Get-CsManagementStoreReplicationStatus", EDGE).values("UpToDate") == [True]


def test_an_edge_knows_its_own_copy_only(world: World) -> None:
    assert refused(edge(world).run("Get-CsHostingProvider")) == "SqlConnectionFailed"
    assert edge(world).run("Get-CsHostingProvider", LocalStore=True).failed is None
    assert refused(edge(world).run("Set-CsAccessEdgeConfiguration", AllowFederatedUsers=True)) == "SqlConnectionFailed"


def test_the_policy_of_the_user_comes_before_the_sites_and_the_global_one(world: World) -> None:
    follow_the_procedure(world)
    world.clock.tick(timedelta(minutes=1))
    shell = front_end(world)
    somebody = next(one for one in world.exchange.people if one.online and one.external_access == "Cloud")
    shell.run("Set-CsExternalAccessPolicy", "Site:Redmond", EnableOutsideAccess=False)
    world.clock.tick(timedelta(minutes=1))
    assert somebody.upn not in presence(world).reasons
    shell.run("Grant-CsExternalAccessPolicy", somebody.upn, None)
    assert presence(world).reasons[somebody.upn] == (
        "the external access policy Site:Redmond does not admit remote users (Y05)",
    )


def test_what_changes_is_in_the_journal(world: World) -> None:
    follow_the_procedure(world)
    said = {(one["object"], one["property"]) for one in world.journal.as_json()["entries"]}
    assert ("access edge", "allow_federated_users") in said
    assert ("external access policy Tag:Cloud", "enable_outside_access") in said
    assert any(object == "hosting provider Exchange Online" for object, _ in said)


def test_a_provider_that_is_removed_is_gone_from_the_store_and_in_the_journal(world: World) -> None:
    follow_the_procedure(world)
    assert front_end(world).run("Remove-CsHostingProvider", "Exchange Online").failed is None
    assert world.federation.current.provider("Exchange Online") is None
    last = world.journal.as_json()["entries"][-1]
    assert (last["object"], last["after"]) == ("hosting provider Exchange Online", None)


def test_the_role_based_endpoint_writes_with_rights_of_its_own(world: World) -> None:
    """real-world B4: a role's cmdlets need no second hop of the caller's account."""
    by_role = Console(world, FRONT_END, "/OcsPowershell", "lync-admin")
    assert by_role.run("Set-CsAccessEdgeConfiguration", AllowFederatedUsers=True).failed is None
    ordinary = Console(world, FRONT_END, "/wsman", "lync-admin")
    assert refused(ordinary.run("Set-CsAccessEdgeConfiguration", AllowFederatedUsers=False)) == "SqlConnectionFailed"


def test_a_proxy_counts_whatever_its_letter_case_and_is_kept_as_it_was_written() -> None:
    """Y17 is printed with capitals."""
    world = build_world("hybrid-21vianet")
    shell = front_end(world)
    shell.run("Set-CsAccessEdgeConfiguration", AllowFederatedUsers=True)
    shell.run("New-CsHostingProvider", ProxyFqdn="EXAP.um.Partner.Outlook.CN", **PROVIDER)
    shell.run("Set-CsExternalAccessPolicy", "Tag:Cloud", EnableOutsideAccess=True)
    world.clock.tick(timedelta(minutes=1))
    assert online_reasons(world) == set()
    found = shell.run("Get-CsHostingProvider", "Exchange Online")
    assert found.values("ProxyFqdn") == ["EXAP.um.Partner.Outlook.CN"]


def test_a_public_providers_name_is_taken_for_hosting_providers_too(world: World) -> None:
    given = {**PROVIDER, "Identity": "skype"}
    assert refused(front_end(world).run("New-CsHostingProvider", ProxyFqdn=PROXIES["worldwide"], **given)) == (
        "ItemExists"
    )


def test_skype_for_business_brings_a_provider_that_nobody_asked_for() -> None:
    assert front_end(build_world("hybrid-worldwide")).run("Get-CsHostingProvider").output == []
    for topology in ("hybrid-21vianet", "hybrid-gcchigh"):
        heard = front_end(build_world(topology)).run("Get-CsHostingProvider")
        assert (heard.values("ProxyFqdn"), heard.values("Enabled")) == (["sipfed.online.lync.com"], [False])


@pytest.mark.parametrize(
    ("property", "reason"),
    [
        ("Enabled", "is disabled (Y21)"),
        ("EnabledSharedAddressSpace", "does not share the address space (Y22)"),
        ("HostsOCSUsers", "is said to host Lync users (Y23)"),
        ("IsLocal", "is said to be local (Y25)"),
    ],
)
def test_every_flag_of_the_provider_counts(world: World, property: str, reason: str) -> None:
    follow_the_procedure(world)
    front_end(world).run("Set-CsHostingProvider", "Exchange Online", **{property: not PROVIDER[property]})
    world.clock.tick(timedelta(minutes=1))
    assert online_reasons(world) == {f"{EDGE}: the hosting provider Exchange Online {reason}"}


@pytest.mark.parametrize("level", ["AlwaysVerifiable", "AlwaysUnverifiable"])
def test_the_verification_level_counts_and_the_default_one_is_another(world: World, level: str) -> None:
    without = {name: value for name, value in PROVIDER.items() if name != "VerificationLevel"}
    shell = front_end(world)
    made = shell.run("New-CsHostingProvider", ProxyFqdn=PROXIES["worldwide"], **without)
    assert made.texts("VerificationLevel") == ["AlwaysVerifiable"]
    follow_the_procedure(world)
    shell.run("Set-CsHostingProvider", "Exchange Online", VerificationLevel=level)
    world.clock.tick(timedelta(minutes=1))
    (reason,) = online_reasons(world)
    assert reason.endswith(f"has the verification level {level} (Y27)")
    assert shell.run("Set-CsHostingProvider", "Exchange Online", VerificationLevel="Sometimes").failed is not None


def test_a_provider_is_enabled_and_disabled_by_cmdlets_of_its_own(world: World) -> None:
    follow_the_procedure(world)
    shell = front_end(world)
    shell.run("Disable-CsHostingProvider", "Exchange Online")
    assert shell.run("Get-CsHostingProvider").values("Enabled") == [False]
    shell.pipe("Get-CsHostingProvider", "Enable-CsHostingProvider")
    assert shell.run("Get-CsHostingProvider").values("Enabled") == [True]


def test_the_access_edge_is_of_another_type_with_other_routing(world: World) -> None:
    (edge_object,) = front_end(world).run("Get-CsAccessEdgeConfiguration").output
    assert edge_object.type_names[0].endswith("DisplayAccessEdgeSettingsDnsSrvRouting")
    assert "EnablePartnerDiscovery" in edge_object.properties
    other = front_end(build_world("hybrid-worldwide", states=["default-routing"]))
    (routed,) = other.run("Get-CsAccessEdgeConfiguration").output
    assert routed.type_names[0].endswith("DisplayAccessEdgeSettingsDefaultRoute")
    assert "EnablePartnerDiscovery" not in routed.properties
    assert refused(other.run("Set-CsAccessEdgeConfiguration", EnablePartnerDiscovery=True)) == "WrongRouting"
    changed = other.run("Set-CsAccessEdgeConfiguration", UseDnsSrvRouting=True, EnablePartnerDiscovery=True)
    assert changed.failed is None
    assert other.run("Get-CsAccessEdgeConfiguration").values("EnablePartnerDiscovery") == [True]


def test_default_routing_takes_a_route(world: World) -> None:
    asked = front_end(world).run("Set-CsAccessEdgeConfiguration", UseDefaultRouting=True)
    assert refused(asked) == "MissingDefaultRoute"


def test_an_instance_brings_its_properties_along(world: World) -> None:
    shell = front_end(world)
    (policy,) = shell.run("Get-CsExternalAccessPolicy", "Tag:Cloud").output
    policy.properties["EnableOutsideAccess"] = True
    assert shell.run("Set-CsExternalAccessPolicy", Instance=policy).failed is None
    assert shell.run("Get-CsExternalAccessPolicy", "Cloud").values("EnableOutsideAccess") == [True]


def test_a_policy_of_a_site_needs_the_site(world: World) -> None:
    shell = front_end(world)
    assert shell.run("New-CsExternalAccessPolicy", "Site:Dublin").failed is None
    assert refused(shell.run("New-CsExternalAccessPolicy", "Site:Nowhere")) == "SiteNotFound"
    assert refused(shell.run("New-CsExternalAccessPolicy", "Global")) == "ItemExists"


def test_without_a_federation_route_of_the_site_nothing_leaves_it(world: World) -> None:
    follow_the_procedure(world)
    world.clock.tick(timedelta(minutes=1))
    sites = tuple(replace(one, federation_route=None) for one in world.lync.enabled.sites)
    world.lync.enabled = replace(world.lync.enabled, sites=sites)
    assert online_reasons(world) == {"Site:Redmond has no federation route (Y03)"}


def test_those_who_are_kept_out_on_purpose_are_not_waited_for(world: World) -> None:
    follow_the_procedure(world)
    world.clock.tick(timedelta(minutes=1))
    told = presence(world)
    contractors = {one.upn for one in world.exchange.people if one.external_access == "Contractors"}
    assert contractors
    assert contractors <= told.excluded.keys()
    assert not contractors & told.reasons.keys()


def test_an_account_that_a_provider_hosts_is_in_no_pool_and_not_waited_for() -> None:
    world = build_world("hybrid-worldwide", states=["wrong-proxy", "hosted-elsewhere"])
    shell = front_end(world)
    (proxy,) = shell.run("Get-CsHostingProvider", "Exchange Online").values("ProxyFqdn")
    users = shell.run("Get-CsUser")
    rows = list(zip(*map(users.values, ("UserPrincipalName", "HostingProvider", "RegistrarPool")), strict=True))
    hosted = {user for user, provider, _ in rows if provider == proxy}
    assert hosted == {user for user, provider, _ in rows if provider != "SRV:"}
    assert 0 < len(hosted) < len(rows)
    assert {pool for user, _, pool in rows if user in hosted} == {None}
    told = presence(world)
    assert hosted <= told.excluded.keys()
    assert not hosted & told.reasons.keys()


@pytest.mark.parametrize(("states", "cloud"), [([], "21vianet"), (["wrong-proxy"], "worldwide")])
def test_hosted_voice_mail_leads_to_the_proxy_of_the_provider(states: list[str], cloud: str) -> None:
    shell = front_end(build_world("hybrid-21vianet", states=[*states, "hosted-voice-mail"]))
    assert shell.run("Get-CsHostedVoicemailPolicy").values("Destination") == [PROXIES[cloud]]


def test_the_effective_policy_is_the_granted_one_else_the_sites_else_the_global_one(world: World) -> None:
    shell = front_end(world)
    here = [one for one in world.exchange.people if one.lync_enabled]
    granted = next(one for one in here if one.external_access == "Cloud")
    plain = next(one for one in here if one.external_access is None)

    def effective(user: str) -> list[str]:
        return shell.run("Get-CsEffectivePolicy", user).values("ExternalAccessPolicy")

    assert effective(granted.upn) == ["Tag:Cloud"]
    assert effective(plain.upn) == ["Site:Redmond"]
    settings = world.federation.current
    world.set_federation(
        replace(settings, external_access=tuple(one for one in settings.external_access if "Site" not in one.identity))
    )
    assert effective(plain.upn) == ["Global"]
    assert shell.run("Get-CsEffectivePolicy", "nobody@litwareinc.com").errors
