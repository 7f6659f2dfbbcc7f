"""The lab as a process: its first line, its estate file, its control address, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from ruamel.yaml import YAML

from rehearsal.topologies import TOPOLOGIES

LIBRARY = Path(__file__).resolve().parents[1] / "lib"
PATIENCE = 60


@dataclass(slots=True)
class Started:
    """A running lab and its first line."""

    process: subprocess.Popen[str]
    line: dict[str, Any]

    def control(self, method: str, path: str, body: object = None, token: str | None = None) -> tuple[int, Any]:
        address = urlsplit(self.line["control"])
        connection = HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE)
        bearer = self.line["token"] if token is None else token
        content = None if body is None else body if isinstance(body, str) else json.dumps(body)
        connection.request(method, path, body=content, headers={"Authorization": f"Bearer {bearer}"})
        answer = connection.getresponse()
        value = json.loads(answer.read())
        connection.close()
        return answer.status, value


def launch(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "rehearsal", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(LIBRARY)},
    )


def first_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The first line, or the death of a lab that says nothing."""
    assert process.stdout is not None
    timer = threading.Timer(PATIENCE, process.kill)
    timer.start()
    try:
        text = process.stdout.readline()
        assert text, process.communicate()[1]
        line: dict[str, Any] = json.loads(text)
        return line
    finally:
        timer.cancel()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def lab(directory: Path) -> Iterator[Started]:
    process = launch("--topology", "split-2013", "--seed", "5", "--directory", str(directory))
    yield Started(process, first_line(process))
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def test_the_first_line_says_where_everything_is(lab: Started, directory: Path) -> None:
    assert set(lab.line) == {"topology", "seed", "estate", "control", "token", "credentials"}
    assert (lab.line["topology"], lab.line["seed"]) == ("split-2013", 5)
    assert Path(lab.line["estate"]) == (directory / "estate.yaml").resolve()
    assert set(lab.line["credentials"]) == {"exchange-admin", "windows-admin", "lync-admin", "edge-admin"}


def test_the_estate_names_every_managed_server_with_its_real_name_and_a_loopback_address(lab: Started) -> None:
    estate = YAML(typ="safe").load(Path(lab.line["estate"]))
    assert (estate["name"], estate["environment"]) == ("litware-split-2013", "rehearsal")
    assert estate["domain_controller"] == "atl-dc-001.litwareinc.com"
    names = [server["name"].partition(".")[0] for server in estate["servers"]]
    assert names == [
        "atl-fe-001",
        "atl-fe-002",
        "atl-edge-001",
        "atl-cas-001",
        "atl-cas-002",
        "atl-mbx-001",
        "atl-mbx-002",
    ]
    front_end = estate["servers"][0]
    assert (front_end["product"], front_end["version"], front_end["roles"]) == ("lync", "2013", ["front-end"])
    assert front_end["pool"] == "atl-cs-001.litwareinc.com"
    assert front_end["endpoints"]["windows"]["authentication"] == "credssp"
    for server in estate["servers"]:
        for endpoint in server["endpoints"].values():
            assert (urlsplit(endpoint["url"]).hostname or "").startswith("127.")
            assert endpoint["credential"].removeprefix("cred:") in lab.line["credentials"]


def test_no_secret_stands_in_what_the_lab_writes(lab: Started, directory: Path) -> None:
    assert sorted(path.name for path in directory.iterdir()) == ["ca.pem", "estate.yaml"]
    written = "".join(path.read_text(encoding="utf-8") for path in directory.iterdir())
    secrets = [credential["password"] for credential in lab.line["credentials"].values()]
    assert len(set(secrets)) == 4
    assert not any(secret in written for secret in [*secrets, lab.line["token"]])
    x509.load_pem_x509_certificate((directory / "ca.pem").read_bytes())


def test_the_control_address_gives_presence_journal_and_state(lab: Started) -> None:
    assert lab.control("GET", "/health")[1]["topology"] == "split-2013"
    status, presence = lab.control("GET", "/presence")
    assert status == 200
    assert set(presence) == {"working", "expected", "users", "reasons", "excluded"}
    assert presence["users"] == presence["expected"] + len(presence["excluded"])
    assert lab.control("GET", "/journal") == (200, {"entries": []})
    assert lab.control("GET", "/state")[1]["lync"]["pending"] is False


def test_a_test_user_signs_in_and_learns_what_is_wrong(lab: Started) -> None:
    user = next(iter(lab.control("GET", "/presence")[1]["reasons"]))
    status, answer = lab.control("POST", "/sign-in", {"user": user})
    assert status == 200
    assert (answer["user"], answer["presence"]) == (user, False)
    assert answer["reasons"]


@pytest.mark.parametrize(
    ("method", "path", "body", "token", "status"),
    [
        ("GET", "/presence", None, "wrong", 401),
        ("GET", "/nothing", None, "wrong", 401),
        ("GET", "/nothing", None, None, 404),
        ("POST", "/presence", {}, None, 405),
        ("POST", "/sign-in", {"user": "nobody@litwareinc.com"}, None, 404),
        ("POST", "/sign-in", {"name": "x"}, None, 400),
        ("POST", "/sign-in", "not json", None, 400),
        ("POST", "/sign-in", [], None, 400),
    ],
)
def test_the_control_address_refuses_in_json(
    lab: Started, method: str, path: str, body: object, token: str | None, status: int
) -> None:
    answer = lab.control(method, path, body, token)
    assert answer[0] == status
    assert answer[1]["error"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without asking it")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_lab_in_order(number: signal.Signals) -> None:
    process = launch("--topology", "colocated-2013")
    estate = Path(first_line(process)["estate"])
    assert estate.exists()
    process.send_signal(number)
    assert process.wait(PATIENCE) == 0
    assert not estate.exists()
    process.communicate()


def test_topologies_are_listed_with_their_start_states() -> None:
    process = launch("--list-topologies")
    output, _ = process.communicate(timeout=PATIENCE)
    catalogue = json.loads(output)
    assert list(catalogue) == list(TOPOLOGIES)
    assert {"split-2013", "dag-2013", "exchange-2010"} <= set(catalogue)
    assert {"duplicate", "pending", "no-delegation", "policy-off"} <= set(catalogue["split-2013"]["states"])


@pytest.mark.parametrize("arguments", [("--topology", "none"), ("--state", "none")])
def test_an_unknown_name_ends_with_status_2_and_the_names_there_are(arguments: tuple[str, ...]) -> None:
    process = launch(*arguments)
    output, error = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (2, ""), error
    assert "none" in error
    assert "duplicate" in error or "split-2013" in error
