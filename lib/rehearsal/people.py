"""The users of an organisation: mailbox, SIP proxy address, Lync account."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

# fmt: off
_GIVEN = (
    "Aisha", "Akiko", "Ana", "Anders", "Bianca", "Carlos", "Chen", "Clara", "David", "Dimitra", "Elena", "Emeka",
    "Farid", "Freya", "Gabriel", "Hana", "Hugo", "Ingrid", "Ivan", "Jamila", "Jonas", "Julia", "Kenji", "Laila",
    "Lars", "Lucia", "Magnus", "Maria", "Mei", "Nadia", "Noah", "Olga", "Omar", "Paula", "Pieter", "Priya",
    "Rafael", "Rosa", "Samir", "Sofia", "Tariq", "Thandi", "Tomas", "Uma", "Viktor", "Wanda", "Xavier", "Yara",
    "Yusuf", "Zoe",
)
_FAMILY = (
    "Abara", "Bakker", "Berg", "Castillo", "Chandra", "Conti", "Dahl", "Dubois", "Eriksen", "Fischer", "Garcia",
    "Haddad", "Hansen", "Ito", "Jansen", "Kaur", "Kim", "Kowalski", "Larsen", "Lopez", "Marek", "Mensah", "Moreau",
    "Nakamura", "Novak", "Okafor", "Olsen", "Patel", "Petrov", "Quist", "Rahman", "Ricci", "Santos", "Schmidt",
    "Silva", "Tanaka", "Torres", "Unger", "Varga", "Vogel", "Wang", "Weber", "Yilmaz", "Zhou",
)
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One user. ``sip_proxy`` is the SIP entry of the mailbox's addresses, ``sip_address`` the Lync account's."""

    alias: str
    display_name: str
    upn: str
    mail: str
    server: str
    """NetBIOS name of the mailbox server."""
    database: str
    sip_proxy: str | None
    sip_address: str | None
    lync_enabled: bool | None
    """Tri-state, as Get-CsAdUser gives it: None has never been enabled."""
    registrar_pool: str | None
    mailbox_version: str = "0.20 (15.0.0.0)"


def make_people(seed: int, count: int, domain: str, servers: Sequence[str], pool: str) -> tuple[Person, ...]:
    """``count`` users over the mailbox ``servers``, all but a few of them able to have presence (L72 to L74).

    Out of every 50, one was never enabled for Lync, one was enabled and disabled again, one has no SIP proxy address
    and one has a SIP proxy address in a domain that is not a SIP domain.
    """
    chance = random.Random(f"people|{seed}")
    names = [(given, family) for given in _GIVEN for family in _FAMILY]
    chosen = chance.sample(names, count)
    return tuple(
        _person(index, given, family, domain, servers[index % len(servers)], pool)
        for index, (given, family) in enumerate(chosen)
    )


def _person(index: int, given: str, family: str, domain: str, server: str, pool: str) -> Person:
    alias = f"{given}.{family}".lower()
    address = f"{alias}@{domain}"
    never, disabled, no_proxy, wrong_domain = (index % 50 == kind for kind in (11, 23, 31, 43))
    sip = None if never else f"sip:{address}"
    proxy: str | None = f"sip:{address}"
    if never or no_proxy:
        proxy = None
    elif wrong_domain:
        proxy = f"sip:{alias}@mail.{domain}"
    return Person(
        alias=alias,
        display_name=f"{given} {family}",
        upn=address,
        mail=address,
        server=server,
        database=f"DB-{server.rpartition('-')[2]}",
        sip_proxy=proxy,
        sip_address=sip,
        lync_enabled=None if never else not disabled,
        registrar_pool=None if never else pool,
    )
