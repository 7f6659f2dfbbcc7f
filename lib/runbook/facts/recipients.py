"""What is asked about the people who use OWA: mailbox policies, mailboxes, Lync users, SIP domains.

Every list is asked for whole (``-ResultSize Unlimited``): Exchange stops at a thousand by itself, and a user who isn't
read would be taken for one who has no mailbox.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from runbook.command import Cmdlet, Pipeline, Target, Value, cmdlet
from runbook.facts.answer import as_text, checked, flag, text, texts
from runbook.facts.exchange import build, edition
from runbook.facts.query import Query
from runbook.inputs.personal import PERSONAL
from runbook.result import Result, ServerObject

OCS = "Ocs"
"""The value of ``InstantMessagingType`` that means Lync; the procedure writes it in capitals (L50, L69)."""

_SIP = "sip:"
_SMTP = "smtp:"
_FIRST_2013 = 15
_UNKNOWN_CMDLET = ("CommandNotFoundException",)
_PEOPLE = ("usermailbox", "linkedmailbox", "legacymailbox")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwaPolicy:
    """An OWA mailbox policy. Its values override those of the virtual directory where it is assigned."""

    name: str
    identity: str
    is_default: bool
    im_enabled: bool
    im_type: str

    @property
    def has_im(self) -> bool:
        return self.im_enabled and self.im_type.lower() == OCS.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """A mailbox and its addresses, each with its prefix (``SMTP:``, ``sip:``)."""

    identity: Annotated[str, PERSONAL]
    user: Annotated[str, PERSONAL]
    addresses: Annotated[tuple[str, ...], PERSONAL]
    server: str
    kind: str
    server_version: str
    object_version: str = ""

    @property
    def is_person(self) -> bool:
        """Somebody signs in to it. Rooms, shared and system mailboxes have no user of their own."""
        return self.kind.lower() in _PEOPLE

    @property
    def edition(self) -> str:
        """L72. The version of the server counts; the object's own says only whether it is older than 2013.

        Empty for Exchange 2010 before Service Pack 1, which no way leads to (``real-world`` B1).
        """
        if known := edition(self.server_version):
            return "" if build(self.server_version)[:2] == (14, 0) else known
        return "2013" if f"({_FIRST_2013}." in self.object_version else "2010"

    @property
    def sip_addresses(self) -> tuple[str, ...]:
        """SIP proxy addresses, lower case, without prefix: ``SIP:`` is a primary one, ``sip:`` another."""
        return _addresses(self.addresses, _SIP)

    @property
    def smtp_addresses(self) -> tuple[str, ...]:
        return _addresses(self.addresses, _SMTP)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAccess:
    """What a mailbox may use. ``policy`` is empty where the virtual directory decides (``real-world`` B4)."""

    identity: Annotated[str, PERSONAL]
    owa_enabled: bool
    policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LyncUser:
    """A user whom Lync knows; ``enabled`` is false for one who is kept there but may not sign in."""

    identity: Annotated[str, PERSONAL]
    user: Annotated[str, PERSONAL]
    sip_address: Annotated[str, PERSONAL]
    enabled: bool
    pool: str

    @property
    def bare_sip_address(self) -> str:
        """Lower case, without ``sip:``."""
        return self.sip_address.lower().removeprefix(_SIP)


def owa_policies(target: Target, controller: str = "") -> Query[tuple[OwaPolicy, ...]]:
    """Every OWA mailbox policy of the organisation (L68)."""
    wanted = _select("Name", "Identity", "IsDefault", "InstantMessagingEnabled", "InstantMessagingType")
    ask = _get("Get-OwaMailboxPolicy", controller)
    return Query("owa-mailbox-policies", target, Pipeline.of(ask, wanted), _parse_policies)


def mailboxes(target: Target, controller: str = "") -> Query[tuple[Mailbox, ...]]:
    """Every mailbox (L72, L74)."""
    wanted = ("Identity", "UserPrincipalName", "EmailAddresses", "ServerName", "RecipientTypeDetails")
    ask = _get("Get-Mailbox", controller, ResultSize="Unlimited")
    versions = ("AdminDisplayVersion", "ExchangeVersion")
    return Query("mailboxes", target, Pipeline.of(ask, _select(*wanted, *versions)), _parse_mailboxes)


def remote_mailboxes(target: Target, controller: str = "") -> Query[tuple[Mailbox, ...]]:
    """Everybody whose mailbox is in Exchange Online (Y01); nobody where the shell doesn't know the cmdlet yet."""
    wanted = _select("Identity", "UserPrincipalName", "EmailAddresses", "RecipientTypeDetails")
    ask = _get("Get-RemoteMailbox", controller, ResultSize="Unlimited")
    return Query("remote-mailboxes", target, Pipeline.of(ask, wanted), _parse_remote_mailboxes)


