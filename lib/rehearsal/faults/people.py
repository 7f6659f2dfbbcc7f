"""What can be wrong with one user (L72 to L74, L78)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rehearsal.faults.fault import Fault, Repair, Where, working_people
from rehearsal.people import EXCHANGE_2010, Person
from rehearsal.topologies.litware import DOMAIN, LEGACY
from rehearsal.world import World

_LEGACY_DATABASE = "DB-2010"


def _person(change: Callable[[Person], Person]) -> Callable[[World, Where], None]:
    def do(world: World, where: Where) -> None:
        world.exchange.people = tuple(change(one) if one.upn == where.user else one for one in world.exchange.people)

    return do


def _without_mailbox(world: World, where: Where) -> None:
    _person(lambda one: replace(one, server="", database=""))(world, where)
    world.exchange.owa.mailboxes.pop(where.user.lower())


def _owa_off(world: World, where: Where) -> None:
    mailboxes = world.exchange.owa.mailboxes
    mailboxes[where.user.lower()] = replace(mailboxes[where.user.lower()], owa_enabled=False)


def _has_legacy_server(world: World) -> bool:
    return LEGACY.lower() in world.exchange.servers


def _of_user(
    id: str,
    meaning: str,
    requirements: tuple[str, ...],
    do: Callable[[World, Where], None],
    needs: Callable[[World], bool] | None = None,
) -> Fault:
    return Fault(
        id=id,
        meaning=meaning,
        requirements=requirements,
        repair=Repair.MANUAL,
        do=do,
        users=working_people,
        needs=needs,
    )


FAULTS = (
    _of_user("user-no-mailbox", "a user of Lync has no mailbox", ("L72",), _without_mailbox),
    _of_user(
        "user-wrong-edition",
        "a user's mailbox is on a server of Exchange 2010 that nobody integrates",
        ("L72",),
        _person(lambda one: replace(one, server=LEGACY, database=_LEGACY_DATABASE, mailbox_version=EXCHANGE_2010)),
        _has_legacy_server,
    ),
    _of_user(
        "user-not-enabled",
        "a user with a mailbox may not sign in to Lync",
        ("L73",),
        _person(lambda one: replace(one, lync_enabled=False)),
    ),
    _of_user(
        "user-no-sip",
        "a user's mailbox has no SIP proxy address",
        ("L74",),
        _person(lambda one: replace(one, sip_proxy=None)),
    ),
    _of_user(
        "user-invalid-sip",
        "a user's SIP proxy address isn't of the form of one",
        ("L74",),
        _person(lambda one: replace(one, sip_proxy="sip:nobody")),
    ),
    _of_user(
        "user-sip-mismatch",
        "a user's SIP proxy address is another one than the Lync account's",
        ("L74",),
        _person(lambda one: replace(one, sip_proxy=f"sip:somebody.else@{DOMAIN}")),
    ),
    _of_user(
        "sip-domain-unknown",
        "a user's SIP proxy address is in a domain that Lync doesn't serve",
        ("L74",),
        _person(lambda one: replace(one, sip_proxy=f"sip:{one.alias}@elsewhere.example.com")),
    ),
    _of_user("user-owa-disabled", "a user may not use Outlook Web App", ("L78",), _owa_off),
)
