"""The lab's PowerShell endpoint, checked by ansible-core's psrp connection with the ``raw`` module."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lab_wire import ACCOUNTS, HOST, PASSWORD, UPN, EchoOrganisation
from rehearsal.server import Lab

ANSIBLE = Path(sys.executable).with_name("ansible")

pytestmark = [
    pytest.mark.outside,
    pytest.mark.skipif(not ANSIBLE.is_file(), reason="ansible-core isn't installed"),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(EchoOrganisation(), ACCOUNTS, tmp_path_factory.mktemp("lab"))
    lab.start()
    yield lab
    lab.stop()


def raw(
    lab: Lab, directory: Path, scheme: str, auth: str, password: str = PASSWORD
) -> subprocess.CompletedProcess[str]:
    url = urlsplit(lab.urls[HOST][scheme])
    variables = {
        "ansible_host": url.hostname,
        "ansible_port": url.port,
        "ansible_connection": "psrp",
        "ansible_user": UPN,
        "ansible_password": password,
        "ansible_psrp_protocol": scheme,
        "ansible_psrp_auth": auth,
        "ansible_psrp_cert_validation": "ignore",
        "ansible_psrp_ignore_proxy": True,
    }
    (directory / "variables.json").write_text(json.dumps(variables))
    return subprocess.run(
        [ANSIBLE, "all", "-i", "server,", "-m", "raw", "-a", "whoami /all", "-e", f"@{directory / 'variables.json'}"],
        env={**os.environ, "ANSIBLE_HOME": str(directory), "HOME": str(directory), "LC_ALL": "C.UTF-8"},
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(("scheme", "auth"), [("http", "ntlm"), ("http", "credssp"), ("https", "basic")])
def test_a_script_reaches_the_endpoint_and_its_output_returns(lab: Lab, tmp_path: Path, scheme: str, auth: str) -> None:
    done = raw(lab, tmp_path, scheme, auth)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "script whoami /all" in done.stdout


def test_a_wrong_password_is_unreachable(lab: Lab, tmp_path: Path) -> None:
    done = raw(lab, tmp_path, "http", "ntlm", password="wrong")
    assert done.returncode != 0
    assert "UNREACHABLE" in done.stdout
