"""The canary: secrets planted wherever they could get to, and nothing of them in what is written or shown."""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

import keyring
import nbformat
import papermill
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from nbclient import NotebookClient
from papermill.exceptions import PapermillExecutionError

from remoting_lab import PASSWORD, FixedBroker, TinyOrganisation, estate, server, serving
from runbook import credentials, secrecy
from runbook.change import Finding, Outcome, Severity
from runbook.command import Cmdlet, Pipeline, Shell, Target, cmdlet
from runbook.errors import InputError
from runbook.ledger import Ledger
from runbook.ledger.events import FactRead, FindingRecorded, Mode, Note, Phase, RunEnded, RunStarted, ServerReached
from runbook.remoting import open_session
from runbook.render import message

CANARY = "c4nary-Gl\u00fcck <&'\"\\ !/+"
TARGET = Target("a.litwareinc.com", Shell.EXCHANGE)
FORMS = [
    CANARY,
    json.dumps(CANARY)[1:-1],
    json.dumps(CANARY, ensure_ascii=False)[1:-1],
    escape(CANARY),
    quote(CANARY, safe=""),
    CANARY.encode().hex(),
    CANARY.encode("utf-16-le").hex(),
    base64.b64encode(CANARY.encode()).decode(),
]


@pytest.fixture(autouse=True)
def _known() -> None:
    secrecy.keep(CANARY)


def clean(text: str) -> bool:
    return not any(form in text for form in FORMS)


@given(st.text(max_size=20), st.text(max_size=20), st.sampled_from(FORMS))
def test_in_any_surroundings_every_form_is_hidden(before: str, after: str, form: str) -> None:
    secrecy.keep(CANARY)
    assert clean(secrecy.scrubbed(before + form + after))


@given(st.binary(max_size=9), st.binary(max_size=9))
def test_it_is_hidden_within_a_longer_base64_text(before: bytes, after: bytes) -> None:
    secrecy.keep(CANARY)
    text = base64.b64encode(before + CANARY.encode() + after).decode()
    left = secrecy.scrubbed(text)
    assert secrecy.HIDDEN in left
    assert len(left.replace(secrecy.HIDDEN, "")) <= len(text) - len(CANARY.encode())


def test_a_short_secret_leaves_every_text_whole() -> None:
    secrecy.keep("abc")
    assert secrecy.scrubbed("abc abcde") == "abc abcde"


def test_no_event_of_a_ledger_holds_it(tmp_path: Path) -> None:
    command = Pipeline.of(cmdlet("Set-OwaVirtualDirectory", Identity=CANARY), Cmdlet(r"C:\x.exe", arguments=(CANARY,)))
    finding = Finding(
        id="x", requirements=(), severity=Severity.ERROR, what=CANARY, why=CANARY, remedy=CANARY, object=CANARY
    )
    planted = (
        RunStarted(
            section="s",
            mode=Mode.CHECK,
            estate="e",
            environment="rehearsal",
            parameters={CANARY: [CANARY, {"a": CANARY}]},
        ),
        Note(text=f"I typed {CANARY}"),
        ServerReached(target=TARGET, url=f"http://{quote(CANARY)}/", authentication="basic", credential="cred:x"),
        FactRead(phase=Phase.CHECK, query="q", target=TARGET, pipeline=command, fact={"Password": CANARY}),
        FactRead(phase=Phase.CHECK, query="q", target=TARGET, pipeline=command, unread=f"denied for {CANARY}"),
        FindingRecorded(phase=Phase.CHECK, finding=finding),
        RunEnded(outcome=Outcome.UNKNOWN, reason=CANARY),
    )
    with Ledger.create(tmp_path) as ledger:
        for event in planted:
            ledger.append(event)
        text = ledger.path.read_text(encoding="utf-8")
    assert clean(text)
    assert text.count(secrecy.HIDDEN) >= len(planted)


def test_no_view_and_no_log_holds_it(caplog: pytest.LogCaptureFixture) -> None:
    view = message(f"It said {CANARY}", CANARY)
    shown = view._repr_mimebundle_()
    assert clean(shown["text/html"] + shown["text/plain"] + str(view))
    caplog.handler.addFilter(secrecy.ScrubbingFilter())
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("canary").exception("failed for %s", CANARY)
    assert clean(caplog.text)


