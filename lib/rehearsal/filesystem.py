"""The files of one simulated Windows computer: case-insensitive paths, bytes, attributes, times and ACLs.

What matters to a change made over remoting is kept as NTFS and the file API have it: a new file takes its ACL
from its folder, overwriting keeps the file and with it its ACL and creation time, ``CopyFile`` carries the
last write time and the attributes across, a move carries the file as it is, ACL included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from pathlib import PureWindowsPath

INHERITED_SDDL = "O:BAG:SYD:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;0x1200a9;;;BU)"
"""What a file below ``C:\\Program Files`` inherits: SYSTEM and Administrators all, Users read and execute."""

Report = Callable[[str, str, object, object], None]
"""Told of every mutation: object, property, before, after."""


class FileFault(Exception):
    """The file API refuses: ``kind`` is ``missing``, ``exists``, ``denied`` or ``directory``."""

    def __init__(self, kind: str, path: PureWindowsPath) -> None:
        self.kind = kind
        self.path = path
        super().__init__(f"{kind}: {path}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """A file, or a directory where ``content`` is ``None``. Times are aware, UTC."""

    path: PureWindowsPath
    content: bytes | None
    created: datetime
    written: datetime
    attributes: frozenset[str] = frozenset({"Archive"})
    sddl: str = INHERITED_SDDL
    version: dict[str, object] = field(default_factory=dict)
    """What the version resource of a program says: FileVersion, ProductVersion, ProductName …"""

    @property
    def is_directory(self) -> bool:
        return self.content is None

    @property
    def read_only(self) -> bool:
        return "ReadOnly" in self.attributes


def describe(content: bytes | None) -> str | None:
    """How a journal shows the content of a file: its length and hash."""
    return None if content is None else f"{len(content)} bytes, SHA-256 {sha256(content).hexdigest()}"


class FileSystem:
    """All drives of one computer. ``report`` hears of every mutation; ``now`` is the world's clock."""

    def __init__(self, now: Callable[[], datetime], report: Report) -> None:
        self._now = now
        self._report = report
        self._entries: dict[PureWindowsPath, FileEntry] = {}
        self._held: dict[PureWindowsPath, int] = {}
        self._watchers: dict[PureWindowsPath, Callable[[], None]] = {}

    def get(self, path: str | PureWindowsPath) -> FileEntry | None:
        return self._entries.get(PureWindowsPath(path))

    def find(self, path: str | PureWindowsPath) -> FileEntry:
        """The entry, or :class:`FileFault` ``missing``."""
        if entry := self.get(path):
            return entry
        raise FileFault("missing", PureWindowsPath(path))

    def hold(self, path: str | PureWindowsPath, times: int = 1) -> None:
        """Somebody else has the file open: the next attempts to overwrite it are denied (a sharing violation)."""
        self._held[PureWindowsPath(path)] = times

    def watch(self, path: str | PureWindowsPath, changed: Callable[[], None]) -> None:
        """Call ``changed`` after every write to this file, one with the same bytes too, and when it comes or goes."""
        self._watchers[PureWindowsPath(path)] = changed

    def children(self, path: str | PureWindowsPath) -> list[FileEntry]:
        """What lies directly in a folder: folders first, each sort by name, as the provider lists them."""
        folder = PureWindowsPath(path)
        inside = [entry for key, entry in list(self._entries.items()) if key.parent == folder and key != folder]
        return sorted(inside, key=lambda entry: (not entry.is_directory, entry.path.name.lower()))

    def __iter__(self) -> Iterator[FileEntry]:
        return iter(list(self._entries.values()))

    def make_directory(self, path: str | PureWindowsPath) -> FileEntry:
        """The folder, with its parents; one that exists is left as it is."""
        folder = PureWindowsPath(path)
        if found := self._entries.get(folder):
            return found
        if folder.parent != folder:
            self.make_directory(folder.parent)
        entry = self._new(folder, None, frozenset({"Directory"}))
        self._entries[folder] = entry
        self._report(str(folder), "Exists", False, True)
        return entry

    def put(
        self,
        path: str | PureWindowsPath,
        content: bytes,
        *,
        attributes: frozenset[str] = frozenset({"Archive"}),
        sddl: str | None = None,
        version: dict[str, object] | None = None,
        written: datetime | None = None,
        noticed: bool = True,
    ) -> FileEntry:
        """Build the world: place a file, parents included, whatever stood there before.

        Where it isn't ``noticed``, whoever watches the file isn't told.
        """
        file = PureWindowsPath(path)
        self.make_directory(file.parent)
        before = self._entries.get(file)
        entry = self._new(file, content, attributes)
        entry = replace(entry, sddl=sddl or entry.sddl, version=dict(version or {}), written=written or entry.written)
        self._entries[file] = entry
        self._report(str(file), "Content", describe(before.content) if before else None, describe(content))
        if noticed:
            self._tell(file)
        return entry

    def write(self, path: str | PureWindowsPath, content: bytes, *, force: bool = False) -> FileEntry:
        """Create or truncate and write, as the content writer does: an existing file keeps ACL and creation time."""
        file = PureWindowsPath(path)
        before = self._entries.get(file)
        if before is None:
            self._folder_of(file)
            entry = self._new(file, content, frozenset({"Archive"}))
        else:
            self._check_writable(before, force)
            entry = replace(before, content=content, written=self._now(), attributes=before.attributes | {"Archive"})
        self._entries[file] = entry
        self._report(str(file), "Content", describe(before.content) if before else None, describe(content))
        self._tell(file)
        return entry

    def copy(self, source: FileEntry, target: str | PureWindowsPath, *, force: bool = False) -> FileEntry:
        """CopyFile with overwrite: content, version, attributes and last write time; the target's own ACL stays."""
        file = PureWindowsPath(target)
        before = self._entries.get(file)
        if before is None:
            self._folder_of(file)
            entry = self._new(file, source.content, source.attributes)
        else:
            self._check_writable(before, force)
            entry = replace(before, content=source.content, attributes=source.attributes)
        entry = replace(entry, written=source.written, version=dict(source.version))
        self._entries[file] = entry
        self._report(str(file), "Content", describe(before.content) if before else None, describe(entry.content))
        self._tell(file)
        return entry

    def move(self, source: FileEntry, target: str | PureWindowsPath, *, force: bool = False) -> FileEntry:
        """MoveFile. Where the target exists, ``force`` deletes it first, and its ACL goes with it."""
        file = PureWindowsPath(target)
        if file != source.path and (existing := self._entries.get(file)):
            if not force or existing.is_directory:
                raise FileFault("exists", file)
            self.delete(existing, force=True)
        self._folder_of(file)
        touched = []
        for key in self._below(source.path):
            entry = self._entries.pop(key)
            moved = file / key.relative_to(source.path)
            self._entries[moved] = replace(entry, path=moved)
            touched += [key, moved]
        self._report(str(source.path), "Path", str(source.path), str(file))
        self._tell(*touched)
        return self._entries[file]

    def delete(self, entry: FileEntry, *, force: bool = False) -> None:
        """Delete a file, or a folder with all that is in it."""
        if entry.read_only and not force:
            raise FileFault("denied", entry.path)
        gone = self._below(entry.path)
        for key in gone:
            del self._entries[key]
        self._report(str(entry.path), "Exists", True, False)
        self._tell(*gone)

    def set_attributes(self, path: str | PureWindowsPath, attributes: frozenset[str]) -> None:
        entry = self.find(path)
        self._entries[entry.path] = replace(entry, attributes=attributes)
        self._report(str(entry.path), "Attributes", sorted(entry.attributes), sorted(attributes))

    def _below(self, path: PureWindowsPath) -> list[PureWindowsPath]:
        """The entry itself and all that is in it."""
        return [key for key in self._entries if key == path or path in key.parents]

    def _tell(self, *paths: PureWindowsPath) -> None:
        for path in paths:
            if changed := self._watchers.get(path):
                changed()

    def _folder_of(self, file: PureWindowsPath) -> FileEntry:
        folder = self._entries.get(file.parent)
        if folder is None or not folder.is_directory:
            raise FileFault("missing", file)
        return folder

    def _check_writable(self, entry: FileEntry, force: bool) -> None:
        if entry.is_directory:
            raise FileFault("directory", entry.path)
        if entry.read_only and not force:
            raise FileFault("denied", entry.path)
        if left := self._held.get(entry.path, 0):
            self._held[entry.path] = left - 1
            raise FileFault("denied", entry.path)

    def _new(self, path: PureWindowsPath, content: bytes | None, attributes: frozenset[str]) -> FileEntry:
        now = self._now()
        return FileEntry(path=path, content=content, created=now, written=now, attributes=attributes)
