"""SOAP envelopes of WS-Management: parsing what a client sent, building responses and faults.

What arrives is untrusted. :func:`parse_untrusted` refuses a document type, excessive depth and excessive
size before anything else looks at it. Shapes follow MS-WSMV and DMTF DSP0226; fault codes follow wsmerror.h.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

MAX_DEPTH = 128
"""Nesting above which a document is refused: real requests stay below 40."""

_NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
}
_FAULT_ACTION = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
_ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


class UntrustedXmlError(ValueError):
    """A document that is refused before it is read: malformed, too deep, too large or with a document type."""


def parse_untrusted(data: bytes | str, max_bytes: int) -> ElementTree.Element:
    """Parse XML from a client; raises :class:`UntrustedXmlError` rather than let it cost memory or recursion."""
    if len(data) > max_bytes:
        raise UntrustedXmlError(f"the document has {len(data)} bytes and {max_bytes} are allowed")
    builder = ElementTree.TreeBuilder()
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise UntrustedXmlError(f"elements are nested more than {MAX_DEPTH} deep")
        builder.start(_clark(name), {_clark(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_clark(name))

    def refuse_doctype(*_: object) -> None:
        raise UntrustedXmlError("a document type declaration is not allowed")

    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse_doctype
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError) as fault:
        raise UntrustedXmlError(str(fault)) from fault
    return builder.close()


def _clark(name: str) -> str:
    return "{" + name if "}" in name else name


def name(prefixed: str) -> str:
    """``"rsp:Shell"`` → ElementTree's ``{namespace}Shell``."""
    prefix, _, local = prefixed.partition(":")
    return "{" + _NAMESPACES[prefix] + "}" + local


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The addressing headers of a request and its body's first element."""

    action: str
    resource: str
    message_id: str
    max_envelope_size: int
    operation_timeout: float
    selectors: Mapping[str, str]
    options: Mapping[str, str]
    body: ElementTree.Element | None


class FaultError(Exception):
    """A SOAP fault. ``code`` is the number in WSManFault; ``subcode`` is prefixed (``w:`` or ``a:``)."""

    def __init__(
        self, code: int, subcode: str, message: str, detail: str | None = None, *, sender: bool = True
    ) -> None:
        self.code = code
        self.subcode = subcode
        self.message = message
        self.detail = detail
        self.sender = sender
        super().__init__(f"{message} ({code})")


def read_request(data: bytes, max_bytes: int) -> Request:
    """The request in ``data``; raises :class:`FaultError` when it isn't a WS-Management envelope."""
    if len(data) > max_bytes:
        raise FaultError(
            2150858805,
            "w:EncodingLimit",
            f"The WS-Management service cannot process the request. The request has {len(data)} bytes and the "
            f"service's MaxEnvelopeSize is {max_bytes}.",
            "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/ServiceEnvelopeLimit",
        )
    try:
        envelope = parse_untrusted(data, max_bytes)
    except UntrustedXmlError as fault:
        raise invalid_request(f"The SOAP XML in the message is not valid: {fault}") from fault
    header = envelope.find(name("s:Header"))
    body = envelope.find(name("s:Body"))
    if envelope.tag != name("s:Envelope") or header is None:
        raise invalid_request("The message is not a SOAP 1.2 envelope with a header.")
    children = list(body) if body is not None else []
    return Request(
        action=_text(header, "a:Action"),
        resource=_text(header, "w:ResourceURI"),
        message_id=_text(header, "a:MessageID"),
        max_envelope_size=_integer(_text(header, "w:MaxEnvelopeSize"), default=153600),
        operation_timeout=_seconds(_text(header, "w:OperationTimeout"), default=60.0),
        selectors=_named(header.find(name("w:SelectorSet"))),
        options=_named(header.find(name("w:OptionSet"))),
        body=children[0] if children else None,
    )


def invalid_request(message: str) -> FaultError:
    """The fault for a message that doesn't follow the schema."""
    return FaultError(2150858817, "w:SchemaValidationError", message)


def response(request: Request, body: str, *, suffix: str = "Response") -> bytes:
    """The success envelope that answers ``request``; ``body`` is XML with the prefixes of this module."""
    return _envelope(request.action + suffix, request.message_id, body)


def fault_response(fault: FaultError, message_id: str, machine: str) -> bytes:
    """The fault envelope; ``machine`` is the host's name, as Windows puts it into WSManFault."""
    detail = f"<w:FaultDetail>{escape(fault.detail)}</w:FaultDetail>" if fault.detail else ""
    text = escape(fault.message)
    body = (
        "<s:Fault><s:Code>"
        f"<s:Value>s:{'Sender' if fault.sender else 'Receiver'}</s:Value>"
        f"<s:Subcode><s:Value>{fault.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{text}</s:Text></s:Reason>'
        f"<s:Detail>{detail}"
        '<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" '
        f'Code="{fault.code}" Machine={quoteattr(machine)}>'
        f"<f:Message>{text}</f:Message></f:WSManFault></s:Detail></s:Fault>"
    )
    return _envelope(_FAULT_ACTION, message_id, body)


def _envelope(action: str, relates_to: str, body: str) -> bytes:
    namespaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _NAMESPACES.items())
    relates = f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo>" if relates_to else ""
    return (
        f'<s:Envelope xml:lang="en-US" {namespaces}><s:Header>'
        f"<a:Action>{escape(action)}</a:Action>"
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        f"<a:To>{_ANONYMOUS}</a:To>{relates}"
        f"</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def _text(header: ElementTree.Element, prefixed: str) -> str:
    return (header.findtext(name(prefixed)) or "").strip()


def _named(parent: ElementTree.Element | None) -> dict[str, str]:
    return {child.get("Name", ""): (child.text or "").strip() for child in parent} if parent is not None else {}


def _integer(text: str, *, default: int) -> int:
    return int(text) if text.isdecimal() else default


def _seconds(text: str, *, default: float) -> float:
    match = _DURATION.fullmatch(text)
    if not match or not any(match.groups()):
        return default
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + seconds
