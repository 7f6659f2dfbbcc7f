"""Who gets instant messaging in OWA, and who doesn't and why (L71-L74). Pure.

A person counts who signs in to a mailbox. Somebody whom Lync doesn't know was never meant to have IM, so nothing else
is said of that person; of a Lync user every reason is told, since each of them has to be mended.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from runbook.command import Target
from runbook.estate import Estate, Product, Role, Version
from runbook.facts import recipients
from runbook.facts.query import Unread
from runbook.facts.recipients import ClientAccess, LyncUser, Mailbox, OwaPolicy
from runbook.sections.ask import Ask
from runbook.sections.organisation import NO_EXCHANGE, NO_LYNC

_NOT_WITH_LYNC_2013 = (Version.V2016, Version.V2019, Version.SE)
_SIP_ADDRESS = re.compile(r"[^\s@:;,<>\"]+@([a-z0-9-]+(?:\.[a-z0-9-]+)+)\Z", re.IGNORECASE)


class Reason(StrEnum):
    """Why a person has no IM in OWA, or may not have it; also the id of the finding that says so."""

    NOT_IN_LYNC = "user-not-enabled"
    MAILBOX_VERSION = "user-wrong-edition"
    NO_MAILBOX = "user-no-mailbox"
    NO_SIP_ADDRESS = "user-no-sip"
    INVALID_SIP_ADDRESS = "user-invalid-sip"
    SIP_DOMAIN = "sip-domain-unknown"
    OTHER_SIP_ADDRESS = "user-sip-mismatch"
    NO_CLIENT_ACCESS = "users-access-unread"
    OWA_OFF = "user-owa-disabled"
    POLICY_UNKNOWN = "users-policy-unknown"
    POLICY_LEFT_OFF = "users-policy-left-off"
    POLICY_OFF = "users-policy-off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """The people as Exchange and Lync know them."""

    mailboxes: tuple[Mailbox, ...] | Unread
    access: tuple[ClientAccess, ...] | Unread
    lync: tuple[LyncUser, ...] | Unread
    sip_domains: tuple[str, ...] | Unread
    remote: tuple[Mailbox, ...] | Unread = ()
    """Those in Exchange Online."""

    @property
    def unread(self) -> Mapping[str, Unread]:
        return {field.name: value for field in fields(self) if isinstance(value := getattr(self, field.name), Unread)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """``ready`` meet L72 to L74 and are under a policy that lets them; ``by_directory`` are those of them whose
    mailbox names no policy, so that the virtual directory decides. ``held`` are the others, by reason.
    """

    ready: tuple[Mailbox, ...]
    by_directory: tuple[Mailbox, ...]
    held: Mapping[Reason, tuple[Mailbox, ...]]
    homeless: tuple[LyncUser, ...] = ()
    """Enabled for Lync, with no mailbox of this organisation, nor one in Exchange Online."""
    online: tuple[LyncUser, ...] = ()
    """Enabled for Lync, with the mailbox in Exchange Online."""

    @property
    def lync_users(self) -> int:
        """How many of the people Lync knows."""
        others = self.held.get(Reason.NOT_IN_LYNC, ())
        everybody = {mailbox.identity for group in (self.ready, *self.held.values()) for mailbox in group}
        return len(everybody) - len(others)


def ask_users(exchange: Target | None, lync: Target | None, controller: str) -> Ask[Users]:
    """Five lists, whole; those of a side that the estate doesn't reach are unread."""
    on_exchange = (
        ()
        if exchange is None
        else (recipients.mailboxes(exchange, controller), recipients.client_access(exchange, controller))
    )
    remote = None if exchange is None else recipients.remote_mailboxes(exchange, controller)
    on_lync = () if lync is None else (recipients.lync_users(lync), recipients.sip_domains(lync))
    return Ask(
        (*on_exchange, *on_lync, *(() if remote is None else (remote,))),
        lambda answers: Users(
            mailboxes=answers[on_exchange[0]] if on_exchange else NO_EXCHANGE,
            access=answers[on_exchange[1]] if on_exchange else NO_EXCHANGE,
            lync=answers[on_lync[0]] if on_lync else NO_LYNC,
            sip_domains=answers[on_lync[1]] if on_lync else NO_LYNC,
            remote=NO_EXCHANGE if remote is None else answers[remote],
        ),
    )


def integrated_editions(estate: Estate) -> frozenset[str]:
    """The editions of the estate's Exchange servers, SE under the number that it shares with 2019.

    Where all Front Ends are Lync Server 2013's, without those that aren't supported with it (``real-world`` B1).
    """
    front_ends = estate.lync(Role.FRONT_END)
    only_lync_2013 = bool(front_ends) and all(server.product is Product.LYNC for server in front_ends)
    closed = _NOT_WITH_LYNC_2013 if only_lync_2013 else ()
    versions = (server.version for server in estate.exchange() if server.version not in closed)
    return frozenset("2019" if version == Version.SE else str(version) for version in versions)


