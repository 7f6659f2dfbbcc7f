"""PSRP messages and fragments (MS-PSRP 2.2.1, 2.2.4): joined on the way in, cut to size on the way out."""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass
from uuid import UUID

from rehearsal.remote_shell import ShellError

_HEADER = struct.Struct(">QQBI")
_MESSAGE = struct.Struct("<II16s16s")
_START, _END = 1, 2
_TO_CLIENT = 1
_NOBODY = UUID(int=0)

MAX_OBJECT_BYTES = 10 * 1024 * 1024
"""MaximumReceivedObjectSizeMB of the default session configuration."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``raw`` is all of it, header included; ``body`` its CLIXML."""

    object_id: int
    kind: int
    pool: UUID
    pipeline: UUID | None
    raw: bytes

    @property
    def body(self) -> bytes:
        return self.raw[_MESSAGE.size :]


def pack_message(kind: int, pool: UUID, pipeline: UUID | None, body: bytes) -> bytes:
    """A message from the server."""
    return _MESSAGE.pack(_TO_CLIENT, kind, pool.bytes_le, (pipeline or _NOBODY).bytes_le) + body


def pack_fragment(object_id: int, fragment: int, data: bytes, end: bool) -> bytes:
    """One fragment with its header."""
    flags = (_START if fragment == 0 else 0) | (_END if end else 0)
    return _HEADER.pack(object_id, fragment, flags, len(data)) + data


class Assembler:
    """Joins a client's fragments into messages. Not thread-safe: the shell's lock guards it."""

    def __init__(self) -> None:
        self._partial: dict[int, list[bytes]] = {}
        self._pending = 0

    def feed(self, data: bytes) -> list[Message]:
        """The messages that ``data`` completes; raises :class:`ShellError` on a fragment out of place."""
        messages: list[Message] = []
        position = 0
        while position < len(data):
            if len(data) - position < _HEADER.size:
                raise ShellError("A fragment is shorter than its header.")
            object_id, fragment, flags, length = _HEADER.unpack_from(data, position)
            position += _HEADER.size
            blob = data[position : position + length]
            position += length
            if len(blob) != length:
                raise ShellError("A fragment is shorter than its header says.")
            parts = self._partial.setdefault(object_id, [])
            if fragment != len(parts):
                raise ShellError(f"Fragment {fragment} of object {object_id} arrived where {len(parts)} was expected.")
            parts.append(blob)
            self._pending += length
            if self._pending > MAX_OBJECT_BYTES:
                raise ShellError(f"The data received exceeds the allowed maximum of {MAX_OBJECT_BYTES} bytes.")
            if flags & _END:
                del self._partial[object_id]
                raw = b"".join(parts)
                self._pending -= len(raw)
                messages.append(_unpack(object_id, raw))
        return messages


def _unpack(object_id: int, raw: bytes) -> Message:
    if len(raw) < _MESSAGE.size:
        raise ShellError("A message is shorter than its header.")
    _, kind, pool, pipeline = _MESSAGE.unpack_from(raw)
    target = UUID(bytes_le=pipeline)
    return Message(object_id, kind, UUID(bytes_le=pool), None if target == _NOBODY else target, raw)


class Outbox:
    """Messages that wait for a Receive, handed out as fragments. The shell's lock guards it."""

    def __init__(self) -> None:
        self._queue: deque[tuple[int, bytes]] = deque()
        self._offset = 0
        self._fragment = 0

    def __bool__(self) -> bool:
        return bool(self._queue)

    def put(self, object_id: int, message: bytes) -> None:
        self._queue.append((object_id, message))

    def take(self, limit: int) -> bytes:
        """As many fragments as fit into ``limit`` bytes, at least one byte of payload."""
        parts: list[bytes] = []
        room = max(limit, _HEADER.size + 1)
        while self._queue and room > _HEADER.size:
            object_id, message = self._queue[0]
            data = message[self._offset : self._offset + room - _HEADER.size]
            end = self._offset + len(data) == len(message)
            parts.append(pack_fragment(object_id, self._fragment, data, end))
            room -= _HEADER.size + len(data)
            if end:
                self._queue.popleft()
                self._offset = self._fragment = 0
            else:
                self._offset += len(data)
                self._fragment += 1
        return b"".join(parts)
