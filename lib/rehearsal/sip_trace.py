"""What a Front End's SIP stack says of a sign-in by Outlook Web App, for whoever traces it.

Verified of the text: *The peer is not a configured server on this network interface*, the transport and the fqdn, which
is the Subject name that the peer presented (B3). The frame around it is from memory of such traces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearsal.centralized_logging import SIP_STACK, TraceEntry
from rehearsal.machines import Machine
from rehearsal.people import Person
from rehearsal.pki import subject_common_name

if TYPE_CHECKING:
    from rehearsal.owa_application import SignInFailure
    from rehearsal.world import World

UNKNOWN_PEER = "The peer is not a configured server on this network interface"


def trace_sign_in(
    world: World, back_end: Machine, certificate: bytes, person: Person, failure: SignInFailure | None
) -> None:
    """Outlook Web App on ``back_end`` presented ``certificate`` (DER) to the user's pool, which answered like this."""
    front_ends = world.front_ends(person.registrar_pool or "")
    if not front_ends:
        return
    computer, peer = front_ends[0].name, subject_common_name(certificate).lower()
    if failure is not None and failure.event:
        return  # no SIP was spoken: the connection didn't come about
    if all(row.name != peer for row in world.known):
        _say(world, computer, "Error", "TF_DIAG", _diagnostic(peer))
        return
    answer = "200 OK" if failure is None else f"{failure.subcode or 504} Server time-out"
    _say(world, computer, "Info", "TF_PROTOCOL", _protocol(back_end.name, person.sip_address or "", answer))


def _diagnostic(peer: str) -> str:
    return f'Severity: error\r\nText: {UNKNOWN_PEER}\r\nTransport: TLS\r\nData: fqdn="{peer}"'


def _protocol(peer: str, sip_address: str, answer: str) -> str:
    domain = sip_address.rpartition("@")[2]
    return (
        f"Direction: outgoing\r\nPeer: {peer}\r\nMessage-Type: response\r\nStart-Line: SIP/2.0 {answer}\r\n"
        f"From: <{sip_address}>\r\nTo: <{sip_address}>\r\nCSeq: 1 REGISTER\r\nDomain: {domain}"
    )


def _say(world: World, computer: str, level: str, flag: str, body: str) -> None:
    now = world.clock.now()
    head = f"TL_{level.upper()}({flag}) [{computer}]{now:%m/%d/%Y-%H:%M:%S}.{now.microsecond // 1000:03} ({SIP_STACK})"
    text = f"{head} $$begin_record\r\n{body}\r\n$$end_record"
    world.logging.trace(TraceEntry(time=now, computer=computer, component=SIP_STACK, level=level, text=text))
