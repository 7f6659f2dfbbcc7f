"""The facts of the section *disable IM*: where IM is on in OWA, and what speaks of an integration."""

from __future__ import annotations

from dataclasses import dataclass

from runbook.command import Shell, Target
from runbook.estate import Estate, Role, Server, Version
from runbook.facts import files, lync, overrides, owa, recipients, windows
from runbook.facts.lync import TrustedComputer, TrustedPool
from runbook.facts.overrides import SettingOverride
from runbook.facts.owa import VirtualDirectory
from runbook.facts.query import Answers, Observation, Unread
from runbook.facts.recipients import OwaPolicy
from runbook.parameters_disable import DisableImParameters
from runbook.sections.ask import Ask, all_of
from runbook.sections.organisation import (
    NO_EXCHANGE,
    NO_OWN_EXCHANGE,
    NO_WINDOWS,
    exchange_reader,
    in_scope,
    reader_of,
    topology_reader,
)
from runbook.sections.owa_enablement_facts import USUAL_FOLDER

_FILE = r"ClientAccess\Owa\web.config"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontEndDirectories:
    """A front end's OWA virtual directories, those of a back end left out; and the shell that they are managed by."""

    server: str
    manager: Target | None
    directories: tuple[VirtualDirectory, ...] | Unread


@dataclass(frozen=True, slots=True, kw_only=True)
class BackEndFile:
    """OWA's web.config of a mailbox server of Exchange 2013; ``None`` where it isn't there."""

    server: str
    content: bytes | Unread | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisableImFacts:
    """``trusted_pools`` and ``computers`` are empty for an estate without Lync, ``overrides`` without Exchange 2016 or
    later."""

    front_ends: tuple[FrontEndDirectories, ...]
    policies: tuple[OwaPolicy, ...] | Unread
    files: tuple[BackEndFile, ...]
    trusted_pools: tuple[TrustedPool, ...] | Unread
    computers: tuple[TrustedComputer, ...] | Unread
    overrides: tuple[SettingOverride, ...] | Unread


def observe(given: DisableImParameters, estate: Estate) -> Observation[DisableImFacts]:
    """Directories, policies, trusted pools and Exchange's folders at once; then the files in these folders."""
    controller = estate.domain_controller or ""
    fronts = [_directories(each, estate) for each in in_scope(estate, given.front_end_servers, Role.CLIENT_ACCESS)]
    policies, pools, folders = _policies(estate, controller), _pools(estate), _folders(estate)
    settings = _overrides(estate, controller)
    answers = yield all_of([*fronts, policies, pools, folders, settings])
    found, known = pools.collect(answers)
    front_ends = tuple(ask.collect(answers) for ask in fronts)
    asked, overridden = policies.collect(answers), settings.collect(answers)

    contents = [_file(estate.server(name), folder) for name, folder in folders.collect(answers).items()]
    answers = yield all_of(contents)
    return DisableImFacts(
        front_ends=front_ends,
        policies=asked,
        files=tuple(ask.collect(answers) for ask in contents),
        trusted_pools=found,
        computers=known,
        overrides=overridden,
    )


def _directories(server: Server, estate: Estate) -> Ask[FrontEndDirectories]:
    """Asked through an endpoint of the server's own version, as its objects are managed (``real-world`` B4)."""
    manager = reader_of(estate, server)
    if manager is None:
        nothing = FrontEndDirectories(server=server.name, manager=None, directories=NO_OWN_EXCHANGE)
        return Ask((), lambda answers: nothing)
    query = owa.virtual_directories(manager, server.name, estate.domain_controller or "")

    def collect(answers: Answers) -> FrontEndDirectories:
        found = answers[query]
        kept = found if isinstance(found, Unread) else tuple(each for each in found if not each.is_back_end)
        return FrontEndDirectories(server=server.name, manager=manager, directories=kept)

    return Ask((query,), collect)


def _policies(estate: Estate, controller: str) -> Ask[tuple[OwaPolicy, ...] | Unread]:
    target = exchange_reader(estate)
    if target is None:
        return Ask((), lambda answers: NO_EXCHANGE)
    query = recipients.owa_policies(target, controller)
    return Ask((query,), lambda answers: answers[query])


def _pools(estate: Estate) -> Ask[tuple[tuple[TrustedPool, ...] | Unread, tuple[TrustedComputer, ...] | Unread]]:
    target = topology_reader(estate.lync(Role.FRONT_END))
    if target is None:
        return Ask((), lambda answers: ((), ()))
    pools, computers = lync.trusted_pools(target), lync.trusted_computers(target)
    return Ask((pools, computers), lambda answers: (answers[pools], answers[computers]))


def _overrides(estate: Estate, controller: str) -> Ask[tuple[SettingOverride, ...] | Unread]:
    """Where Exchange 2016 and later have what older ones have in web.config; others know no such cmdlet."""
    newer = [each for each in estate.exchange() if each.version not in (Version.V2010, Version.V2013)]
    target = exchange_reader(estate, newer[0].version) if newer else None
    if target is None:
        return Ask((), lambda answers: ())
    query = overrides.overrides(target, controller)
    return Ask((query,), lambda answers: answers[query])


def _folders(estate: Estate) -> Ask[dict[str, str | Unread | None]]:
    """Where Exchange 2013 was set up, by mailbox server; other editions don't read the file (``real-world`` B1)."""
    servers = [each for each in estate.exchange(Role.MAILBOX) if each.version is Version.V2013]
    queries = {
        each.name: windows.exchange_folder(each.target(Shell.WINDOWS)) for each in servers if each.offers(Shell.WINDOWS)
    }
    return Ask(
        tuple(queries.values()),
        lambda answers: {
            each.name: answers[queries[each.name]] if each.name in queries else NO_WINDOWS for each in servers
        },
    )


def _file(server: Server, folder: str | Unread | None) -> Ask[BackEndFile]:
    if isinstance(folder, Unread):
        unread = BackEndFile(server=server.name, content=folder)
        return Ask((), lambda answers: unread)
    root = (folder or USUAL_FOLDER).rstrip("\\")
    query = files.content(server.target(Shell.WINDOWS), rf"{root}\{_FILE}")
    return Ask((query,), lambda answers: BackEndFile(server=server.name, content=answers[query]))
