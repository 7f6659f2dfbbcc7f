"""Start-, Stop-, Show-, Sync- and Search-CsClsLogging.

They answer with text, not with objects (documented). Its first line and the line of each computer follow what people
have parsed of it; the words for what failed are assumed. Without -Pools and -Computers it is about the computer that
one is connected to (documented since 2019; before, the documents said all computers).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import PureWindowsPath

from rehearsal.centralized_logging import ALWAYS_ON, DEFAULT_DURATION, LEVELS, Running, TraceEntry
from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.lync_store import command_type, refuse, world_of
from rehearsal.filesystem import FileFault
from rehearsal.lync_topology import same
from rehearsal.machines import Machine
from rehearsal.objects import text_of

_MANAGEMENT = "Microsoft.Rtc.Management.Cls"
_WHERE = {"AsXml": SWITCH, "Computers": Parameter(kind="String[]"), "Pools": Parameter(kind="String[]")}
_SCENARIO = {"Scenario": Parameter(mandatory=True)}
_DURATION = re.compile(r"(?:(?P<days>\d+)\.)?(?P<hours>\d{1,2}):(?P<minutes>\d{2})")
_WORDS = ("CallId", "ConferenceId", "IP", "Phone", "SipContents", "Uri")
_WINDOW = timedelta(minutes=30)


@cmdlet(
    "Start-CsClsLogging",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Start-CsClsLogging.md: one scenario beside AlwaysOn; -Duration as [days.]hours:minutes, 4 hours if missing",
    parameters={**_SCENARIO, **_WHERE, "Duration": Parameter()},
    command_type=command_type("Start-CsClsLogging", _MANAGEMENT),
)
def start_logging(call: Call) -> None:
    world = world_of(call)
    wanted, duration = str(call.get("Scenario")), _duration(call)

    def start(machine: Machine) -> str | None:
        scenario = world.logging.named(wanted, (machine.site or "", "global"))
        if scenario is None:
            return f"there is no scenario {wanted}"
        now, user = world.clock.now(), call.identity.username
        run = Running(scenario=scenario, computer=machine.name, started=now, duration=duration, by=user)
        return world.logging.start(run)

    _on_each(call, start)


@cmdlet(
    "Stop-CsClsLogging",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Stop-CsClsLogging.md",
    parameters={**_SCENARIO, **_WHERE},
    command_type=command_type("Stop-CsClsLogging", _MANAGEMENT),
)
def stop_logging(call: Call) -> None:
    world, name = world_of(call), str(call.get("Scenario"))

    def stop(machine: Machine) -> str | None:
        stopped = world.logging.stop(machine.name, name, world.clock.now())
        return None if stopped else f"the scenario {name} isn't running"

    _on_each(call, stop)


@cmdlet(
    "Show-CsClsLogging",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Show-CsClsLogging.md; the form of the answer as scripts that parse it have it",
    parameters=_WHERE,
    command_type=command_type("Show-CsClsLogging", _MANAGEMENT),
)
def show_logging(call: Call) -> None:
    _on_each(call, lambda machine: None, lambda machine: _status(call, machine))


@cmdlet(
    "Sync-CsClsLogging",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Sync-CsClsLogging.md: an agent's cache is written to its log files",
    parameters=_WHERE,
    command_type=command_type("Sync-CsClsLogging", _MANAGEMENT),
)
def sync_logging(call: Call) -> None:
    _on_each(call, lambda machine: world_of(call).logging.synchronise(machine.name))


@cmdlet(
    "Search-CsClsLogging",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Search-CsClsLogging.md: what to look for and when; the result goes to the console or to -OutputFilePath",
    parameters={
        **_WHERE,
        **dict.fromkeys((word for word in _WORDS if word != "IP"), Parameter()),
        "IP": Parameter(kind="IPAddress"),
        "Components": Parameter(kind="String[]"),
        "CorrelationIds": Parameter(kind="String[]"),
        "StartTime": Parameter(kind="DateTime"),
        "EndTime": Parameter(kind="DateTime"),
        "LogLevel": Parameter(),
        "MatchAll": SWITCH,
        "MatchAny": SWITCH,
        "OutputFilePath": Parameter(),
        "SkipNetworkLogs": SWITCH,
    },
    command_type=command_type("Search-CsClsLogging", _MANAGEMENT),
)
def search_logging(call: Call) -> None:
    keep = _criteria(call)
    world, found = world_of(call), list[TraceEntry]()

    def search(machine: Machine) -> None:
        found.extend(one for one in world.logging.searchable if same(one.computer, machine.name) and keep(one))

    _on_each(call, search)
    text = "\r\n".join(one.text for one in sorted(found, key=lambda one: one.time))
    if not call.given("OutputFilePath"):
        if text:
            call.output(text)
        return
    path = PureWindowsPath(str(call.get("OutputFilePath")))
    try:
        call.host.files.write(path, text.encode())
    except FileFault:
        refuse(call, f'Could not write to "{path}".', "OutputFile", target=str(path))


def _duration(call: Call) -> timedelta:
    if not call.given("Duration"):
        return DEFAULT_DURATION
    text = str(call.get("Duration"))
    found = _DURATION.fullmatch(text)
    if found is None:
        refuse(call, f'"{text}" is not a duration such as 0.02:00.', "InvalidDuration", target=text)
    parts = {name: int(value or 0) for name, value in found.groupdict().items()}
    return timedelta(days=parts["days"], hours=parts["hours"], minutes=parts["minutes"])


def _criteria(call: Call) -> Callable[[TraceEntry], bool]:
    """Which entries are looked for; -Components, the time and the level always count, the words any or all."""
    components = {str(one).lower() for one in call.get("Components") or ()}
    words = [text_of(call.get(word)).lower() for word in _WORDS if call.given(word)]
    words += [str(one).lower() for one in call.get("CorrelationIds") or ()]
    match = all if call.switch("MatchAll") else any
    start, end = _window(call)
    least = str(call.get("LogLevel") or "All")
    levels = {name.lower(): number for number, name in enumerate((*LEVELS, "All"))}
    if least.lower() not in levels:
        refuse(call, f'"{least}" is no level.', "InvalidLogLevel", target=least)

    def keep(entry: TraceEntry) -> bool:
        if components and entry.component.lower() not in components:
            return False
        if not start <= entry.time <= end or levels[entry.level.lower()] > levels[least.lower()]:
            return False
        return not words or match(word in entry.text.lower() for word in words)

    return keep


def _window(call: Call) -> tuple[datetime, datetime]:
    """The last half hour; with one end given, half an hour from it (documented)."""
    start, end = call.get("StartTime"), call.get("EndTime")
    if end is None:
        end = start + _WINDOW if start else world_of(call).clock.now() + timedelta(minutes=5)
    return start or end - _WINDOW, end


def _on_each(call: Call, act: Callable[[Machine], str | None], tell: Callable[[Machine], str] | None = None) -> None:
    """Ask every agent, and say of how many that was a success, and why not of the others."""
    world, lines, failed = world_of(call), list[str](), list[str]()
    reached = 0
    with world.lock:
        for name, machine in _computers(call):
            problem = "no such host is known" if machine is None else act(machine)
            if problem or machine is None:
                failed.append(f"Agent - {name}, Reason - {problem}")
                continue
            reached += 1
            if tell is not None:
                lines.append(tell(machine))
    head = [f"Success Code - 0, Successful on {reached} agents"] if reached else []
    body = ["Tracing Status:", *lines] if lines else []
    tail = [f"Failed on {len(failed)} agents", *failed] if failed else []
    text = "\r\n".join((*head, *body, *tail))
    call.output(f"<Cls>{_escaped((*head, *body, *tail))}</Cls>" if call.switch("AsXml") else text)


def _computers(call: Call) -> Iterator[tuple[str, Machine | None]]:
    world = world_of(call)
    if not call.given("Pools") and not call.given("Computers"):
        yield call.host.name, world.machine(call.host.name)
        return
    for pool in call.get("Pools") or ():
        members = [one for one in world.machines.values() if one.pool and same(one.pool, str(pool))]
        yield from ((one.name, one) for one in members)
        if not members:
            yield str(pool), None
    for name in call.get("Computers") or ():
        machine = world.machine(str(name))
        yield str(name), machine if machine and {"front-end", "edge"} & set(machine.roles) else None


def _status(call: Call, machine: Machine) -> str:
    running = list(world_of(call).logging.running(machine.name, world_of(call).clock.now()))
    always = "Yes" if any(one.scenario.name == ALWAYS_ON for one in running) else "No"
    head = f"{machine.pool or machine.name} ({machine.host.short_name} v{machine.build})"
    for one in running:
        if one.scenario.name != ALWAYS_ON:
            hours, minutes = divmod(one.duration.seconds // 60, 60)
            began = f"{one.started:%m/%d/%Y %H:%M:%S},By={one.by},Duration={one.duration.days}.{hours:02}:{minutes:02}"
            return f"{head} (AlwaysOn={always},Scenario={one.scenario.name},Started={began})"
    return f"{head} (AlwaysOn={always})"


def _escaped(lines: Iterable[str]) -> str:
    texts = (line.replace("&", "&amp;").replace("<", "&lt;") for line in lines)
    return "".join(f"<Line>{text}</Line>" for text in texts)
