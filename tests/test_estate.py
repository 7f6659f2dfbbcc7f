"""An estate file is right in every point, or every fault of it is named at once; then it answers questions."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from input_cases import CASES, assert_faults, cases, expand, read_case
from runbook.command import Shell, Target
from runbook.errors import InputError
from runbook.estate import ApprovalPolicy, Environment, Estate, Product, Role, Version, find_estate, load_estate

GOOD = (CASES / "estate" / "good.yaml").read_text(encoding="utf-8")
MAILBOX, FRONT_END, EDGE = ("atl-mbx-001.litwareinc.com", "atl-fe-001.litwareinc.com", "atl-edge-001.litwareinc.com")


def write(folder: Path, text: str) -> Path:
    path = folder / "estate.yaml"
    path.write_bytes(text.encode())
    return path


def estate(folder: Path, *replacements: tuple[str, str]) -> Estate:
    text = GOOD
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return load_estate(write(folder, text))


@pytest.mark.parametrize("name", cases("estate"))
def test_every_fault_of_a_file_is_named(name: str, tmp_path: Path) -> None:
    case = read_case("estate", name)
    with pytest.raises(InputError) as caught:
        estate(tmp_path, *[(old, expand(new)) for old, new in case["replace"]])
    assert_faults(caught.value, case, str(tmp_path / "estate.yaml"))


def test_an_estate_knows_its_servers(tmp_path: Path) -> None:
    found = estate(tmp_path)
    assert (found.name, found.environment, found.organisation) == ("litware", Environment.PRODUCTION, "Litware, Inc.")
    assert found.domain_controller == "atl-dc-001.litwareinc.com"
    server = found.server("ATL-MBX-001.litwareinc.com")
    assert (server.product, server.version, server.roles) == (Product.EXCHANGE, Version.V2013, (Role.MAILBOX,))
    assert [server.name for server in found.exchange()] == [MAILBOX]
    assert found.exchange(Role.CLIENT_ACCESS) == ()
    assert [server.name for server in found.lync()] == [FRONT_END, EDGE]
    assert [server.name for server in found.lync(Role.EDGE)] == [EDGE]
    assert [server.name for server in found.lync(pool="ATL-CS-001.litwareinc.com")] == [FRONT_END]
    assert found.lync(Role.FRONT_END, pool="other.litwareinc.com") == ()


def test_an_unknown_server_is_refused_with_the_nearest_names(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no server atl-mbx-01\..*Did you mean atl-mbx-001") as raised:
        estate(tmp_path).server("atl-mbx-01.litwareinc.com")
    (fault,) = raised.value.faults
    assert (fault.key, fault.value) == ("servers", "atl-mbx-01.litwareinc.com")
    assert fault.file.endswith(".yaml")


def test_a_production_url_follows_from_the_name(tmp_path: Path) -> None:
    found = estate(tmp_path)
    urls = [
        str(found.server(MAILBOX).endpoint(Shell.EXCHANGE).url),
        str(found.server(MAILBOX).endpoint(Shell.WINDOWS).url),
        str(found.server(FRONT_END).endpoint(Shell.LYNC_REMOTE).url),
    ]
    assert urls == [
        f"http://{MAILBOX}:80/PowerShell/",
        f"http://{MAILBOX}:5985/wsman",
        f"https://{FRONT_END}:443/OcsPowershell",
    ]


def test_the_lync_shell_is_the_windows_endpoint(tmp_path: Path) -> None:
    front_end = estate(tmp_path).server(FRONT_END)
    endpoint = front_end.endpoint(Shell.LYNC)
    assert (endpoint.scheme, endpoint.host, endpoint.port, endpoint.path) == ("https", "10.0.0.5", 5986, "/wsman")
    assert front_end.target(Shell.LYNC) == Target(FRONT_END, Shell.LYNC)
    assert front_end.lync_module == "Lync"


@pytest.mark.parametrize(
    ("server", "offered"),
    [
        (MAILBOX, {Shell.EXCHANGE, Shell.WINDOWS}),
        (FRONT_END, {Shell.WINDOWS, Shell.LYNC, Shell.LYNC_REMOTE}),
        (EDGE, {Shell.WINDOWS, Shell.EDGE}),
    ],
)
def test_a_shell_that_a_server_lacks_is_refused(server: str, offered: set[Shell], tmp_path: Path) -> None:
    found = estate(tmp_path).server(server)
    assert {shell for shell in Shell if found.offers(shell)} == offered
    for shell in set(Shell) - offered:
        with pytest.raises(InputError, match=f"offers no {shell} shell"):
            found.target(shell)


@pytest.mark.parametrize(
    ("stated", "delegates"),
    [
        ("authentication: credssp", True),
        ("authentication: kerberos, delegation: kerberos", True),
        ("authentication: kerberos", False),
        ("authentication: negotiate", False),
    ],
)
def test_a_second_hop_works_with_delegation_only(stated: str, delegates: bool, tmp_path: Path) -> None:
    assert estate(tmp_path, ("authentication: credssp", stated)).server(FRONT_END).delegates is delegates


def test_a_2016_mailbox_server_is_a_client_access_server(tmp_path: Path) -> None:
    found = estate(tmp_path, ("version: 2013\n    roles: [mailbox]", "version: 2016\n    roles: [mailbox]"))
    assert [server.name for server in found.exchange(Role.CLIENT_ACCESS)] == [MAILBOX]


def test_skype_for_business_has_a_module_of_its_own(tmp_path: Path) -> None:
    found = estate(tmp_path, ("product: lync\n    version: 2013", "product: skype-for-business\n    version: 2015"))
    assert found.server(FRONT_END).lync_module == "SkypeForBusiness"


def test_the_authority_is_found_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    found = estate(tmp_path, ("organisation:", "certificate_authority: ca.pem\norganisation:"))
    assert found.certificate_authority == tmp_path / "ca.pem"
    assert found.path == tmp_path / "estate.yaml"


def test_the_digest_changes_with_the_file(tmp_path: Path) -> None:
    assert estate(tmp_path).digest == estate(tmp_path).digest
    assert estate(tmp_path).digest != estate(tmp_path, ("Litware, Inc.", "Litware")).digest


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "parameters" / "rehearsal").mkdir(parents=True)
    return tmp_path


def test_an_estate_is_found_from_the_projects_root(root: Path, tmp_path: Path) -> None:
    for name in ("given.yaml", "variable.yaml", "parameters/rehearsal/estate.yaml"):
        (root / name).write_text(GOOD)
    environment = {"RUNBOOK_ROOT": str(root)}
    assert find_estate("", environment) == root / "parameters" / "rehearsal" / "estate.yaml"
    environment["RUNBOOK_ESTATE"] = "variable.yaml"
    assert find_estate("", environment) == root / "variable.yaml"
    assert find_estate("given.yaml", environment) == root / "given.yaml"
    assert find_estate(str(root / "given.yaml"), environment) == root / "given.yaml"


def test_a_missing_rehearsal_says_how_to_start_one(root: Path) -> None:
    with pytest.raises(InputError, match=r"`runbook lab`.*`runbook rehearse`.*RUNBOOK_ESTATE"):
        find_estate("", {"RUNBOOK_ROOT": str(root)})


@pytest.mark.parametrize(
    ("given", "environment", "key"),
    [("absent.yaml", {}, "estate"), ("", {"RUNBOOK_ESTATE": "absent.yaml"}, "RUNBOOK_ESTATE")],
)
def test_a_named_file_that_is_absent_is_said_so(given: str, environment: dict[str, str], key: str, root: Path) -> None:
    with pytest.raises(InputError, match=rf"{key} = absent.yaml: There is no file .*absent.yaml.*project's root"):
        find_estate(given, {"RUNBOOK_ROOT": str(root), **environment})


def test_a_root_without_notebooks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="RUNBOOK_ROOT"):
        find_estate("", {"RUNBOOK_ROOT": str(tmp_path)})


def test_approvers_are_public_keys_beside_the_file_or_in_it(tmp_path: Path) -> None:
    keys = [Ed25519PrivateKey.generate().public_key() for _ in range(2)]
    beside, inside = (key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode() for key in keys)
    (tmp_path / "kim.pem").write_text(beside.replace("\n", "\r\n"), encoding="ascii", newline="")
    listed = "approval: required\napprovers:\n  - kim.pem\n  - |\n" + "".join(f"    {x}\n" for x in inside.splitlines())
    found = estate(tmp_path, ("organisation:", f"{listed}organisation:"))
    assert found.approval is ApprovalPolicy.REQUIRED
    assert found.approvers == (beside, inside)
    assert all(len(each) == 64 for each in found.approver_fingerprints)
    (tmp_path / "again.pem").write_text(beside, encoding="ascii")
    with pytest.raises(InputError, match=r"approvers.*Items 1 and 2 are the same key"):
        estate(tmp_path, ("organisation:", "approvers: [kim.pem, again.pem]\norganisation:"))


def test_nobody_has_to_approve_unless_the_estate_says_so(tmp_path: Path) -> None:
    assert estate(tmp_path).approval is ApprovalPolicy.NONE
