"""Outlook Web App as the directory holds it: virtual directories, mailbox policies, and which mailbox has which.

A mailbox with a policy follows the policy, one without follows the virtual directory (documented:
Set-OwaMailboxPolicy.md, OfficeDocs-Exchange). Settings are keyed by the property's name in Exchange's own spelling;
enums are held by name, multivalued properties as tuples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

FRONT_END_SITE = "Default Web Site"
BACK_END_SITE = "Exchange Back End"
EXCHANGE_2010, EXCHANGE_2013 = "Exchange2010", "Exchange2013"
ENABLED, TYPE, OCS = "InstantMessagingEnabled", "InstantMessagingType", "Ocs"


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualDirectory:
    """``server`` is the NetBIOS name; ``version`` one of OwaVersions: ``Exchange2010``, or ``Exchange2013``, which all
    later servers say too (recorded: E16 and E19 exports)."""

    server: str
    site: str
    settings: Mapping[str, Any]
    version: str = EXCHANGE_2013

    @property
    def name(self) -> str:
        return f"owa ({self.site})"

    @property
    def identity(self) -> str:
        return f"{self.server}\\{self.name}"

    @property
    def is_back_end(self) -> bool:
        return self.site == BACK_END_SITE


@dataclass(frozen=True, slots=True, kw_only=True)
class OwaMailboxPolicy:
    """``off_on_purpose``: the organisation wants no instant messaging for those it applies to; Exchange can't tell."""

    name: str
    settings: Mapping[str, Any]
    is_default: bool = False
    off_on_purpose: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OwaMailbox:
    """What Get-CASMailbox says of a mailbox and Outlook Web App; ``policy`` is a policy's name or None."""

    owa_enabled: bool = True
    policy: str | None = None


@dataclass(slots=True)
class OwaSide:
    """The Outlook Web App half of the integration in the directory.

    ``directories`` is keyed by lower-case identity, ``policies`` by lower-case name, ``mailboxes`` by lower-case user
    principal name.
    """

    directories: dict[str, VirtualDirectory] = field(default_factory=dict)
    policies: dict[str, OwaMailboxPolicy] = field(default_factory=dict)
    mailboxes: dict[str, OwaMailbox] = field(default_factory=dict)

    def add_directory(self, directory: VirtualDirectory) -> None:
        self.directories[directory.identity.lower()] = directory

    def add_policy(self, policy: OwaMailboxPolicy) -> None:
        self.policies[policy.name.lower()] = policy

    def front_ends(self, server: str) -> Iterator[VirtualDirectory]:
        """The virtual directories by which users reach mailboxes on a server: all front-end ones of its version."""
        short = server.partition(".")[0].lower()
        versions = {one.version for one in self.directories.values() if one.server.lower() == short}
        for identity in sorted(self.directories):
            directory = self.directories[identity]
            if not directory.is_back_end and directory.version in versions:
                yield directory

    def excluded(self, upn: str) -> tuple[str, ...]:
        """Why nobody expects presence for this user in Outlook Web App, whatever is configured; mostly nothing."""
        return tuple(self._excluded(upn))

    def why_not(self, upn: str, server: str) -> tuple[str, ...]:
        """What in the directory keeps instant messaging from a user whose mailbox ``server`` serves; () for nothing.

        ``server`` is a NetBIOS name or FQDN.
        """
        return tuple(self._why_not(upn, server))

    def _excluded(self, upn: str) -> Iterator[str]:
        mailbox = self.mailboxes.get(upn.lower())
        if mailbox is None:
            yield "the user has no mailbox (L72)"
            return
        if not mailbox.owa_enabled:
            yield "Outlook Web App is switched off for the mailbox (L78)"
        policy = self.policies.get((mailbox.policy or "").lower())
        if policy and policy.off_on_purpose:
            yield f"the mailbox policy {policy.name} is without instant messaging on purpose (L68)"

    def _why_not(self, upn: str, server: str) -> Iterator[str]:
        mailbox = self.mailboxes.get(upn.lower())
        if mailbox is None:
            yield "Outlook Web App: the user has no mailbox (L72)"
            return
        if not mailbox.owa_enabled:
            yield "Outlook Web App: it is switched off for the mailbox (L78)"
        policy = self.policies.get(mailbox.policy.lower()) if mailbox.policy else None
        if policy is not None:
            yield from _lacking(policy.settings, f"the mailbox policy {policy.name}", "L69")
            return
        for directory in self.front_ends(server):
            yield from _lacking(directory.settings, f"the virtual directory {directory.identity}", "L48, L50")


def _lacking(settings: Mapping[str, Any], where: str, requirements: str) -> Iterator[str]:
    if not settings[ENABLED]:
        yield f"Outlook Web App: instant messaging is not enabled on {where} ({requirements})"
    if settings[TYPE] != OCS:
        yield f"Outlook Web App: instant messaging is of type {settings[TYPE]}, not Ocs, on {where} ({requirements})"
