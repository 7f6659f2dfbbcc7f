"""The lab's cmdlets and objects against the reference data, where that is at hand."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from lab_shells import exchange
from rehearsal.binding import RISK
from rehearsal.cmdlet import REGISTRY
from rehearsal.registry import load_cmdlets
from rehearsal.topologies import build_world
from rehearsal.values import EnumValue, ListValue, Thing

REFERENCE = Path(__file__).resolve().parents[1].parent / "shared" / "reference"
NAMESPACE = "{http://schemas.microsoft.com/powershell/2004/04}"
COMMON = {"Verbose"}  # listed by the documents of a few cmdlets, though all have it
LATER = {  # from 2016 on
    "WacDiscoveryEndpoint",
    "FreCardsEnabled",
    "InternalSPMySiteHostURL",
    "ExternalSPMySiteHostURL",
    "WacEditingEnabled",
    "DropboxAttachmentsEnabled",
    "BoxAttachmentsEnabled",
    "OneDriveAttachmentsEnabled",
    "GoogleDriveAttachmentsEnabled",
    "ClassicAttachmentsEnabled",
    "ReferenceAttachmentsEnabled",
    "SaveAttachmentsToCloudEnabled",
    "ThirdPartyAttachmentsEnabled",
    "ExternalDownloadHostName",
    "InternalDownloadHostName",
    "InternetWebProxyBypassList",
    "MitigationsEnabled",
    "MitigationsApplied",
    "MitigationsBlocked",
    "DataCollectionEnabled",
}
BY_CLIENT = {"PSComputerName", "RunspaceId", "PSShowComputerName"}

PARTIAL = (
    "Get-Mailbox",
    "Get-CASMailbox",
    "Grant-CsExternalAccessPolicy",
)  # only what the integration needs is simulated
OF_2010 = ("Get-UMServer", "Set-UMServer")
ALSO_LATER = {"Set-SettingOverride": {"Force"}}  # 2013 has the cmdlet without it, and reads no override in OWA

load_cmdlets()
OURS = sorted(one.name for one in REGISTRY.values() if one.module in ("Exchange", "Lync"))


@cache
def documented() -> dict[str, Any]:
    path = REFERENCE / "cmdlets.json"
    if not path.exists():
        pytest.skip("the reference data is not here")
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def parameters_of(name: str) -> dict[str, Any]:
    if name not in documented():
        pytest.skip(f"the reference data has no {name}")
    found: dict[str, Any] = documented()[name]["parameters"]
    return found


@pytest.mark.parametrize("name", OURS)
def test_parameters_are_documented_ones_of_the_same_kind(name: str) -> None:
    known = parameters_of(name)
    declared = REGISTRY[name.lower()].parameters
    assert set(declared) <= set(known)
    for parameter, declaration in declared.items():
        fact = known[parameter]
        kind = "Unlimited" if "Unlimited" in fact["type"] else fact["type"]
        assert declaration.kind == kind, parameter
        assert declaration.mandatory == fact["required"], parameter
        assert (declaration.position is not None) == (fact["position"] != "Named" and kind != "SwitchParameter"), (
            parameter
        )
        if fact["pipeline_input"] == "False":
            assert not declaration.by_value, parameter
            assert not declaration.by_property_name, parameter


@pytest.mark.parametrize("name", [name for name in OURS if name not in PARTIAL + OF_2010])
def test_no_parameter_of_the_2013_version_is_missing(name: str) -> None:
    declaration = REGISTRY[name.lower()]
    risk = set(RISK) if declaration.should_process else set()
    expected = {
        parameter
        for parameter, fact in parameters_of(name).items()
        if any(product in ("Exchange Server 2013", "Lync Server 2013") for product in fact["applicable"])
    }
    assert (expected - COMMON) | ALSO_LATER.get(name, set()) == set(declaration.parameters) | risk


def recorded(file: str) -> ElementTree.Element:
    path = REFERENCE / "clixml" / file
    if not path.exists():
        pytest.skip("the reference data is not here")
    return ElementTree.parse(path).getroot()


def type_chain(item: ElementTree.Element) -> tuple[str, ...]:
    return tuple(entry.text or "" for entry in item.find(f"{NAMESPACE}TN") or ())


@pytest.mark.parametrize(
    ("file", "cmdlet"),
    [
        ("E16_GetExchangeServer.xml", "Get-ExchangeServer"),
        ("E16_GetMailboxServer.xml", "Get-MailboxServer"),
        ("E16_GetOwaVirtualDirectory.xml", "Get-OwaVirtualDirectory"),
        ("E16_TestServiceHealth.xml", "Test-ServiceHealth"),
    ],
)
def test_an_object_has_the_recorded_types_and_properties(file: str, cmdlet: str) -> None:
    (item, *_) = recorded(file)
    (ours, *_) = exchange(build_world()).run(cmdlet).output
    assert ours.type_names == type_chain(item)
    names = [entry.get("N") for entry in item.find(f"{NAMESPACE}Props") or ()]
    assert [name for name in names if name not in LATER] == list(ours.properties)
    for entry in item.find(f"{NAMESPACE}Props") or ():
        chain = type_chain(entry)
        value = ours.properties.get(entry.get("N"))
        if chain and isinstance(value, (EnumValue, ListValue, Thing)):
            assert value.type_names == chain, entry.get("N")
        if chain and isinstance(value, Thing):
            inner = [part.get("N") for part in entry.find(f"{NAMESPACE}Props") or ()]
            assert list(value.properties) == inner, entry.get("N")


def test_an_exchange_certificate_has_the_recorded_types_and_nothing_more() -> None:
    item = recorded("E16_GetExchangeCertificate.xml")[0]
    (ours, *_) = exchange(build_world()).run("Get-ExchangeCertificate").output
    assert ours.type_names == type_chain(item)
    assert list(ours.properties) == [entry.get("N") for entry in item.find(f"{NAMESPACE}Props") or ()]
    extended = {entry.get("N") for entry in item.find(f"{NAMESPACE}MS") or ()}
    assert set(ours.extended) == extended - BY_CLIENT
    for line in ("[Subject]\r\n  CN=", "[Thumbprint]\r\n  "):
        assert line in (ours.text or "")
