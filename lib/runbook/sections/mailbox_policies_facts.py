"""The facts of the section *mailbox policies*, and the one round of queries that establishes them."""

from __future__ import annotations

from dataclasses import dataclass

from runbook.estate import Estate, Role
from runbook.facts import recipients
from runbook.facts.query import Observation, Unread
from runbook.facts.recipients import OwaPolicy
from runbook.parameters_users import MailboxPoliciesParameters
from runbook.sections.ask import Ask, all_of
from runbook.sections.organisation import NO_EXCHANGE, exchange_reader, topology_reader
from runbook.sections.users import Users, ask_users


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxPoliciesFacts:
    policies: tuple[OwaPolicy, ...] | Unread
    users: Users


def ask_policies(estate: Estate) -> Ask[tuple[OwaPolicy, ...] | Unread]:
    """Every OWA mailbox policy."""
    target = exchange_reader(estate)
    if target is None:
        return Ask((), lambda answers: NO_EXCHANGE)
    query = recipients.owa_policies(target, estate.domain_controller or "")
    return Ask((query,), lambda answers: answers[query])


def ask_people(estate: Estate) -> Ask[Users]:
    """Everybody, on both sides; any Front End knows all of Lync's users."""
    lync = topology_reader(estate.lync(Role.FRONT_END))
    return ask_users(exchange_reader(estate), lync, estate.domain_controller or "")


def observe(parameters: MailboxPoliciesParameters, estate: Estate) -> Observation[MailboxPoliciesFacts]:
    policies, people = ask_policies(estate), ask_people(estate)
    answers = yield all_of([policies, people])
    return MailboxPoliciesFacts(policies=policies.collect(answers), users=people.collect(answers))
