"""A parameters file is right in every point, or every fault of it is named at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from input_cases import assert_faults, cases, expand, read_case
from runbook.errors import InputError
from runbook.parameters import (
    PrerequisitesParameters,
    SectionParameters,
    TrustedPoolParameters,
    load_parameters,
)
from runbook.parameters_disable import DisableImParameters
from runbook.parameters_hybrid import OnlineHybridParameters
from runbook.parameters_owa import OwaEnablementParameters
from runbook.parameters_users import MailboxPoliciesParameters, VerificationParameters

MODELS: dict[str, type[SectionParameters]] = {
    "prerequisites": PrerequisitesParameters,
    "trusted-pool": TrustedPoolParameters,
    "owa-enablement": OwaEnablementParameters,
    "mailbox-policies": MailboxPoliciesParameters,
    "online-hybrid": OnlineHybridParameters,
    "disable-im": DisableImParameters,
    "verification": VerificationParameters,
}
NEEDED = {
    "owa_pool_fqdn": "atl-owa-001.litwareinc.com",
    "registrar_pool_fqdn": "atl-cs-001.litwareinc.com",
    "site_id": "Redmond",
}
PROJECT = Path(__file__).parents[1]


def write(folder: Path, text: str) -> Path:
    path = folder / "parameters.yaml"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("name", cases("parameters"))
def test_every_fault_of_a_file_is_named(name: str, tmp_path: Path) -> None:
    case = read_case("parameters", name)
    path = write(tmp_path, expand(case["text"]))
    with pytest.raises(InputError) as caught:
        load_parameters(MODELS[case["model"]], path)
    assert_faults(caught.value, case, str(path))


def test_text_keeps_its_characters_until_a_field_types_it(tmp_path: Path) -> None:
    text = """
    owa_pool_fqdn: ATL-OWA-001.Litwareinc.com
    registrar_pool_fqdn: atl-cs-001.litwareinc.com
    site_id: NO
    application_id: 0123
    application_port: 5200
    certificate_thumbprint: 12e4567890123456789012345678901234567890
    change_ticket: 15.10
    dial_plans: [on, 007]
    requires_replication: Yes
    treat_as_authenticated: "false"
    """
    found = load_parameters(TrustedPoolParameters, write(tmp_path, text))
    assert found.owa_pool_fqdn == "atl-owa-001.litwareinc.com"
    assert (found.site_id, found.application_id, found.change_ticket) == ("NO", "0123", "15.10")
    assert found.application_port == 5200
    assert found.certificate_thumbprint == "12E4567890123456789012345678901234567890"
    assert found.dial_plans == ("on", "007")
    assert (found.requires_replication, found.treat_as_authenticated) == (True, False)


def test_what_is_left_out_has_the_procedures_values() -> None:
    found = load_parameters(TrustedPoolParameters, NEEDED)
    assert (found.mode, found.application_id, found.application_port) == ("plan", "OutlookWebApp", 5199)
    assert (found.certificate_thumbprint, found.exchange_servers, found.computer_fqdns) == ("", (), ())
    consents = (found.allow_dial_plan_changes, found.allow_pending_topology_changes)
    assert (*consents, found.allow_removing_other_applications, found.requires_replication) == (False,) * 4


def test_a_cells_values_are_taken_as_python_has_them() -> None:
    cell: dict[str, object] = {
        **NEEDED,
        "application_port": 5200,
        "exchange_servers": ["atl-mbx-001.litwareinc.com"],
        "requires_replication": True,
        "change_ticket": None,
    }
    found = load_parameters(TrustedPoolParameters, cell)
    assert found.exchange_servers == ("atl-mbx-001.litwareinc.com",)
    assert (found.application_port, found.requires_replication, found.change_ticket) == (5200, True, "")


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("site_id", False, "YAML took this text for the Boolean False"),
        ("certificate_thumbprint", 12345678, "YAML took this text for a number"),
        ("change_ticket", 15.1, "YAML took this text for a number"),
        ("application_port", True, "A whole number is expected here, not the Boolean True"),
        ("application_port", 5199.0, "A whole number is expected here, not a number"),
        ("application_port", -1, "It is negative"),
        ("requires_replication", 1, "neither yes nor no"),
        ("exchange_servers", None, "A list is expected here, not nothing"),
        ("dial_plans", [["Default"]], "Text is expected here, not a list"),
    ],
)
def test_a_cells_value_that_lost_its_spelling_is_refused(key: str, value: object, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        load_parameters(TrustedPoolParameters, {**NEEDED, key: value})
    [fault] = caught.value.faults
    assert problem in fault.problem
    assert str(fault).startswith(f"parameters cell: {key}")


@pytest.mark.parametrize("model", MODELS.values())
def test_every_field_says_what_it_is_and_which_requirement_it_answers(model: type[SectionParameters]) -> None:
    for name, field in model.model_fields.items():
        assert field.title
        assert field.description
        if name not in SectionParameters.model_fields:
            assert re.search(r"\b[LY][0-9]{2}\b", field.description), name


@pytest.mark.parametrize(("model", "file"), [(MODELS[name], name) for name in MODELS])
def test_the_projects_own_files_are_right(model: type[SectionParameters], file: str) -> None:
    load_parameters(model, PROJECT / "parameters" / "rehearsal" / f"{file}.yaml")


def test_parameters_are_frozen() -> None:
    found = load_parameters(PrerequisitesParameters, NEEDED)
    with pytest.raises(ValidationError):
        found.site_id = "Dublin"  # type: ignore[misc]


secret_keys = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "exchange_", "my-", "Lync."]),
    st.sampled_from(["password", "PASSWD", "pwd", "secret", "token", "apiKey", "private_key", "passphrase", "pass"]),
    st.sampled_from(["", "_2", "-old"]),
)
anything: st.SearchStrategy[Any] = st.recursive(
    st.just("hunter2"),
    lambda inner: st.lists(inner, min_size=1, max_size=2) | st.dictionaries(st.just("value"), inner, min_size=1),
)


@given(secret_keys, anything)
def test_a_secret_is_never_repeated(key: str, value: object) -> None:
    with pytest.raises(InputError, match="secrets never stand in a file") as caught:
        load_parameters(PrerequisitesParameters, {**NEEDED, key: value})
    assert "hunter2" not in str(caught.value) + repr(caught.value.faults)