def _heard(logger: logging.Logger, do: Callable[[], object]) -> str:
    """What a handler that nobody prepared writes of it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))
    logger.addHandler(handler)
    logger.propagate = False  # the test runner's own handlers complain otherwise than logging does
    level, logger.level = logger.level, logging.DEBUG
    try:
        do()
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = level, True
    return stream.getvalue()


def _fails(secret: str) -> None:
    raise ValueError(f"denied for {secret}")


@pytest.mark.parametrize(
    "say",
    [
        lambda log: log.debug("the password is %s", CANARY),
        lambda log: log.debug(CANARY),
        lambda log: log.debug("%(password)s", {"password": CANARY}),
        lambda log: log.warning("too few arguments %s %s", CANARY),
        lambda log: log.warning(ValueError(CANARY)),
        lambda log: log.error("failed", stack_info=True, extra={"password": CANARY}),
    ],
)
def test_no_handler_of_any_logger_gets_it(say: Callable[[logging.Logger], object], capsys) -> None:  # type: ignore[no-untyped-def]
    said = _heard(logging.getLogger("somebody.elses.library"), lambda: say(logging.getLogger("somebody.elses.library")))
    assert clean(said)
    assert clean(capsys.readouterr().err), "nor does logging's own complaint"


def test_a_logged_traceback_does_not_hold_it() -> None:
    log = logging.getLogger("canary.traceback")

    def say() -> None:
        try:
            _fails(CANARY)
        except ValueError:
            log.exception("connecting failed")

    said = _heard(log, say)
    assert "_fails" in said
    assert secrecy.HIDDEN in said
    assert clean(said)


def test_a_handler_with_the_filter_shows_nothing_of_what_was_added_to_a_record() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(secrecy.ScrubbingFilter())
    handler.setFormatter(logging.Formatter("%(message)s %(password)s"))
    log = logging.getLogger("canary.extra")
    log.addHandler(handler)
    log.warning("connecting", extra={"password": CANARY})
    log.removeHandler(handler)
    assert stream.getvalue() == f"connecting {secrecy.HIDDEN}\n"


def test_the_clients_own_debug_log_does_not_hold_what_goes_over_the_wire(tmp_path: Path) -> None:
    """pypsrp and urllib3 at DEBUG write down whole messages, parameters in Base64 among them."""
    planted = "c4nary-in-a-parameter"
    secrecy.keep(planted)
    secrecy.keep(PASSWORD)
    organisation = TinyOrganisation({"Get-ExchangeServer": lambda call, streams: streams.output(planted)})
    loggers = [logging.getLogger(name) for name in ("pypsrp", "urllib3", "spnego", "requests")]

    def talk() -> None:
        with serving(organisation, tmp_path) as lab:
            host = server(lab)
            session = open_session(host, Shell.EXCHANGE, FixedBroker(), estate=estate(host), writes=False)
            for logger in loggers:
                logger.setLevel(logging.DEBUG)
            session.run(Pipeline.of(cmdlet("Get-ExchangeServer", Identity=planted)))
            session.close()

    said = _heard(logging.getLogger(), talk)
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    assert "pypsrp" in said
    assert secrecy.HIDDEN in said
    for secret in (planted, PASSWORD):
        assert not [form for form in (secret, base64.b64encode(secret.encode()).decode()) if form in said]
        assert secrecy.scrubbed(said) == said


def test_an_error_that_nobody_expected_is_told_without_it() -> None:
    code = (
        "import sys, threading; from runbook import secrecy; secrecy.keep(sys.argv[1]); secrecy.guard_process()\n"
        "def fail(): raise ValueError('denied for ' + sys.argv[1])\n"
        "thread = threading.Thread(target=fail); thread.start(); thread.join(); fail()"
    )
    done = subprocess.run([sys.executable, "-c", code, CANARY], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count(secrecy.HIDDEN) == 2
    assert clean(done.stderr)


def test_a_kernel_that_somebody_steps_through_shows_it_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without our engine, as in JupyterLab: what leaves the kernel is what is kept in the notebook."""
    monkeypatch.setenv("RUNBOOK_CRED_CANARY_PASSWORD", CANARY)
    begin = (
        "import os, sys, logging\nfrom runbook import secrecy\nsecrecy.keep_environment()\nsecrecy.guard_kernel()\n"
        "secrecy.guard_kernel()\nsecret = os.environ['RUNBOOK_CRED_CANARY_PASSWORD']"
    )
    cells = [
        "print(secret); print('shown', secret, file=sys.stderr)",
        "logging.basicConfig(level=10, stream=sys.stderr); logging.getLogger('x').debug('with %s', secret)",
        "def connect(password):\n    raise ValueError(f'denied: {password}')\nconnect(secret)",
        "raise KeyError(secret)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in (begin, *cells)])
    NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute()
    shown = json.dumps(notebook, ensure_ascii=False)
    assert shown.count(secrecy.HIDDEN) >= len(cells)
    assert clean(shown)
    errors = [o.evalue for cell in notebook.cells for o in cell.outputs if o.output_type == "error"]
    assert errors == [f"denied: {secrecy.HIDDEN}", f"'{secrecy.HIDDEN}'"]


CELLS = [
    "import os, sys, json, base64; secret = os.environ['RUNBOOK_CRED_CANARY_PASSWORD']; print(secret)",
    "print(secret, file=sys.stderr); os.write(1, secret.encode())",
    "from IPython.display import display, HTML; display(HTML(f'<b>{secret}</b>'))",
    "import html; display(HTML(html.escape(secret))); print(json.dumps({'password': secret}))",
    "print(base64.b64encode(secret.encode()).decode(), base64.b64encode(secret.encode('utf-16-le')).decode())",
    "import ipywidgets; box = ipywidgets.Password(value=secret); display(box)",
    "import logging; logging.basicConfig(level=10); logging.debug('connecting with %s', secret)",
    "{'object': {'Property': secret}}",
    "class Shown:\n    def __repr__(self): return secret\nShown()",
    "def connect(password):\n    raise ValueError(f'denied: {password}')\nconnect(secret)",
]


def test_no_cell_leaves_it_in_the_executed_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBOOK_CRED_CANARY_PASSWORD", CANARY)
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata["runbook"] = {"section": "prerequisites"}
    notebook.cells = [nbformat.v4.new_code_cell('operator_note: str = ""', metadata={"tags": ["parameters"]})]
    notebook.cells += [
        nbformat.v4.new_code_cell(source, metadata={"tags": ["raises-exception"]}) for source in (*CELLS, "1 + 1")
    ]
    nbformat.write(notebook, tmp_path / "in.ipynb")
    with pytest.raises(PapermillExecutionError) as raised:
        papermill.execute_notebook(
            str(tmp_path / "in.ipynb"),
            str(tmp_path / "out.ipynb"),
            parameters={"operator_note": f"the password is {CANARY}"},
            progress_bar=False,
        )
    assert clean(str(raised.value))
    for file in tmp_path.glob("out*"):
        assert clean(file.read_text(encoding="utf-8")), file.name


class Memory(KeyringBackend):
    """A keyring for the tests."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError


@pytest.fixture
def memory() -> Memory:
    before, backend = keyring.get_keyring(), Memory()
    keyring.set_keyring(backend)
    yield backend  # type: ignore[misc]
    keyring.set_keyring(before)


def test_the_environment_comes_before_the_keyring(memory: Memory) -> None:
    credentials.store("cred:canary", r"LITWARE\kept", "kept-secret")
    names = {"RUNBOOK_CRED_CANARY_USERNAME": "given", "RUNBOOK_CRED_CANARY_PASSWORD": "given-secret"}
    assert credentials.default_broker(names).resolve("cred:canary").username == "given"
    found = credentials.default_broker({}).resolve("cred:canary")
    assert (found.username, found.password.get_secret_value()) == (r"LITWARE\kept", "kept-secret")
    assert secrecy.scrubbed("kept-secret given-secret") == f"{secrecy.HIDDEN} {secrecy.HIDDEN}"


def test_what_is_nowhere_is_said_with_both_ways_to_give_it(memory: Memory) -> None:
    with pytest.raises(InputError) as raised:
        credentials.default_broker({}).resolve("cred:nowhere")
    assert "RUNBOOK_CRED_NOWHERE_PASSWORD" in str(raised.value)
    assert "runbook credentials set nowhere" in str(raised.value)
    assert credentials.forget("cred:nowhere") is False


class Clear(Memory):
    """As keyrings.alt has one, which writes a file in clear."""


Clear.__name__ = "PlaintextKeyring"


def test_a_keyring_that_keeps_passwords_in_clear_is_none() -> None:
    before, clear = keyring.get_keyring(), Clear()
    clear.kept["owa-im-runbook", "canary"] = "somebody\nclear-secret"
    keyring.set_keyring(clear)
    try:
        with pytest.raises(InputError, match="in clear"):
            credentials.store("cred:canary", "admin", "another-secret")
        assert credentials.stored("cred:canary") is None
        assert len(clear.kept) == 1
    finally:
        keyring.set_keyring(before)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_whoever_sits_at_the_terminal_is_asked_once_and_standard_output_stays_empty(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("sys.stdin", Terminal("LITWARE\\kim\n"))
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    monkeypatch.setattr("getpass.getpass", lambda question: asked.append(question) or "typed-secret")
    environment: dict[str, str] = {}
    for _ in range(2):
        found = credentials.default_broker(environment).resolve("cred:canary")
        assert (found.username, found.password.get_secret_value()) == (r"LITWARE\kim", "typed-secret")
    assert len(asked) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "typed-secret" not in said.err
    assert secrecy.scrubbed("typed-secret") == secrecy.HIDDEN
    assert memory.kept == {}, "what is typed is kept nowhere"


def test_nobody_is_asked_from_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    with ThreadPoolExecutor(1) as pool, pytest.raises(InputError, match="isn't in the keyring"):
        pool.submit(lambda: credentials.default_broker({}).resolve("cred:nowhere")).result()


def test_nobody_is_asked_where_nobody_sits() -> None:
    with pytest.raises(InputError, match="nobody is at the terminal"):
        credentials.PromptBroker().resolve("cred:canary")


def test_no_command_takes_a_password_as_an_argument() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", "from runbook.cli import main; main()", "credentials", "set", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert "--password" not in shown.stdout
