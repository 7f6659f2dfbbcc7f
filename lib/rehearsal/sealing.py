"""WinRM's message encryption over HTTP (MS-WSMV 2.2.9.1): a SOAP message sealed by the connection's context."""

from __future__ import annotations

import re
import struct
from typing import Protocol

_PROTOCOL = re.compile(r'protocol="([^"]+)"', re.IGNORECASE)
_BOUNDARY = re.compile(rb"--\s*Encrypted Boundary(?:--)?\r\n")
_LENGTH = re.compile(rb"Length=(\d+)")
_OCTETS = b"\tContent-Type: application/octet-stream\r\n"
_CREDSSP = "application/HTTP-CredSSP-session-encrypted"

# CredSSP seals TLS records, and a record holds 16 KB.
_RECORD = 16384


class SealingError(ValueError):
    """A sealed message that this connection's context can't open."""


class Context(Protocol):
    """What of a security context is needed (pyspnego's ContextProxy)."""

    def wrap_winrm(self, data: bytes) -> tuple[bytes, bytes, int]: ...
    def unwrap_winrm(self, header: bytes, data: bytes) -> bytes: ...


def is_sealed(content_type: str) -> bool:
    """Whether a request with this Content-Type is encrypted."""
    return content_type.lower().startswith(("multipart/encrypted", "multipart/x-multi-encrypted"))


def protocol_of(content_type: str) -> str:
    """The MIME protocol that a sealed request names; the answer names the same."""
    match = _PROTOCOL.search(content_type)
    if match is None:
        raise SealingError("the content type names no protocol")
    return match.group(1)


def unseal(context: Context, content: bytes) -> bytes:
    """The SOAP message in a sealed body; raises :class:`SealingError`."""
    parts = [part for part in _BOUNDARY.split(content) if part]
    if not parts or len(parts) % 2:
        raise SealingError("the body isn't made of pairs of header and payload")
    message = []
    for header, payload in zip(parts[::2], parts[1::2], strict=True):
        length = _LENGTH.search(header)
        if length is None or not payload.startswith(_OCTETS) or len(payload) < len(_OCTETS) + 4:
            raise SealingError("a part has no length or no payload")
        token = payload[len(_OCTETS) :]
        (size,) = struct.unpack_from("<I", token)
        try:
            plain = context.unwrap_winrm(token[4 : 4 + size], token[4 + size :])
        except Exception as fault:  # pyspnego raises its own tree, struct.error and ValueError
            raise SealingError(f"the payload can't be opened: {fault}") from fault
        if len(plain) != int(length.group(1)):
            raise SealingError("the payload's length differs from its header")
        message.append(plain)
    return b"".join(message)


def seal(context: Context, protocol: str, message: bytes) -> tuple[str, bytes]:
    """(Content-Type, body) that carry ``message`` sealed."""
    chunked = protocol == _CREDSSP and len(message) > _RECORD
    size = _RECORD if chunked else max(len(message), 1)
    body = b"".join(_part(context, protocol, message[i : i + size]) for i in range(0, len(message), size))
    kind = "multipart/x-multi-encrypted" if chunked else "multipart/encrypted"
    return f'{kind};protocol="{protocol}";boundary="Encrypted Boundary"', body + b"--Encrypted Boundary--\r\n"


def _part(context: Context, protocol: str, data: bytes) -> bytes:
    header, sealed, padding = context.wrap_winrm(data)
    return (
        b"--Encrypted Boundary\r\n"
        + f"\tContent-Type: {protocol}\r\n".encode()
        + f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={len(data) + padding}\r\n".encode()
        + b"--Encrypted Boundary\r\n"
        + _OCTETS
        + struct.pack("<I", len(header))
        + header
        + sealed
    )
