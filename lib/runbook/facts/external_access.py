"""Who may connect from outside: external access policies and the users under them (Y04-Y06)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from runbook.command import Pipeline, Target, cmdlet
from runbook.facts.answer import checked, flag, text
from runbook.facts.query import Query
from runbook.inputs.personal import PERSONAL
from runbook.result import Result

_SIP = "sip:"
_HERE = ("", "srv:")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """An external access policy: ``Global``, ``Site:Redmond`` or ``Tag:Remote``."""

    identity: str
    admits_outside: bool

    @property
    def is_global(self) -> bool:
        return self.identity.lower() == "global"

    @property
    def name(self) -> str:
        """As Grant-CsExternalAccessPolicy takes it: ``Tag:`` left out."""
        return bare(self.identity)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessUser:
    """A Lync user. ``policy`` is the one granted, without ``Tag:``, empty for none; ``provider`` is who hosts the user,
    ``SRV:`` for this organisation's own servers."""

    identity: Annotated[str, PERSONAL]
    user: Annotated[str, PERSONAL]
    sip_address: Annotated[str, PERSONAL]
    enabled: bool
    pool: str
    policy: str = ""
    provider: str = ""

    @property
    def is_here(self) -> bool:
        return self.provider.lower() in _HERE

    @property
    def name(self) -> str:
        return self.user or self.sip_address or self.identity

    def is_called(self, name: str) -> bool:
        """By user name or SIP address, with or without ``sip:``."""
        return name.lower().removeprefix(_SIP) in (self.user.lower(), self.sip_address.lower().removeprefix(_SIP))


def access_policies(target: Target) -> Query[tuple[AccessPolicy, ...]]:
    ask = Pipeline.of(
        cmdlet("Get-CsExternalAccessPolicy"), cmdlet("Select-Object", Property=("Identity", "EnableOutsideAccess"))
    )
    return Query("external-access-policies", target, ask, _parse_policies)


def access_users(target: Target) -> Query[tuple[AccessUser, ...]]:
    """Every user whom Lync knows, with the policy that was granted and who hosts them."""
    wanted = ("Identity", "UserPrincipalName", "SipAddress", "Enabled", "RegistrarPool")
    ask = Pipeline.of(
        cmdlet("Get-CsUser", ResultSize="Unlimited"),
        cmdlet("Select-Object", Property=(*wanted, "ExternalAccessPolicy", "HostingProvider")),
    )
    return Query("external-access-users", target, ask, _parse_users)


def bare(identity: str) -> str:
    """``Tag:Remote`` → ``Remote``; a site's policy keeps its prefix."""
    return identity[4:] if identity.lower().startswith("tag:") else identity


def _parse_policies(result: Result) -> tuple[AccessPolicy, ...]:
    return tuple(
        AccessPolicy(identity=text(item, "Identity"), admits_outside=flag(item, "EnableOutsideAccess"))
        for item in checked(result).objects
    )


def _parse_users(result: Result) -> tuple[AccessUser, ...]:
    return tuple(
        AccessUser(
            identity=text(item, "Identity"),
            user=text(item, "UserPrincipalName"),
            sip_address=text(item, "SipAddress"),
            enabled=flag(item, "Enabled"),
            pool=text(item, "RegistrarPool"),
            policy=bare(text(item, "ExternalAccessPolicy")),
            provider=text(item, "HostingProvider"),
        )
        for item in checked(result).objects
    )
