"""OWA's web.config on one back end: what it should say, what it says, and how it is changed (L52-L60).

Windows offers no way to replace a file at once that keeps its access rights (``pipelines.md``), so the new bytes are
prepared beside it, checked, and copied over it; whatever can be checked is checked before and after.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from runbook.change import Change, Finding, Json, Repair, Severity, Step
from runbook.command import Pipeline, Switch, Target, cmdlet
from runbook.errors import Refused
from runbook.facts import files
from runbook.facts.exchange import build
from runbook.facts.query import Unread
from runbook.parameters_owa import OwaEnablementParameters
from runbook.sections.owa_enablement_facts import BackEnd, FrontEnd, WebConfig
from runbook.sections.owa_worker import RECYCLE
from runbook.sections.reversal import RESTORED
from runbook.webconfig import FaultKind, Settings, edit, read

THUMBPRINT, SERVER_NAME = "IMCertificateThumbprint", "IMServerName"
PROPERTY = "appSettings"

_ENDS_WITH = r"\web.config"
CERTIFICATE_FIRST = "Mend the certificate first: this section then plans what has to stand here."
_HEX = re.compile(r"[0-9A-F]{40}\Z", re.IGNORECASE)
_FAULTS = {
    FaultKind.ENCODING: "webconfig-encoding",
    FaultKind.MALFORMED: "webconfig-malformed",
    FaultKind.NO_SECTION: "webconfig-no-section",
    FaultKind.SEVERAL_SECTIONS: "webconfig-several-sections",
    FaultKind.ELSEWHERE: "webconfig-settings-elsewhere",
}
_BY_PLAN = (
    "webconfig-keys-missing",
    "webconfig-overwritten-by-cu",
    "webconfig-thumbprint-invisible-char",
    "webconfig-thumbprint-malformed",
    "webconfig-thumbprint-stale",
    "webconfig-wrong-pool",
)
_DISTURBS = (
    "Saving web.config can restart OWA on this server: it reloads for the users whose mailbox is active there, and IM"
    " drops; nobody is signed out. The file isn't replaced all at once: while it is copied, readers may see half of it."
)


def obstacles(back: BackEnd) -> Iterator[Finding]:
    """Why the file can't be edited, whatever it should say."""
    if isinstance(back.file, Unread) or isinstance(back.path, Unread):
        return
    if back.file is None:
        yield _error(
            back,
            "webconfig-missing",
            ("L53", "L55"),
            f"There is no file {back.path}.",
            "OWA's back end reads its IM settings from there, and from nowhere else.",
            "Set install_path to Exchange's folder, or repair the installation of Exchange.",
        )
        return
    fault = read(back.file.content).fault
    if fault is not None:
        yield _error(
            back,
            _FAULTS[fault.kind],
            ("L52", "L54"),
            fault.says,
            "A file that isn't understood isn't edited: OWA might not start afterwards.",
            "Mend the file by hand. Copies that this runbook saved are beside it (web.runbook-….config), and set-up of"
            " a cumulative update writes a new one.",
        )


def check(given: OwaEnablementParameters, back: BackEnd, thumbprint: str) -> Iterator[Finding]:
    """What the file says otherwise than it should, for a file that can be edited."""
    assert isinstance(back.file, WebConfig)
    settings = read(back.file.content)
    if missing := [key for key in (THUMBPRINT, SERVER_NAME) if settings.value(key) is None]:
        yield _missing(back, missing)
    if (said := settings.value(THUMBPRINT)) is not None and not _same_thumbprint(said, thumbprint):
        yield _thumbprint(back, said, thumbprint)
    if (said := settings.value(SERVER_NAME)) is not None and said.lower() != given.im_server_name(back.server):
        yield _error(
            back,
            "webconfig-wrong-pool",
            ("L57", "L60"),
            f"{SERVER_NAME} is {said or 'empty'}, not {given.im_server_name(back.server)}.",
            "OWA sends its users to that Lync pool, and only the pool that hosts the trusted application expects them.",
            f"Set {SERVER_NAME} to the Lync pool's FQDN.",
        )
    yield from _duplicates(given, back, settings, thumbprint)


