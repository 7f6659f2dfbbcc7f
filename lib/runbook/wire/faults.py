"""What went wrong between here and a server, in words for the administrator.

The same exception classes come up before and after a command ran, and half of them aren't the client's own
(``remoting-notes``), so the whole chain of causes is looked through for one that says something. Of an
exception that isn't known here only the class is named: its text could quote what was sent.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import requests
from spnego.exceptions import SpnegoError
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from runbook.wire.deadline import DeadlinePassed
from runbook.wire.messages import ProtocolFault
from runbook.wire.transport import RedirectRefused, ReplyTooLarge

SHELL_GONE = 2150858843
TOO_MANY_SHELLS = 2150859173
TOO_MANY_OPERATIONS = 2150859174
STILL_RUNNING = 2150858793

_HOSTNAME_MISMATCH = 62


@dataclass(frozen=True, slots=True)
class Explained:
    """``reason`` is a whole sentence; ``remedy`` another, or empty."""

    reason: str
    remedy: str = ""


_FAULTS = {
    SHELL_GONE: Explained("The server has ended this session.", "Run it again: a new session is opened."),
    TOO_MANY_SHELLS: Explained(
        "The server allows this account no further session.",
        "Close other sessions of the account, or wait until the server ends idle ones.",
    ),
    TOO_MANY_OPERATIONS: Explained(
        "The server is at its limit of concurrent commands for this account.", "Wait a moment and run it again."
    ),
    STILL_RUNNING: Explained("The server didn't answer in the time it was given."),
}


def explain_fault(code: object, reason: str | None) -> Explained:
    """A WS-Management fault: its number where it is known, else the server's own text, shortened to one line."""
    if isinstance(code, int) and code in _FAULTS:
        return _FAULTS[code]
    said = one_line(reason or "no reason given")
    return Explained(f"The server refused the request: {said} (fault {code}).")


def explain(error: BaseException) -> Explained:
    """Any other exception of an exchange."""
    chain = list(_chain(error))
    for kind, words in _KNOWN:
        for cause in chain:
            if isinstance(cause, kind):
                return words(cause)
    return Explained(f"The exchange with the server failed ({type(error).__name__}).")


def one_line(text: str, limit: int = 300) -> str:
    """A server's text without control characters and line ends, shortened."""
    clean = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def _certificate(error: BaseException) -> Explained:
    assert isinstance(error, ssl.SSLCertVerificationError)
    if error.verify_code == _HOSTNAME_MISMATCH:
        return Explained(
            "The server's TLS certificate is for another name, so this may not be the server that the estate names.",
            "Correct the estate file, or give the listener a certificate for the server's FQDN.",
        )
    return Explained(
        f"The server's TLS certificate isn't trusted: {one_line(error.verify_message)}.",
        "Name the CA's file as certificate_authority in the estate file, or renew the certificate.",
    )


def _always(reason: str, remedy: str = "") -> Callable[[BaseException], Explained]:
    return lambda _: Explained(reason, remedy)


def _own(error: BaseException) -> Explained:
    return Explained(f"The server's answer was not accepted: {error}.")


# From what says most to what says least: requests makes everything a ConnectionError, urllib3 most of it a timeout.
_KNOWN: tuple[tuple[type[BaseException], Callable[[BaseException], Explained]], ...] = (
    (DeadlinePassed, _always("The server didn't finish in the time it was given.")),
    (ProtocolFault, _own),
    (RedirectRefused, _own),
    (ReplyTooLarge, _own),
    (ssl.SSLCertVerificationError, _certificate),
    (ssl.SSLError, _always("No TLS connection came about.", "Check that this port speaks TLS 1.2 or later.")),
    (
        NameResolutionError,
        _always("The name of the server isn't known here.", "Check the endpoint's URL, and DNS on this computer."),
    ),
    (
        NewConnectionError,
        _always("Nothing listens at this address.", "Check the endpoint's URL, the firewall and the WinRM listener."),
    ),
    (
        ConnectTimeoutError,
        _always("Nothing answers at this address.", "Check the endpoint's URL, the firewall and the WinRM listener."),
    ),
    (requests.ReadTimeout, _always("The server stopped answering.")),
    (
        SpnegoError,
        _always(
            "Authentication didn't come about on this computer.",
            "Check `authentication` in the estate file; Kerberos needs `pip install 'owa-im-runbook[kerberos]'` "
            "and a reachable domain controller.",
        ),
    ),
    (requests.ConnectionError, _always("The connection broke.")),
)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that it was made of, nearest first; requests and urllib3 wrap theirs in ``args``."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop(0)
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [*each.args, getattr(each, "reason", None), each.__cause__, each.__context__]