def client_access(target: Target, controller: str = "") -> Query[tuple[ClientAccess, ...]]:
    """Of every mailbox, whether it may use OWA, and under which policy (L71)."""
    ask = _get("Get-CASMailbox", controller, ResultSize="Unlimited")
    wanted = _select("Identity", "OWAEnabled", "OwaMailboxPolicy")
    return Query("client-access-mailboxes", target, Pipeline.of(ask, wanted), _parse_client_access)


def lync_users(target: Target) -> Query[tuple[LyncUser, ...]]:
    """Every user whom Lync knows (L73)."""
    wanted = _select("Identity", "UserPrincipalName", "SipAddress", "Enabled", "RegistrarPool")
    ask = cmdlet("Get-CsUser", ResultSize="Unlimited")
    return Query("lync-users", target, Pipeline.of(ask, wanted), _parse_lync_users)


def sip_domains(target: Target) -> Query[tuple[str, ...]]:
    """The SIP domains that Lync serves, lower case: an address outside them isn't valid (L74)."""
    ask = Pipeline.of(cmdlet("Get-CsSipDomain"), _select("Identity", "Name"))
    return Query("sip-domains", target, ask, _parse_sip_domains)


def _get(name: str, controller: str, **parameters: Value) -> Cmdlet:
    pinned: dict[str, Value] = {"DomainController": controller} if controller else {}
    return cmdlet(name, **parameters, **pinned)


def _select(*names: str) -> Cmdlet:
    return cmdlet("Select-Object", Property=names)


def _addresses(addresses: tuple[str, ...], prefix: str) -> tuple[str, ...]:
    return tuple(address.lower().removeprefix(prefix) for address in addresses if address.lower().startswith(prefix))


def _parse_policies(result: Result) -> tuple[OwaPolicy, ...]:
    return tuple(
        OwaPolicy(
            name=text(item, "Name"),
            identity=text(item, "Identity"),
            is_default=flag(item, "IsDefault"),
            im_enabled=flag(item, "InstantMessagingEnabled"),
            im_type=text(item, "InstantMessagingType"),
        )
        for item in checked(result).objects
    )


def _parse_mailboxes(result: Result) -> tuple[Mailbox, ...]:
    return tuple(
        Mailbox(
            identity=text(item, "Identity"),
            user=text(item, "UserPrincipalName"),
            addresses=texts(item, "EmailAddresses"),
            server=text(item, "ServerName"),
            kind=text(item, "RecipientTypeDetails"),
            server_version=text(item, "AdminDisplayVersion"),
            object_version=text(item, "ExchangeVersion"),
        )
        for item in checked(result).objects
    )


def _parse_remote_mailboxes(result: Result) -> tuple[Mailbox, ...]:
    return tuple(
        Mailbox(
            identity=text(item, "Identity"),
            user=text(item, "UserPrincipalName"),
            addresses=texts(item, "EmailAddresses"),
            server="",
            kind=text(item, "RecipientTypeDetails"),
            server_version="",
        )
        for item in checked(result, absent=_UNKNOWN_CMDLET).objects
    )


def _parse_client_access(result: Result) -> tuple[ClientAccess, ...]:
    return tuple(
        ClientAccess(
            identity=text(item, "Identity"),
            owa_enabled=flag(item, "OWAEnabled"),
            policy=text(item, "OwaMailboxPolicy"),
        )
        for item in checked(result).objects
    )


def _parse_lync_users(result: Result) -> tuple[LyncUser, ...]:
    return tuple(
        LyncUser(
            identity=text(item, "Identity"),
            user=text(item, "UserPrincipalName"),
            sip_address=text(item, "SipAddress"),
            enabled=flag(item, "Enabled"),
            pool=text(item, "RegistrarPool"),
        )
        for item in checked(result).objects
    )


def _parse_sip_domains(result: Result) -> tuple[str, ...]:
    return tuple(domain for item in checked(result).objects if (domain := _domain(item)))


def _domain(item: ServerObject) -> str:
    return (as_text(item.get("Name")) or text(item, "Identity")).lower()
