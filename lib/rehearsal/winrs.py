"""The cmd shell of WinRM (``winrs``, MS-WSMV 3.1.4): one native program a command, run by the host's OpenShell."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from threading import Condition, Event, Lock, Thread
from typing import Any

from rehearsal.remote_shell import Delivery, ShellClosedError, ShellError, UnknownCommandError
from rehearsal.values import CommandCall, ErrorRecord, OpenShell, TerminatingError, Thing

_WORD = re.compile(r'"([^"]*)"|(\S+)')
_CMDLET = re.compile(r"[A-Za-z]+-[A-Za-z]+")


class CommandShell:
    """A cmd shell. There is no cmd.exe behind it: no pipes, no redirection, no built-in commands."""

    input_streams = "stdin"
    output_streams = "stdout stderr"

    def __init__(self, runspace: OpenShell) -> None:
        self._runspace = runspace
        self._turn = Lock()  # a runspace runs one pipeline at a time
        self._processes: dict[str, _Process] = {}
        self._closed = False
        self._changed = Condition()

    def command(self, command_id: str, line: str, arguments: Sequence[str]) -> None:
        words = [quoted or plain for text in (line, *arguments) for quoted, plain in _WORD.findall(text)]
        if not words:
            raise ShellError("The command line is empty.")
        process = _Process(self._changed)
        with self._changed:
            self._processes[command_id] = process
        Thread(target=self._run, args=(process, words), name=f"winrs {command_id}", daemon=True).start()

    def _run(self, process: _Process, words: Sequence[str]) -> None:
        with self._turn:
            process.run(self._runspace, words)

    def send(self, command_id: str | None, stream: str, data: bytes, end: bool) -> None:
        if command_id is not None:
            self._process(command_id)

    def receive(self, command_id: str | None, limit: int, timeout: float) -> Delivery | None:
        if command_id is None:
            raise ShellError("Output of a cmd shell belongs to a command.")
        process = self._process(command_id)
        deadline = time.monotonic() + timeout
        with self._changed:
            while not (process.stdout or process.stderr or process.exit_code is not None or self._closed):
                remaining = deadline - time.monotonic()
                if remaining <= 0 or not self._changed.wait(remaining):
                    return None
            if self._closed:
                raise ShellClosedError
            streams = [(label, data) for label, data in process.take(limit) if data]
            done = process.exit_code is not None and not (process.stdout or process.stderr)
            return Delivery(streams, done, process.exit_code if done else None)

    def signal(self, command_id: str | None, code: str) -> None:
        if command_id is None:
            raise ShellError("A signal needs a CommandId.")
        self._process(command_id).stopping.set()
        if code.lower().endswith("/terminate"):
            with self._changed:
                self._processes.pop(command_id, None)

    def running(self) -> int:
        with self._changed:
            return sum(process.exit_code is None for process in self._processes.values())

    def close(self) -> None:
        with self._changed:
            self._closed = True
            for process in self._processes.values():
                process.stopping.set()
            self._changed.notify_all()

    def _process(self, command_id: str) -> _Process:
        with self._changed:
            process = self._processes.get(command_id)
        if process is None:
            raise UnknownCommandError(command_id)
        return process


class _Process:
    """A native program's streams; objects that reach them are written as text, as a console would show them."""

    def __init__(self, changed: Condition) -> None:
        self.stdout = bytearray()
        self.stderr = bytearray()
        self.exit_code: int | None = None
        self.stopping = Event()
        self._changed = changed

    def run(self, runspace: OpenShell, words: Sequence[str]) -> None:
        if _CMDLET.fullmatch(words[0]):  # the runspace knows cmdlets, cmd.exe doesn't
            self._end(1, _unknown(words[0]))
            return
        call = CommandCall(words[0], False, tuple((None, word) for word in words[1:]), ends_statement=True)
        try:
            runspace.run([call], None, self)
        except TerminatingError as fault:
            missing = fault.record.error_id.startswith("CommandNotFoundException")
            self._end(1, _unknown(words[0]) if missing else fault.record.message)
        except Exception as fault:  # a fault of the lab itself must reach the client, or it waits for ever
            self._end(1, f"the lab broke: {fault}")
        else:
            self._end(0)

    def _end(self, code: int, complaint: str = "") -> None:
        with self._changed:
            if complaint:
                self._write(self.stderr, complaint)
            self.exit_code = code
            self._changed.notify_all()

    def take(self, limit: int) -> list[tuple[str, bytes]]:
        """Up to ``limit`` bytes of both streams."""
        taken = []
        for label, stream in (("stdout", self.stdout), ("stderr", self.stderr)):
            data = bytes(stream[:limit])
            del stream[: len(data)]
            limit -= len(data)
            taken.append((label, data))
        return taken

    def output(self, value: Any) -> None:
        self._write(self.stdout, value.text or "" if isinstance(value, Thing) else str(value))

    def error(self, record: ErrorRecord) -> None:
        self._write(self.stderr, record.message)

    def warning(self, message: str) -> None:
        self._write(self.stderr, message)

    def verbose(self, message: str) -> None:
        """cmd has no such stream."""

    def debug(self, message: str) -> None:
        """cmd has no such stream."""

    def information(self, message: Any, source: str, tags: Sequence[str] = ()) -> None:
        self._write(self.stdout, str(message))

    def progress(self, activity: str, status: str, percent: int, *, completed: bool = False) -> None:
        """cmd has no such stream."""

    def prompt(self, caption: str, message: str, choices: Sequence[str]) -> int:
        raise TerminatingError(ErrorRecord(message="The program reads from a console.", error_id="NoConsole"))

    def _write(self, stream: bytearray, text: str) -> None:
        with self._changed:
            stream += (text.replace("\r\n", "\n").replace("\n", "\r\n") + "\r\n").encode("utf-8")
            self._changed.notify_all()


def _unknown(program: str) -> str:
    return f"'{program}' is not recognized as an internal or external command,\noperable program or batch file."