def judge(
    users: Users,
    policies: Iterable[OwaPolicy],
    *,
    left_off: Iterable[str] = (),
    planned: Iterable[str] = (),
    integrated: frozenset[str] = frozenset({"2013"}),
) -> Readiness | None:
    """Everybody's state, once the policies ``planned`` (by name) are switched on; ``None`` where a list is unread.

    ``integrated`` are the editions whose servers the estate names (L72, widened to those that have a way).
    """
    if isinstance(users.mailboxes, Unread) or isinstance(users.access, Unread):
        return None
    if isinstance(users.lync, Unread) or isinstance(users.sip_domains, Unread):
        return None
    known = _Directory(users.lync)
    access = {entry.identity.lower(): entry for entry in users.access}
    named = {key.lower(): policy for policy in policies for key in (policy.identity, policy.name)}
    off, soon = {name.lower() for name in left_off}, {name.lower() for name in planned}
    domains = frozenset(users.sip_domains)
    at_home = known.owners(users.mailboxes)
    remote = known.owners(() if isinstance(users.remote, Unread) else users.remote) - at_home
    elsewhere = [user for user in users.lync if user.enabled and user.identity not in at_home]
    ready: list[Mailbox] = []
    by_directory: list[Mailbox] = []
    held: dict[Reason, list[Mailbox]] = {reason: [] for reason in Reason}
    for mailbox in filter(lambda each: each.is_person, users.mailboxes):
        user, rights = known.find(mailbox), access.get(mailbox.identity.lower())
        if user is None or not user.enabled:
            held[Reason.NOT_IN_LYNC].append(mailbox)
            continue
        reasons = [*_person(mailbox, user, domains, integrated), *_policy(rights, named, off, soon)]
        for reason in reasons:
            held[reason].append(mailbox)
        if not reasons:
            ready.append(mailbox)
            if rights is not None and not rights.policy:
                by_directory.append(mailbox)
    return Readiness(
        ready=tuple(ready),
        by_directory=tuple(by_directory),
        held={reason: tuple(group) for reason, group in held.items() if group},
        homeless=tuple(user for user in elsewhere if user.identity not in remote),
        online=tuple(user for user in elsewhere if user.identity in remote),
    )


def lync_people(users: Users) -> Iterator[tuple[Mailbox, LyncUser]]:
    """Every person with a mailbox whom Lync lets sign in; nobody where either list is unread."""
    if isinstance(users.mailboxes, Unread) or isinstance(users.lync, Unread):
        return
    known = _Directory(users.lync)
    for mailbox in users.mailboxes:
        user = known.find(mailbox) if mailbox.is_person else None
        if user is not None and user.enabled:
            yield mailbox, user


def valid_sip_addresses(mailbox: Mailbox, domains: frozenset[str]) -> tuple[str, ...]:
    """L74: of the form user@domain, in a domain that Lync serves."""
    matches = ((address, _SIP_ADDRESS.match(address)) for address in mailbox.sip_addresses)
    return tuple(address for address, match in matches if match is not None and match[1].lower() in domains)


class _Directory:
    """Lync's users, found from a mailbox: by account, else by SIP address, else by the e-mail address it is made of.

    The account comes first, since an address can be taken over by another one. Where mailbox and Lync account are two
    (a resource forest), the addresses are all that they share.
    """

    def __init__(self, users: Iterable[LyncUser]) -> None:
        self._by_account: dict[str, LyncUser] = {}
        self._by_address: dict[str, LyncUser] = {}
        for user in users:
            if user.user:
                self._by_account.setdefault(user.user.lower(), user)
            if user.bare_sip_address:
                self._by_address.setdefault(user.bare_sip_address, user)

    def owners(self, mailboxes: Iterable[Mailbox]) -> set[str]:
        """The identities of those whose mailboxes these are."""
        return {user.identity for mailbox in mailboxes if (user := self.find(mailbox)) is not None}

    def find(self, mailbox: Mailbox) -> LyncUser | None:
        if found := self._by_account.get(mailbox.user.lower()):
            return found
        addresses = (*mailbox.sip_addresses, *mailbox.smtp_addresses)
        return next((found for address in addresses if (found := self._by_address.get(address))), None)


def _person(mailbox: Mailbox, user: LyncUser, domains: frozenset[str], integrated: frozenset[str]) -> Iterator[Reason]:
    if mailbox.edition not in integrated:
        yield Reason.MAILBOX_VERSION
    valid = valid_sip_addresses(mailbox, domains)
    if not valid:
        yield _without_valid(mailbox)
    elif user.bare_sip_address not in valid:
        yield Reason.OTHER_SIP_ADDRESS


def _without_valid(mailbox: Mailbox) -> Reason:
    """No address, none of the form of one, or one of a domain that Lync doesn't serve."""
    if not mailbox.sip_addresses:
        return Reason.NO_SIP_ADDRESS
    well_formed = any(_SIP_ADDRESS.match(address) for address in mailbox.sip_addresses)
    return Reason.SIP_DOMAIN if well_formed else Reason.INVALID_SIP_ADDRESS


def _policy(
    rights: ClientAccess | None, named: Mapping[str, OwaPolicy], off: set[str], soon: set[str]
) -> Iterator[Reason]:
    if rights is None:
        yield Reason.NO_CLIENT_ACCESS
        return
    if not rights.owa_enabled:
        yield Reason.OWA_OFF
    if not rights.policy:
        return
    policy = named.get(rights.policy.lower())
    if policy is None:
        yield Reason.POLICY_UNKNOWN
    elif not policy.has_im and policy.name.lower() not in soon:
        yield Reason.POLICY_LEFT_OFF if policy.name.lower() in off else Reason.POLICY_OFF