def check_behind(given: OwaEnablementParameters, back: BackEnd, thumbprint: str) -> Iterator[Finding]:
    """What is wrong in the file besides, where the certificate has to be mended first; nothing is planned until then.

    ``thumbprint`` is empty where no certificate is the one that is meant: which one the file should name isn't known.
    """
    if isinstance(back.file, Unread) or back.file is None or read(back.file.content).fault is not None:
        return
    said = (read(back.file.content).value(THUMBPRINT) or "").replace(" ", "")
    unknown = said.upper() if _HEX.match(said) else ""
    for finding in check(given, back, thumbprint or unknown):
        yield replace(
            finding,
            repair=Repair.MANUAL,
            caused_by=("webconfig-read-only",) if back.file.details.is_read_only else (),
            remedy=CERTIFICATE_FIRST,
        )


def wanted(given: OwaEnablementParameters, back: BackEnd, thumbprint: str) -> Mapping[str, str]:
    """The values to write; empty where the file is right in every entry of both keys."""
    assert isinstance(back.file, WebConfig)
    settings = read(back.file.content)
    values = {THUMBPRINT: thumbprint, SERVER_NAME: given.im_server_name(back.server)}
    return {
        key: value
        for key, value in values.items()
        if settings.value(key) is None or not all(_is_right(key, entry.value, value) for entry in settings.all_of(key))
    }


def check_read_only(back: BackEnd, *, blocks: bool) -> Iterator[Finding]:
    """ReadOnly is somebody's decision: it is told, and never cleared."""
    if isinstance(back.file, WebConfig) and back.file.details.is_read_only:
        yield Finding(
            id="webconfig-read-only",
            requirements=("L52", "L54"),
            severity=Severity.ERROR if blocks else Severity.WARNING,
            server=back.server,
            object=_object(back),
            what="The file is marked read-only.",
            why="Somebody did so on purpose, or another tool keeps the file; this runbook doesn't overrule either.",
            remedy="Find out who did it. Once it may be edited, clear the attribute by hand and check again.",
        )


def check_wrong_file(front: FrontEnd) -> Iterator[Finding]:
    """The front end has a file of the same name, in which IM settings do nothing (``real-world`` B3)."""
    if not isinstance(front.other_file, bytes) or isinstance(front.path, Unread):
        return
    settings = read(front.other_file)
    if there := [key for key in (THUMBPRINT, SERVER_NAME) if settings.value(key) is not None]:
        yield Finding(
            id="webconfig-wrong-file",
            requirements=("L53", "L55"),
            severity=Severity.WARNING,
            server=front.server,
            object=front.path,
            what=f"The front end's web.config holds {' and '.join(there)}.",
            why="OWA reads them from the back end's file in ClientAccess\\Owa only; here they have no effect.",
            remedy="Take the lines out of this file by hand; the back ends' files are checked for themselves.",
        )


def check_ignored(back: BackEnd) -> Iterator[Finding]:
    """From Exchange 2016 on the keys do nothing, also in the back end's file (``real-world`` B1)."""
    if not isinstance(back.file, WebConfig):
        return
    settings = read(back.file.content)
    if there := [key for key in (THUMBPRINT, SERVER_NAME) if settings.value(key) is not None]:
        yield Finding(
            id="webconfig-ignored",
            requirements=("L52", "L53"),
            severity=Severity.INFO,
            server=back.server,
            object=_object(back),
            what=f"web.config holds {' and '.join(there)}, which Exchange 2016 and later ignore.",
            why="OWA takes both values from a setting override here, so what stands in the file misleads its reader.",
            remedy="The lines may be taken out; nothing depends on them.",
            repair=Repair.NONE,
        )


def change(target: Target, back: BackEnd, values: Mapping[str, str]) -> Change:
    """Back up, write beside, compare, copy over the original, compare again."""
    assert isinstance(back.file, WebConfig)
    assert isinstance(back.path, str)
    path, before, after = back.path, back.file.content, edit(back.file.content, values)
    was, becomes = hashlib.sha256(before).hexdigest(), hashlib.sha256(after).hexdigest()
    backup, new = backup_path(path, was), _new_path(path, becomes)
    return Change(
        target=target,
        object=path,
        property=PROPERTY,
        before=as_json(before, values),
        after=as_json(after, values),
        command=_copy(new, path),
        reverse=(_copy(backup, path), RECYCLE),
        requirements=("L52", "L54", "L55", "L56", "L57", "L58", "L60"),
        disturbs=_DISTURBS,
        preparation=(
            Step(what="Save a copy of the file as it is", pipeline=_copy(path, backup)),
            Step(what="Read the copy back", pipeline=files.reading(backup), gives_sha256=was),
            Step(what="Write the new file beside it", pipeline=_write(new, after)),
            Step(what="Read the new file back", pipeline=files.reading(new), gives_sha256=becomes),
            Step(what="See that nobody changed the file meanwhile", pipeline=files.reading(path), gives_sha256=was),
        ),
        conclusion=(
            Step(what="Read the file back", pipeline=files.reading(path), gives_sha256=becomes),
            Step(
                what="See that its rights are as before",
                pipeline=files.security_text(path),
                gives=back.file.sddl,
                decides=True,
            ),
            Step(
                what="See that its attributes are as before",
                pipeline=files.attributes_text(path),
                gives=files.once_written(back.file.details.attributes),
                decides=True,
            ),
        ),
        cleanup=(Step(what="Remove the file beside it", pipeline=Pipeline.of(cmdlet("Remove-Item", LiteralPath=new))),),
        stage=back.server,
    )


