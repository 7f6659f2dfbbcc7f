"""Outlook Web App on a simulated back end: when it reads web.config, and what its provider says at the first sign-in.

Sources: L52 to L67 and L81 to L84 of the procedure; real-world.md B1 (initialisation), B3 (events), B6 (registry).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from rehearsal.app_settings import Settings, read
from rehearsal.appcmd import APPCMD
from rehearsal.host import Listener
from rehearsal.iis import OWA_POOL
from rehearsal.owa_application import FRONT_END_WEB_CONFIG, LOG_FOLDER, WEB_CONFIG, OwaApplication
from rehearsal.owa_provider import IMPLEMENTATION_VALUE, INSTANT_MESSAGING_KEY
from rehearsal.owa_web_config import back_end, front_end
from rehearsal.topologies import build_world
from rehearsal.world import World

BACK_END = "atl-mbx-001.litwareinc.com"
POOL = "atl-cs-001.litwareinc.com"


@pytest.fixture
def world() -> World:
    return build_world("split-2013")


@pytest.fixture
def owa(world: World) -> OwaApplication:
    return world.owa[BACK_END]


def configured(world: World, thumbprint: str = "", server: str = POOL) -> bytes:
    lines = (
        f'    <add key="IMCertificateThumbprint" value="{thumbprint or world.im_certificates[BACK_END]}" />\r\n'
        f'    <add key="IMServerName" value="{server}" />\r\n'
    )
    return back_end().replace(
        b"  </appSettings>\r\n  <system.net>", lines.encode() + b"  </appSettings>\r\n  <system.net>"
    )


def configure(world: World, thumbprint: str = "", server: str = POOL) -> OwaApplication:
    world.owa[BACK_END].host.files.write(WEB_CONFIG, configured(world, thumbprint, server))
    return world.owa[BACK_END]


def events(owa: OwaApplication) -> list[int]:
    return [event.event_id for event in owa.host.event_log("Application").events if event.provider == "MSExchange OWA"]


def worker(owa: OwaApplication) -> int:
    (process,) = (one for one in owa.host.processes if f'"{OWA_POOL}" ' in one.command_line)
    return process.process_id


def test_the_files_have_the_shape_of_real_ones() -> None:
    for content in (back_end(), front_end()):
        assert content.startswith(b"\xef\xbb\xbf<?xml")
        assert content.count(b"\n") == content.count(b"\r\n")
    assert b"&#xD;" in back_end()
    assert b'assemblyBinding xmlns="urn:schemas-microsoft-com:asm.v1"' in back_end()
    assert read(back_end()) == Settings()


def test_of_two_keys_the_last_one_counts_and_a_location_is_somebody_elses(world: World) -> None:
    twice = configured(world).replace(
        b"  </appSettings>\r\n  <system.net>", b'<add key="imservername" value="b" /></appSettings><system.net>'
    )
    elsewhere = back_end().replace(
        b'<add key="MailboxSessionTimeoutInMinutes" value="5" />', b'<add key="IMServerName" value="a" />'
    )
    assert read(twice) == Settings("b", world.im_certificates[BACK_END])
    assert read(elsewhere) == Settings()


def test_saving_web_config_restarts_the_application_and_the_front_ends_file_does_not(
    world: World, owa: OwaApplication
) -> None:
    before = worker(owa)
    owa.host.files.put(FRONT_END_WEB_CONFIG, front_end())
    assert worker(owa) == before
    configure(world)
    assert worker(owa) != before
    assert owa.settings == Settings(POOL, world.im_certificates[BACK_END])


def test_a_worker_keeps_what_it_read_until_it_is_replaced(world: World, owa: OwaApplication) -> None:
    configure(world)
    owa.sign_in()
    owa.host.certificates["My"].clear()
    assert owa.why_not() == ()
    owa.web.recycle(OWA_POOL)
    assert any("LocalMachine" in reason for reason in owa.why_not())


def test_appcmd_recycles_in_the_words_of_the_procedure(owa: OwaApplication) -> None:
    """L66, L67."""
    before = worker(owa)
    owa.host.clock.__self__.tick()  # type: ignore[attr-defined]
    appcmd = owa.host.native[APPCMD]
    assert appcmd(owa.host, ("recycle", "apppool", f'/apppool.name:"{OWA_POOL}"')) == (
        [f'"{OWA_POOL}" successfully recycled'],
        0,
    )
    assert worker(owa) != before
    lines, code = appcmd(owa.host, ("recycle", "apppool", "/apppool.name:Nothing"))
    assert "Cannot find APPPOOL" in lines[0]
    assert code != 0
    assert appcmd(owa.host, ("stop", "apppool", OWA_POOL))[1] == 0
    assert appcmd(owa.host, ("recycle", "apppool", f"/apppool.name:{OWA_POOL}"))[1] != 0
    assert any("is stopped" in reason for reason in owa.why_not())


def test_the_provider_starts_at_the_first_sign_in_on_a_worker_and_once(world: World, owa: OwaApplication) -> None:
    """L81, L82, L84: not when the pool starts."""
    configure(world)
    assert events(owa) == []
    assert owa.host.files.get(LOG_FOLDER) is None
    owa.sign_in()
    owa.sign_in()
    assert events(owa) == [112]
    assert owa.host.files.get(LOG_FOLDER) is not None
    owa.web.recycle(OWA_POOL)
    owa.sign_in()
    assert events(owa) == [112, 112]


def _without_key(owa: OwaApplication) -> None:
    owa.host.certificates["My"][:] = [replace(one, has_private_key=False) for one in owa.host.certificates["My"]]


@pytest.mark.parametrize(
    ("damage", "event"),
    [
        (lambda owa: owa.host.registry.set(INSTANT_MESSAGING_KEY, IMPLEMENTATION_VALUE, ""), 83),
        (lambda owa: owa.host.registry.set(INSTANT_MESSAGING_KEY, IMPLEMENTATION_VALUE, r"C:\nowhere.dll"), 84),
        (lambda owa: owa.host.listeners.extend(Listener(port) for port in (5075, 5076, 5077)), 87),
        (lambda owa: owa.host.certificates["My"].clear(), 103),
        (_without_key, 105),
    ],
)
def test_what_is_missing_on_the_computer_is_logged_and_keeps_the_log_folder_away(
    world: World, owa: OwaApplication, damage: Callable[[OwaApplication], None], event: int
) -> None:
    configure(world)
    damage(owa)
    owa.sign_in()
    assert events(owa) == [event]
    assert owa.host.files.get(LOG_FOLDER) is None
    assert owa.why_not()


def test_a_certificate_is_judged_by_the_worlds_clock(world: World, owa: OwaApplication) -> None:
    configure(world)
    world.clock.tick(timedelta(days=5000))
    owa.sign_in()
    assert events(owa) == [102]


def test_an_invisible_character_in_the_thumbprint_is_looked_for_as_it_stands_and_a_blank_is_not(world: World) -> None:
    thumbprint = world.im_certificates[BACK_END]
    assert configure(world, " ".join((thumbprint[:20], thumbprint[20:]))).why_not() == ()
    owa = configure(world, f"\u200e{thumbprint}")
    owa.sign_in()
    assert events(owa) == [103]


def test_missing_keys_are_in_no_event(world: World, owa: OwaApplication) -> None:
    owa.sign_in()
    assert events(owa) == []
    assert len(owa.why_not()) == 2


def test_a_file_that_is_no_configuration_stops_everybody(world: World, owa: OwaApplication) -> None:
    owa.host.files.write(WEB_CONFIG, back_end()[:-30])
    owa.sign_in()
    assert events(owa) == []
    assert any("can't be read" in reason for reason in owa.why_not())
