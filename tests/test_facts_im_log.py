"""What OWA leaves behind of its IM provider: which events are asked for, since when, and how they are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from runbook.command import Shell, Target
from runbook.errors import PipelineFailed
from runbook.facts import im_log, windows
from runbook.facts.im_log import ImEvent
from runbook.powershell import render
from runbook.sections.im_failures import FAILURES
from server_answers import parsed, thing

HERE = Target("atl-mbx-001.litwareinc.com", Shell.WINDOWS)
AT = datetime(2014, 7, 23, 10, 0, 0, 123456, tzinfo=UTC)
NONE = "NoMatchingEventsFound,Microsoft.PowerShell.Commands.GetWinEventCommand"


def test_events_are_asked_for_in_utc_from_the_very_start_of_the_worker() -> None:
    there = AT.astimezone(timezone(timedelta(hours=-5)))
    asked = render(im_log.im_events(HERE, there).pipeline)
    assert "TimeCreated[@SystemTime>=''2014-07-23T10:00:00.123Z'']" in asked
    assert "Provider[@Name=''MSExchange OWA'']" in asked
    assert "-LogName Application" in asked


def test_every_event_that_is_asked_for_has_a_meaning() -> None:
    assert set(FAILURES) == {*im_log.FAILED, im_log.EXPIRES_SOON}
    asked = render(im_log.im_events(HERE, AT).pipeline)
    assert all(f"EventID={number} " in asked or f"EventID={number})" in asked for number in (*FAILURES, 112))


def test_events_come_oldest_first_with_their_words() -> None:
    later = thing(Id=112, RecordId=900, TimeCreated=AT, Message=None)
    sooner = thing(Id=103, RecordId=899, TimeCreated=AT, Message="not found")
    assert parsed(im_log.im_events(HERE, AT), later, sooner) == (
        ImEvent(id=103, record=899, at=AT, message="not found"),
        ImEvent(id=112, record=900, at=AT),
    )


def test_no_events_is_an_answer_and_a_refusal_is_not() -> None:
    assert parsed(im_log.im_events(HERE, AT), errors=[NONE]) == ()
    with pytest.raises(PipelineFailed):
        parsed(im_log.im_events(HERE, AT), errors=["System.UnauthorizedAccessException"])
    with pytest.raises(ValueError, match="time of an event"):
        parsed(im_log.im_events(HERE, AT), thing(Id=112, RecordId=1, TimeCreated="yesterday", Message=""))


@pytest.mark.parametrize("installed", ["D:\\Exchange\\V15\\", "D:\\Exchange\\V15"])
def test_the_log_folder_is_below_exchanges_own(installed: str) -> None:
    folder = im_log.log_folder(installed)
    assert folder == "D:\\Exchange\\V15\\Logging\\OWA\\InstantMessaging"
    query = im_log.folder_exists(HERE, folder)
    assert render(query.pipeline) == f"Test-Path -LiteralPath '{folder}' -PathType Container"
    assert (parsed(query, True), parsed(query, False)) == (True, False)
    with pytest.raises(ValueError, match="didn't say"):
        parsed(query)


def test_exchanges_own_folder_comes_from_set_up() -> None:
    query = windows.exchange_folder(HERE)
    assert parsed(query, thing(MsiInstallPath="D:\\Exchange\\V15\\")) == "D:\\Exchange\\V15\\"
    assert parsed(query, errors=["PathNotFound,Microsoft.PowerShell.Commands.GetItemPropertyCommand"]) is None
