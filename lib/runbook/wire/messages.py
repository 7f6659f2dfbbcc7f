"""From the bytes of a Receive reply to whole PSRP messages, with a check that none is missing.

MS-PSRP 2.2.4: a message is cut into fragments, each headed by the object id of its message, its own
number, a start and an end mark and its length. A server numbers its messages 1, 2, 3 …, so a number
that is left out is a message that was lost, and it may have been the error record.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from uuid import UUID

_FRAGMENT = struct.Struct(">QQBI")
_HEADER = struct.Struct("<II16s16s")
_START, _END = 1, 2
_BOM = b"\xef\xbb\xbf"
_NOBODY = UUID(int=0)

MAX_MESSAGE = 64 * 1024 * 1024
"""Bytes that one message, or all unfinished ones together, may have. A web.config or a whole export is far below."""


class Kind(IntEnum):
    """The messages of a pipeline that are understood here (MS-PSRP 2.2.1)."""

    OUTPUT = 0x00041004
    ERROR = 0x00041005
    STATE = 0x00041006
    WARNING = 0x00041009
    HOST_CALL = 0x00041100


class ProtocolFault(Exception):
    """The server's bytes don't follow the protocol, or ask for more room than any real answer needs."""


@dataclass(frozen=True, slots=True)
class WireMessage:
    """A whole message. ``pipeline`` is ``None`` where it is for the pool; ``raw`` has the header before ``body``."""

    kind: int
    pipeline: UUID | None
    body: bytes
    raw: bytes


@dataclass(slots=True)
class _Unfinished:
    next_fragment: int = 0
    data: bytearray = field(default_factory=bytearray)


class MessageIds:
    """Watches the numbers of a server's messages for one that is left out.

    .NET counts per *process*. Where a process serves one session, its first message is 1 and every number must follow
    the one before. Under IIS (Exchange, /OcsPowershell) many sessions share one counter, which shows in a first
    number other than 1: there only the numbers within one answer can be held to each other, and a gap may
    also be somebody else's message. A read is asked again then; a write is read back, as after any doubt.
    """

    def __init__(self) -> None:
        self._last: int | None = None
        self._shared = False
        self._within_answer = False
        self.gap = False

    def begin_answer(self) -> None:
        """A new pipeline starts: forget the gaps of the one before."""
        self.gap = False
        self._within_answer = False

    def saw(self, number: int) -> None:
        if self._last is None:
            self._shared = number != 1
        elif number != self._last + 1 and (self._within_answer or not self._shared):
            self.gap = True
        self._last = number
        self._within_answer = True


class Defragmenter:
    """Collects fragments over any number of replies and gives each message once it is whole."""

    def __init__(self) -> None:
        self.ids = MessageIds()
        self._unfinished: dict[int, _Unfinished] = {}

    @property
    def pending(self) -> bool:
        """Part of a message is here and the rest never came."""
        return bool(self._unfinished)

    def feed(self, data: bytes) -> Iterator[WireMessage]:
        """The messages that these bytes complete, in order; raises :class:`ProtocolFault`."""
        position = 0
        while position < len(data):
            if len(data) - position < _FRAGMENT.size:
                raise ProtocolFault("a fragment's header is cut short")
            number, fragment, marks, length = _FRAGMENT.unpack_from(data, position)
            position += _FRAGMENT.size
            if len(data) - position < length:
                raise ProtocolFault("a fragment is cut short")
            whole = self._add(number, fragment, marks, data[position : position + length])
            position += length
            if whole is not None:
                yield _message(whole)

    def _add(self, number: int, fragment: int, marks: int, data: bytes) -> bytes | None:
        if marks & _START:
            if number in self._unfinished:
                raise ProtocolFault(f"message {number} begins twice")
            self.ids.saw(number)
            self._unfinished[number] = _Unfinished()
        message = self._unfinished.get(number)
        if message is None or fragment != message.next_fragment:
            raise ProtocolFault(f"message {number} lacks a fragment before its fragment {fragment}")
        message.next_fragment += 1
        message.data += data
        if sum(len(each.data) for each in self._unfinished.values()) > MAX_MESSAGE:
            raise ProtocolFault(f"a message is larger than {MAX_MESSAGE // 2**20} MiB")
        if not marks & _END:
            return None
        del self._unfinished[number]
        return bytes(message.data)


def _message(raw: bytes) -> WireMessage:
    if len(raw) < _HEADER.size:
        raise ProtocolFault("a message's header is cut short")
    _, kind, _, pipeline = _HEADER.unpack_from(raw)
    identity = UUID(bytes_le=pipeline)
    body = raw[_HEADER.size :].removeprefix(_BOM)
    return WireMessage(kind, None if identity == _NOBODY else identity, body, raw)
