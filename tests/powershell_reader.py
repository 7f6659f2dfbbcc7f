"""A reader of PowerShell command lines for the tests, written from the language's rules and not from the renderer.

It knows what the tests meet: bare words, both kinds of quotes with PowerShell's curly ones, ``$True``,
``$False``, ``$null``, integers, comma lists, ``@(…)``, ``-Name:value`` and ``[Convert]::FromBase64String``. Anything
else is an error: a line that this reader can't take apart is a failed test.
"""

# ruff: noqa: RUF001 (curly quotes are what it reads)

from __future__ import annotations

import base64
from dataclasses import dataclass, field

SINGLE = "'‘’‚‛"
DOUBLE = '"“”„'
BETWEEN = " ,|()"
SWITCH = "switch"


@dataclass
class Command:
    name: str
    parameters: list[tuple[str, object]] = field(default_factory=list)
    arguments: list[object] = field(default_factory=list)


class Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def pipeline(self) -> list[Command]:
        commands = [self.command()]
        while self.peek() == "|":
            self.at += 1
            commands.append(self.command())
        assert self.at == len(self.text), f"left over: {self.text[self.at :]!r}"
        return commands

    def command(self) -> Command:
        self.spaces()
        if self.peek() == "&":
            self.at += 1
            self.spaces()
        name = self.word()
        assert isinstance(name, str)
        command = Command(name)
        self.spaces()
        while self.peek() not in ("", "|"):
            if self.peek() == "-" and self.text[self.at + 1].isalpha():
                self.parameter(command)
            else:
                command.arguments.append(self.list())
            self.spaces()
        return command

    def parameter(self, command: Command) -> None:
        start = self.at + 1
        self.at = start
        while self.peek().isalnum():
            self.at += 1
        name = self.text[start : self.at]
        if self.peek() == ":":
            self.at += 1
            command.parameters.append((name, (SWITCH, self.value())))
            return
        self.spaces()
        if self.peek() in ("", "|") or (self.peek() == "-" and self.text[self.at + 1].isalpha()):
            command.parameters.append((name, (SWITCH, True)))
        else:
            command.parameters.append((name, self.list()))

    def list(self) -> object:
        values = [self.value()]
        while True:
            self.spaces()
            if self.peek() != ",":
                return values[0] if len(values) == 1 else tuple(values)
            self.at += 1
            self.spaces()
            values.append(self.value())

    def value(self) -> object:
        if self.peek() == "@":
            assert self.text[self.at + 1] == "("
            self.at += 2
            if self.peek() == ")":
                self.at += 1
                return ()
            assert self.peek() in SINGLE or self.peek().isdigit() or self.peek() == "(", "a bare word would be run"
            item = self.value()
            self.close()
            return (item,)
        if self.peek() == "(":
            self.at += 1
            call = "[Convert]::FromBase64String("
            if self.text.startswith(call, self.at):
                self.at += len(call)
                text = self.word()
                self.close()
                self.close()
                return base64.b64decode(str(text), validate=True)
            number = self.word()
            self.close()
            return int(str(number))
        return self.word()

    def word(self) -> object:
        if self.peek() in SINGLE:
            return self.quoted(SINGLE)
        if self.peek() in DOUBLE:
            return self.quoted(DOUBLE)
        text = ""
        while self.peek() and self.peek() not in BETWEEN:
            text += self.quoted(DOUBLE) if text and self.peek() in DOUBLE else self.take()
        assert text, f"nothing at {self.at}"
        if text.startswith("$"):
            return {"$true": True, "$false": False, "$null": None}[text.lower()]
        assert not set(text) & set("`'‘’‚‛;&<>@#{}"), f"not a plain word: {text!r}"
        return int(text) if text.lstrip("-").isdecimal() else text

    def quoted(self, quotes: str) -> str:
        self.at += 1
        text = ""
        while True:
            character = self.take()
            if character in quotes:
                if not self.peek() or self.peek() not in quotes:
                    return text
                character = self.take()
            assert quotes is not DOUBLE or character not in "$`", "an expanded string"
            text += character

    def take(self) -> str:
        assert self.at < len(self.text), "the text ends within a string"
        self.at += 1
        return self.text[self.at - 1]

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def close(self) -> None:
        assert self.take() == ")"

    def spaces(self) -> None:
        while self.peek() == " ":
            self.at += 1


def read(text: str) -> list[Command]:
    """The commands of a line of PowerShell, left to right."""
    return Reader(text).pipeline()
