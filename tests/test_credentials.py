"""References become accounts in one place, and no message or repr shows a secret."""

from __future__ import annotations

import traceback

import pytest

from runbook.credentials import EnvironmentBroker
from runbook.errors import InputError

USERNAME, PASSWORD = "RUNBOOK_CRED_EXCHANGE_ADMIN_USERNAME", "RUNBOOK_CRED_EXCHANGE_ADMIN_PASSWORD"


def test_a_reference_names_two_variables() -> None:
    found = EnvironmentBroker({USERNAME: r"LITWARE\admin", PASSWORD: " hunter2 "}).resolve("cred:exchange-admin")
    assert found.username == r"LITWARE\admin"
    assert found.password.get_secret_value() == " hunter2 "
    assert "hunter2" not in f"{found} {found!r} {found.password}"


@pytest.mark.parametrize("environment", [{}, {USERNAME: "admin"}, {PASSWORD: "hunter2"}, {USERNAME: "a", PASSWORD: ""}])
def test_an_account_that_is_not_there_names_both_variables(environment: dict[str, str]) -> None:
    with pytest.raises(InputError) as caught:
        EnvironmentBroker(environment).resolve("cred:exchange-admin")
    assert USERNAME in str(caught.value)
    assert PASSWORD in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("reference", ["hunter2", "cred:", "cred:hunter2 x", "cred:hunter2_x", "CRED:hunter2", ""])
def test_what_is_not_a_reference_is_not_repeated(reference: str) -> None:
    with pytest.raises(InputError, match="cred:NAME") as caught:
        EnvironmentBroker({}).resolve(reference)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
