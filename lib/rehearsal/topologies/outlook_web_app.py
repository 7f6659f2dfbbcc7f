"""How Outlook Web App starts in the topologies: the mailbox policies, who has which, and the states to start in."""

from __future__ import annotations

from dataclasses import replace

from rehearsal.exchange_org import ExchangeOrganisation
from rehearsal.exchange_owa import ENABLED, OCS, TYPE, OwaMailbox, OwaMailboxPolicy
from rehearsal.owa_settings import policy_defaults

DEFAULT, EXECUTIVES, KIOSK = "Default", "Executives", "Kiosk"

OWA_STATES = {
    "policy-off": "instant messaging is switched off in the mailbox policy Default, by nobody's decision",
    "directories-off": "instant messaging is switched off on the front ends' virtual directories, to prevent errors",
    "back-ends-on": "instant messaging is set on the back ends' virtual directories too, which is advised against",
}
AUDIT_STATES = {
    "audit-off": "administrator audit logging is switched off",
    "audit-filtered": "administrator audit logging is limited to cmdlets with Mailbox in their name",
}


def apply_audit_states(exchange: ExchangeOrganisation, states: frozenset[str]) -> None:
    """Bring about those of :data:`AUDIT_STATES` that are wanted."""
    if "audit-off" in states:
        exchange.audit.configuration = replace(exchange.audit.configuration, enabled=False)
    if "audit-filtered" in states:
        exchange.audit.configuration = replace(exchange.audit.configuration, cmdlets=("*Mailbox*",))


def assign_policies(exchange: ExchangeOrganisation) -> None:
    """Three policies, and the mailboxes' settings by the users' places in the list.

    Of every 50 users, one has Outlook Web App switched off and two are under a policy that is without instant messaging
    on purpose; of the others a quarter has the policy Default, some have Executives, and the rest has none.
    """
    off = {**policy_defaults(), ENABLED: False}
    exchange.owa.add_policy(OwaMailboxPolicy(name=DEFAULT, settings=policy_defaults(), is_default=True))
    exchange.owa.add_policy(OwaMailboxPolicy(name=EXECUTIVES, settings=policy_defaults()))
    exchange.owa.add_policy(OwaMailboxPolicy(name=KIOSK, settings=off, off_on_purpose=True))
    for index, person in enumerate(exchange.people):
        if person.has_mailbox:
            mailbox = OwaMailbox(owa_enabled=index % 50 != 29, policy=_policy(index))
            exchange.owa.mailboxes[person.upn.lower()] = mailbox


def apply_owa_states(exchange: ExchangeOrganisation, states: frozenset[str]) -> None:
    """Bring about those of :data:`OWA_STATES` that are wanted."""
    owa = exchange.owa
    if "policy-off" in states:
        policy = owa.policies[DEFAULT.lower()]
        owa.add_policy(replace(policy, settings={**policy.settings, ENABLED: False}))
    for directory in list(owa.directories.values()):
        if "directories-off" in states and not directory.is_back_end:
            owa.add_directory(replace(directory, settings={**directory.settings, ENABLED: False}))
        if "back-ends-on" in states and directory.is_back_end:
            owa.add_directory(replace(directory, settings={**directory.settings, ENABLED: True, TYPE: OCS}))


def _policy(index: int) -> str | None:
    if index % 50 in (37, 47):
        return KIOSK
    if index % 4 == 1:
        return DEFAULT
    return EXECUTIVES if index % 10 == 2 else None
