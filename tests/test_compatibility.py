"""Estates of several editions: through which endpoint each object is managed, and what each group of users has."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.command import Shell
from runbook.estate import Estate
from runbook.facts.recipients import LyncUser, Mailbox
from runbook.sections.compatibility import ARCHIVE, IM, PHOTOS, STORE, Group, counted, features, present, report
from runbook.sections.organisation import exchange_reader, reader_of, um_reader
from runbook.sections.users import Users, integrated_editions
from section_cases import estate, merged

POOL, FAR = "atl-cs-001.litwareinc.com", "dub-cs-001.litwareinc.com"
ALL = (IM, STORE, ARCHIVE, PHOTOS)


def organisation(*versions: str, lync: str = "2013", endpoints: bool = True) -> Estate:
    """Mailbox servers ``mbx-1`` … of these versions and two Front Ends, the second in a pool of Lync Server 2013."""
    document: dict[str, Any] = merged("owa_enablement", {})["estate"]
    exchange, front, other = document["servers"][2], document["servers"][4], document["servers"][5]
    windows_only = {"windows": exchange["endpoints"]["windows"]}
    servers = [
        {
            **exchange,
            "name": f"mbx-{number}.litwareinc.com",
            "version": version,
            "endpoints": exchange["endpoints"] if endpoints or number > 1 else windows_only,
        }
        for number, version in enumerate(versions, 1)
    ]
    product = "lync" if lync == "2013" else "skype-for-business"
    document["servers"] = [*servers, {**front, "product": product, "version": lync}, {**other, "pool": FAR}]
    return estate(document)


def short(target: Any) -> str:
    return "" if target is None else str(target.server).partition(".")[0]


@pytest.mark.parametrize(
    ("versions", "reached"),
    [
        (("2013", "2016", "2013"), "mbx-3"),
        (("2019", "2016", "se"), "mbx-3"),
        (("2016", "2013", "2019"), ""),
        (("2010", "2013"), ""),
    ],
)
def test_a_servers_objects_are_managed_through_its_own_version(versions: tuple[str, ...], reached: str) -> None:
    """``real-world`` B4; the first server has no endpoint of its own here."""
    found = organisation(*versions, endpoints=False)
    assert short(reader_of(found, found.server("mbx-1.litwareinc.com"))) == reached


def test_a_server_with_an_endpoint_is_managed_through_it() -> None:
    found = organisation("2013", "2013", "2016")
    assert {short(reader_of(found, server)) for server in found.exchange()} == {"mbx-1", "mbx-2", "mbx-3"}


@pytest.mark.parametrize(
    ("versions", "directory", "um"),
    [
        (("2016", "2013"), "mbx-2", "mbx-2"),
        (("2010", "2016", "2019"), "mbx-3", "mbx-2"),
        (("2010", "se"), "mbx-2", "mbx-1"),
        (("2019",), "mbx-1", ""),
    ],
)
def test_what_belongs_to_no_server_is_read_through_2013_or_the_newest_and_um_where_there_is_any(
    versions: tuple[str, ...], directory: str, um: str
) -> None:
    found = organisation(*versions)
    assert (short(exchange_reader(found)), short(um_reader(found))) == (directory, um)
    assert all(server.offers(Shell.EXCHANGE) for server in found.exchange())


@pytest.mark.parametrize(
    ("mailbox", "server", "has"),
    [
        ("2010", "2013", (IM,)),
        ("2010", "2015", (IM,)),
        ("2013", "2013", ALL),
        ("2013", "2019", ALL),
        ("2016", "2013", ()),
        ("2019", "2013", ()),
        ("2016", "2015", ALL),
        ("2019", "se", ALL),
        ("2007", "2013", ()),
        ("", "2013", ()),
    ],
)
def test_what_users_have_and_lack(mailbox: str, server: str, has: tuple[str, ...]) -> None:
    """L11, L13, L15 and L16; ``real-world`` B1 for Exchange 2016 and later with Lync Server 2013."""
    found = features(Group(mailbox, server))
    assert found.has == has
    assert set(found.has) | set(found.lacks) == set(ALL)


def person(number: int, version: str) -> Mailbox:
    return Mailbox(
        identity=f"m{number}",
        user=f"u{number}@litwareinc.com",
        addresses=(),
        server="MBX",
        kind="UserMailbox",
        server_version=version,
    )


def account(number: int, pool: str, *, enabled: bool = True) -> LyncUser:
    return LyncUser(
        identity=f"l{number}", user=f"u{number}@litwareinc.com", sip_address="sip:x", enabled=enabled, pool=pool
    )


def test_people_are_counted_by_their_mailbox_and_their_pool() -> None:
    old, new = "Version 15.0 (Build 1497.2)", "Version 15.1 (Build 2507.6)"
    mailboxes = tuple(person(number, old if number < 3 else new) for number in range(6))
    accounts = (
        account(0, POOL),
        account(1, POOL.upper()),
        account(2, FAR),
        account(3, FAR),
        account(4, "nobody.litwareinc.com"),
        account(5, POOL, enabled=False),
    )
    users = Users(mailboxes=mailboxes, access=(), lync=accounts, sip_domains=())
    groups = counted(users, organisation("2013", "2016", lync="2015"))
    assert groups == {
        Group("2013", "2015"): 2,
        Group("2013", "2013"): 1,
        Group("2016", "2013"): 1,
        Group("2016", ""): 1,
    }
    said = {finding.object: finding.what for finding in report(groups)}
    assert len(said) == 4
    both_new = said["a mailbox on Exchange 2013 and Skype for Business Server 2015"]
    assert both_new.endswith("can have " + ", ".join(ALL[:3]) + f" and {PHOTOS}: 2 Lync users.")
    unsupported = said["a mailbox on Exchange 2016 and Lync Server 2013"]
    assert "nothing of the integration" in unsupported
    assert unsupported.endswith(": 1 Lync user.")


def test_without_people_every_pair_of_editions_is_told_of() -> None:
    found = organisation("2013", "2016", lync="2015")
    groups = present(["2016", "2013", "2013"], [server.name for server in found.lync()][:1], found)
    assert groups == {Group("2013", "2015"): None, Group("2016", "2015"): None}
    assert {finding.severity for finding in report(groups)} == {"info"}
    assert not [finding.what for finding in report(groups) if "Lync user" in finding.what]


def test_editions_that_lync_server_2013_cannot_serve_are_not_integrated() -> None:
    """L72, widened to the editions that have a way."""
    assert integrated_editions(organisation("2010", "2013", "2016", "se")) == {"2010", "2013"}
    assert integrated_editions(organisation("2013", "2016", "se", lync="2015")) == {"2013", "2016", "2019"}
