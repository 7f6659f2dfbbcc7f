"""Facts of the hybrid: providers, Access Edge, external access and replicas, as read and as pasted."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from runbook.command import Shell, Target
from runbook.errors import PipelineFailed
from runbook.facts import external_access, hybrid, replication
from runbook.facts.external_access import AccessPolicy
from runbook.facts.hybrid import AccessEdge, HostingProvider
from runbook.inputs.local_store import PastedStore, local_store
from runbook.powershell import render
from runbook.readlist import why_not_read
from server_answers import enum, parsed, thing

HERE = Target("atl-fe-001.litwareinc.com", Shell.LYNC)
EDGE = Target("atl-edge-001.litwareinc.com", Shell.EDGE)
PROVIDER = thing(
    Identity="Exchange Online",
    ProxyFqdn="exap.um.outlook.com",
    Enabled=True,
    EnabledSharedAddressSpace=True,
    HostsOCSUsers=False,
    IsLocal=False,
    VerificationLevel=enum("UseSourceVerification", 1),
    AutodiscoverUrl=None,
    SipClientPort=443,
)
RIGHT = HostingProvider(
    identity="Exchange Online",
    proxy_fqdn="exap.um.outlook.com",
    enabled=True,
    shares_address_space=True,
    hosts_users=False,
    is_local=False,
    verification_level="UseSourceVerification",
    sip_client_port=443,
)
PASTED = """
PS C:\\Users\\edge-admin> hostname
ATL-EDGE-001

PS C:\\Users\\edge-admin> Get-CsHostingProvider -LocalStore | Format-List


Identity                  : Exchange Online
Name                      : Exchange Online
ProxyFqdn                 : exap.um.outlook.com
VerificationLevel         : UseSourceVerification
Enabled                   : True
EnabledSharedAddressSpace : True
HostsOCSUsers             : False
IsLocal                   : False
AutodiscoverUrl           :
SipClientPort             : 443



PS C:\\Users\\edge-admin> Get-CsAccessEdgeConfiguration -LocalStore | Format-List


