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

EXCHANGE_2013 = "0.20 (15.0.0.0)"
EXCHANGE_2010 = "0.10 (14.0.100.0)"
"""What ExchangeVersion says of a mailbox on that version, 2013 or any later; from memory of the product."""

OWN_DEPLOYMENT = "SRV:"
"""What HostingProvider says of an account that is on premises (printed output of Get-CsUser)."""

# Which of every 50 users is which.
_NO_MAILBOX, _NEVER_ENABLED, _OLD_MAILBOX, _DISABLED_AGAIN, _NO_PROXY, _WRONG_DOMAIN = 5, 11, 17, 23, 31, 43


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One user. ``sip_proxy`` is the SIP entry of the mailbox's addresses, ``sip_address`` the Lync account's."""

    alias: str
    display_name: str
    upn: str
    mail: str
    server: str
    """NetBIOS name of the server that the database was made on; empty without a mailbox. It may have failed over."""
    database: str
    """Empty without a mailbox."""
    sip_proxy: str | None
    sip_address: str | None
    lync_enabled: bool | None
    """Tri-state, as Get-CsAdUser gives it: None has never been enabled."""
    registrar_pool: str | None
    mailbox_version: str = EXCHANGE_2013
    online: bool = False
    """The mailbox is in Exchange Online."""
    external_access: str | None = None
    """The external access policy that was granted, without ``Tag:``."""
    hosting_provider: str = OWN_DEPLOYMENT
    """Who hosts the Lync account: this deployment, or the proxy FQDN of the hosting provider that does."""

    @property
    def hosted_here(self) -> bool:
        """Whether the Lync account, if there is one, is on these servers."""
        return self.hosting_provider == OWN_DEPLOYMENT

    @property
    def has_mailbox(self) -> bool:
        return bool(self.database)


@dataclass(frozen=True, slots=True)
class Home:
    """Where mailboxes live: a database, the mailbox server (NetBIOS name) that it was made on, their version."""

    server: str
    database: str
    version: str = EXCHANGE_2013


def make_people(
    seed: int, count: int, domain: str, homes: Sequence[Home], pool: str, *, legacy: Home | None = None
) -> tuple[Person, ...]:
    """``count`` users over the ``homes``, most of them able to have presence (L72 to L74).

    Out of every 50, one was never enabled for Lync, one was enabled and disabled again, one has no SIP proxy address,
    one has a SIP proxy address in a domain that is not a SIP domain, and one has no mailbox. With ``legacy``, a
    database of Exchange 2010, one more has the mailbox there.
    """
    chance = random.Random(f"people|{seed}")
    names = [(given, family) for given in _GIVEN for family in _FAMILY]
    chosen = chance.sample(names, count)
    return tuple(
        _person(index, f"{given} {family}", domain, _home(index, homes, legacy), pool)
        for index, (given, family) in enumerate(chosen)
    )


def _home(index: int, homes: Sequence[Home], legacy: Home | None) -> Home:
    if index % 50 == _NO_MAILBOX:
        return Home("", "", "")
    if legacy is not None and index % 50 == _OLD_MAILBOX:
        return legacy
    return homes[index % len(homes)]


def _person(index: int, name: str, domain: str, home: Home, pool: str) -> Person:
    alias = name.replace(" ", ".").lower()
    address = f"{alias}@{domain}"
    kind = index % 50
    never = kind == _NEVER_ENABLED
    proxy: str | None = f"sip:{address}"
    if kind in (_NEVER_ENABLED, _NO_PROXY, _NO_MAILBOX):
        proxy = None
    elif kind == _WRONG_DOMAIN:
        proxy = f"sip:{alias}@mail.{domain}"
    return Person(
        alias=alias,
        display_name=name,
        upn=address,
        mail=address,
        server=home.server,
        database=home.database,
        sip_proxy=proxy,
        sip_address=None if never else f"sip:{address}",
        lync_enabled=None if never else kind != _DISABLED_AGAIN,
        registrar_pool=None if never else pool,
        mailbox_version=home.version,
    )