def take_back(recorded: Change, now: Json, content: bytes | None = None) -> Change | None:
    """The file as it was, from the copy that the recorded change saved; ``now`` is what is there in its place.

    Where somebody has removed that copy, ``content`` is what it held by the record, and it is written anew first.

    The copy has the old file's time and attributes, and the file keeps its access rights. Once it is restored and read
    back the copy goes, so that nothing of this runbook's stays behind. ``None`` for a change of something else;
    :class:`Refused` where the recorded reverse isn't this one.
    """
    if recorded.property not in (PROPERTY, RESTORED):
        return None
    path, old = recorded.object, _old(recorded)
    was = _digest(old)
    backup = backup_path(path, was)
    said = recorded.reverse[:1] if recorded.property == PROPERTY else (recorded.command,)
    if not path.lower().endswith(_ENDS_WITH) or said != (_copy(backup, path),):
        raise Refused(f"The record takes {path} back in a way that isn't this runbook's.")
    unchanged = (
        Step(
            what="See that nobody changed the file meanwhile", pipeline=files.reading(path), gives_sha256=_digest(now)
        ),
    )
    return Change(
        target=recorded.target,
        object=path,
        property=PROPERTY,
        before=now,
        after=old,
        command=_copy(backup, path),
        irreversible="To have the new file again, run the section again: it plans the change anew.",
        requirements=recorded.requirements,
        disturbs=_DISTURBS,
        preparation=(
            *(() if content is None else (Step(what="Write the saved copy anew", pipeline=_write(backup, content)),)),
            Step(what="Read the saved copy", pipeline=files.reading(backup), gives_sha256=was),
            *(unchanged if now is not None else ()),
        ),
        conclusion=(
            Step(what="Read the file back", pipeline=files.reading(path), gives_sha256=was),
            Step(what="Remove the saved copy", pipeline=Pipeline.of(cmdlet("Remove-Item", LiteralPath=backup))),
        ),
        stage=recorded.stage,
    )


def _digest(value: Json) -> str:
    return str(value.get("sha256", "")) if isinstance(value, dict) else ""


def own_files(recorded: Change) -> tuple[str, ...]:
    """The copy that a change saved, and the new file that it prepared; none for a change of something else."""
    if recorded.property not in (PROPERTY, RESTORED) or not recorded.object.lower().endswith(_ENDS_WITH):
        return ()
    saved = backup_path(recorded.object, _digest(_old(recorded)))
    return (saved, _new_path(recorded.object, _digest(recorded.after))) if recorded.property == PROPERTY else (saved,)


def _old(recorded: Change) -> Json:
    """The file that there was first: before it was changed, or what restoring it was to bring back."""
    return recorded.before if recorded.property == PROPERTY else recorded.after


def _new_path(path: str, digest: str) -> str:
    return _beside(path, f"new-{digest[:12]}")


def backup_path(path: str, digest: str) -> str:
    """Where the file of this SHA-256 is saved: beside it, under a name that IIS never serves."""
    return _beside(path, digest[:12])


def _beside(path: str, part: str) -> str:
    folder, _, _ = path.rpartition("\\")
    return rf"{folder}\web.runbook-{part}.config"


def _copy(source: str, destination: str) -> Pipeline:
    """Over a file that is there it keeps that file's access rights, as Move-Item wouldn't."""
    return Pipeline.of(cmdlet("Copy-Item", LiteralPath=source, Destination=destination, Force=Switch.ON))


def _write(path: str, content: bytes) -> Pipeline:
    return Pipeline.of(cmdlet("Set-Content", LiteralPath=path, Value=content, Encoding="Byte"))