Identity            : Global
AllowAnonymousUsers : True
AllowFederatedUsers : True
AllowOutsideUsers   : False
RoutingMethod       : UseDnsSrvRouting
"""


def test_a_provider_is_read_whole() -> None:
    assert parsed(hybrid.hosting_providers(HERE), PROVIDER) == (RIGHT,)


def test_a_provider_without_a_name_is_no_answer() -> None:
    with pytest.raises(ValueError, match="without Identity"):
        parsed(hybrid.hosting_providers(HERE), thing(**{**PROVIDER.properties, "Identity": ""}))


def test_on_an_edge_only_the_local_store_is_asked_for() -> None:
    for query in (hybrid.hosting_providers(EDGE, local=True), hybrid.access_edge(EDGE, local=True)):
        assert "-LocalStore" in render(query.pipeline)
        assert why_not_read(query.pipeline, EDGE.shell) == ""
    assert why_not_read(hybrid.hosting_providers(EDGE).pipeline, EDGE.shell)


@pytest.mark.parametrize(
    ("routing", "route", "default"),
    [
        ("UseDnsSrvRouting", None, False),
        ("UseDefaultRouting", "gate.contoso.com", True),
        ("UseDefaultRouting", None, True),
        (None, "gate.contoso.com", True),
        (None, None, False),
    ],
)
def test_default_routing_is_told_by_the_mode_or_by_its_route(
    routing: str | None, route: str | None, default: bool
) -> None:
    item = thing(AllowFederatedUsers=True, AllowOutsideUsers=True, RoutingMethod=routing, DefaultRouteFqdn=route)
    assert parsed(hybrid.access_edge(HERE), item).has_default_routing is default


def test_there_is_one_access_edge_configuration() -> None:
    with pytest.raises(ValueError, match="expected one"):
        parsed(hybrid.access_edge(HERE))


def test_public_providers_voice_mail_policies_and_routes_are_read() -> None:
    (public,) = parsed(hybrid.public_providers(HERE), thing(Identity="Skype", ProxyFqdn="a.b.c"))
    assert (public.identity, public.proxy_fqdn) == ("Skype", "a.b.c")
    (policy,) = parsed(hybrid.voice_mail_policies(HERE), thing(Identity="Global", Destination=None))
    assert (policy.identity, policy.destination) == ("Global", "")
    (site,) = parsed(hybrid.federation_routes(HERE), thing(Identity="Site:Redmond", FederationRoute=None))
    assert (site.site, site.route) == ("Site:Redmond", "")


def test_a_user_has_a_policy_and_somebody_who_hosts_them() -> None:
    row = {"Identity": "CN=Anna", "UserPrincipalName": "anna@a.b", "SipAddress": "sip:anna@a.b", "Enabled": True}
    here, there = parsed(
        external_access.access_users(HERE),
        thing(**row, RegistrarPool="cs.a.b", ExternalAccessPolicy="Tag:Remote", HostingProvider="SRV:"),
        thing(**row, RegistrarPool=None, ExternalAccessPolicy=None, HostingProvider="sipfed.online.lync.com"),
    )
    assert (here.policy, here.is_here, there.policy, there.is_here) == ("Remote", True, "", False)
    assert here.is_called("SIP:Anna@a.b")
    assert here.is_called("anna@a.b")
    assert not here.is_called("ann@a.b")


def test_policies_are_told_apart_by_scope() -> None:
    found = parsed(
        external_access.access_policies(HERE),
        thing(Identity="Global", EnableOutsideAccess=False),
        thing(Identity="Site:Redmond", EnableOutsideAccess=True),
        thing(Identity="Tag:Remote", EnableOutsideAccess=True),
    )
    assert found[0] == AccessPolicy(identity="Global", admits_outside=False)
    assert [(policy.is_global, policy.name) for policy in found] == [
        (True, "Global"),
        (False, "Site:Redmond"),
        (False, "Remote"),
    ]


def test_a_replica_that_never_got_anything_has_no_time() -> None:
    (found,) = parsed(
        replication.replicas(HERE), thing(ReplicaFqdn="EDGE.a.b", UpToDate=False, LastUpdateCreation=None)
    )
    assert (found.fqdn, found.up_to_date, found.last_update) == ("edge.a.b", False, "")
    with pytest.raises(PipelineFailed):
        parsed(replication.replicas(HERE), errors=["Denied"])


def test_what_was_pasted_is_what_would_have_been_read() -> None:
    store = local_store(PASTED)
    assert hybrid.pasted_providers(store) == (RIGHT,)
    assert hybrid.pasted_access_edge(store) == AccessEdge(
        allows_federation=True, allows_outside_users=False, routing="UseDnsSrvRouting"
    )
    assert store.is_of("atl-edge-001.litwareinc.com")
    assert not store.is_of("atl-edge-002.litwareinc.com")


def test_an_edge_without_providers_may_be_pasted() -> None:
    access = PASTED[PASTED.index("Identity            : Global") :]
    assert local_store(f"edge.a.b\r\n\r\n{access}").providers == ()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (PASTED, "", "It is empty"),
        ("ATL-EDGE-001", "", "isn't the name of the computer"),
        ("ProxyFqdn                 : exap", "ProxyFqdn exap", "isn't of the form"),
        ("IsLocal                   : False\n", "", "lacks IsLocal"),
        ("Enabled                   : True", "Enabled : Yes", "neither True nor False"),
        ("AllowOutsideUsers   : False", "AllowFederatedUsers : False", "a second time"),
        ("AllowFederatedUsers : True\n", "", "neither a provider nor Access Edge's"),
        ("Identity            : Global", "Identity : Global\u200e", "U+200E"),
        ("Name                      : Exchange Online\n", "\n", "neither a provider"),
    ],
)
def test_what_is_not_as_it_was_printed_is_refused(old: str, new: str, says: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        local_store(PASTED.replace(old, new, 1))
    assert says in caught.value.message()


def test_two_stores_in_one_text_are_refused() -> None:
    with pytest.raises(PydanticCustomError, match="isn't of the form"):
        local_store(PASTED + "\n" + PASTED)


@given(st.text(max_size=200))
def test_no_text_is_guessed_at(text: str) -> None:
    """Whatever is pasted, it is understood or refused in words; nothing else is raised."""
    with contextlib.suppress(PydanticCustomError):
        assert isinstance(local_store(text), PastedStore)