def as_json(content: bytes, keys: Iterable[str]) -> Json:
    """The file as a plan shows it: some of its keys, and the digest of all of it."""
    settings = read(content)
    return {**{key: settings.value(key) for key in keys}, "sha256": hashlib.sha256(content).hexdigest()}


def _missing(back: BackEnd, keys: list[str]) -> Finding:
    """Where a past record found the server configured under an older build, an update is what took the keys away."""
    was, now = build(back.right_under), back.build
    if was and now and was < now:
        return _error(
            back,
            "webconfig-overwritten-by-cu",
            ("L52", "L56", "L57"),
            f"appSettings has no {' and no '.join(keys)}; a past record found them here under {back.right_under}.",
            "Set-up of a cumulative update writes a new web.config, without them.",
            "Add what is missing, after each cumulative update.",
        )
    return _error(
        back,
        "webconfig-keys-missing",
        ("L52", "L54", "L56", "L57"),
        f"appSettings has no {' and no '.join(keys)}.",
        "Without both OWA doesn't start IM. Every cumulative update of Exchange writes a new file, without.",
        "Add what is missing.",
    )


def _is_right(key: str, said: str, value: str) -> bool:
    return _same_thumbprint(said, value) if key == THUMBPRINT else said.lower() == value


def _same_thumbprint(said: str, thumbprint: str) -> bool:
    """OWA strips spaces, and no other character that doesn't belong (``real-world`` B3); case doesn't matter (L56)."""
    return said.replace(" ", "").upper() == thumbprint


def _thumbprint(back: BackEnd, said: str, thumbprint: str) -> Finding:
    remedy = f"Set {THUMBPRINT} to {thumbprint}."
    bare = said.replace(" ", "")
    if not _HEX.match(bare):
        strange = sorted({f"U+{ord(character):04X}" for character in bare if not re.match("[0-9A-Fa-f]", character)})
        holds = f" It holds {', '.join(strange[:5])}." if strange else f" It has {len(bare)} characters instead of 40."
        return _error(
            back,
            "webconfig-thumbprint-invisible-char" if strange else "webconfig-thumbprint-malformed",
            ("L56", "L58"),
            f"{THUMBPRINT} isn't a thumbprint.{holds}",
            "OWA looks for a certificate of exactly this text and finds none (event 103). A thumbprint copied from the"
            " certificate console begins with a character that doesn't show.",
            remedy,
        )
    return _error(
        back,
        "webconfig-thumbprint-stale",
        ("L56", "L58"),
        f"{THUMBPRINT} is {bare.upper()}; OWA's certificate here is {thumbprint}.",
        "A renewed certificate has a new thumbprint, and OWA goes on with the old one, or finds none (event 103).",
        remedy,
    )


def _duplicates(
    given: OwaEnablementParameters, back: BackEnd, settings: Settings, thumbprint: str
) -> Iterator[Finding]:
    several = [key for key in (THUMBPRINT, SERVER_NAME) if len(settings.all_of(key)) > 1]
    if not several:
        return
    differ = [key for key in several if key in wanted(given, back, thumbprint)]
    lines = ", ".join(str(entry.line) for key in several for entry in settings.all_of(key))
    yield Finding(
        id="webconfig-duplicate-keys",
        requirements=("L54", "L56", "L57"),
        severity=Severity.WARNING if differ else Severity.INFO,
        server=back.server,
        object=_object(back),
        what=f"Entries that belong there once stand there more often: {' and '.join(several)} (lines {lines}).",
        why="The last one counts; whoever reads or edits the file may take another for it.",
        remedy="Every entry gets the right value; take out all but one by hand."
        if differ
        else "All of them say the same, so nothing need be done; all but one may be taken out by hand.",
        repair=Repair.PLANNED if differ else Repair.NONE,
    )


def _object(back: BackEnd) -> str:
    return back.path if isinstance(back.path, str) else "web.config"


def _error(back: BackEnd, id: str, requirements: tuple[str, ...], what: str, why: str, remedy: str) -> Finding:
    by_plan = id in _BY_PLAN
    return Finding(
        id=id,
        requirements=requirements,
        severity=Severity.ERROR,
        server=back.server,
        object=_object(back),
        what=what,
        why=why,
        remedy=remedy,
        repair=Repair.PLANNED if by_plan else Repair.MANUAL,
    )
