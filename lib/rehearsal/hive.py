"""The registry of one simulated computer: ``HKLM:\\…`` keys, their values and kinds, names without regard to case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

_ROOTS = {
    "hklm:": "HKEY_LOCAL_MACHINE",
    "hkcu:": "HKEY_CURRENT_USER",
    "hkey_local_machine": "HKEY_LOCAL_MACHINE",
    "hkey_current_user": "HKEY_CURRENT_USER",
}
_DRIVES = {"HKEY_LOCAL_MACHINE": "HKLM", "HKEY_CURRENT_USER": "HKCU"}


@dataclass(slots=True)
class RegistryValue:
    """``kind`` is a RegistryValueKind: String, ExpandString, Binary, DWord, QWord, MultiString."""

    name: str
    value: Any
    kind: str = "String"


@dataclass(slots=True)
class RegistryKey:
    """``path`` begins with the hive's long name, ``HKEY_LOCAL_MACHINE\\…``; ``values`` are keyed in lower case."""

    path: str
    values: dict[str, RegistryValue] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.path.rpartition("\\")[2]

    @property
    def drive(self) -> str:
        return _DRIVES[self.path.partition("\\")[0]]

    def get(self, name: str) -> RegistryValue | None:
        return self.values.get(name.lower())


def full_path(path: str) -> str:
    """``HKLM:\\SOFTWARE\\X\\`` → ``HKEY_LOCAL_MACHINE\\SOFTWARE\\X``; ValueError where there is no such hive."""
    root, _, rest = path.replace("/", "\\").strip("\\").partition("\\")
    if root.lower() not in _ROOTS:
        raise ValueError(f"not a registry path: {path}")
    parts = [part for part in rest.split("\\") if part]
    return "\\".join([_ROOTS[root.lower()], *parts])


class Registry:
    """Keys by path. ``report(object, property, before, after)`` hears of every mutation."""

    def __init__(self, report: Callable[[str, str, object, object], None]) -> None:
        self._report = report
        self._keys: dict[str, RegistryKey] = {}
        for root in _DRIVES:
            self._keys[root.lower()] = RegistryKey(root)

    def __iter__(self) -> Iterator[RegistryKey]:
        return iter(list(self._keys.values()))

    def key(self, path: str) -> RegistryKey | None:
        return self._keys.get(full_path(path).lower())

    def value(self, path: str, name: str) -> Any:
        """The value's data, or ``None`` where key or value doesn't exist."""
        key = self.key(path)
        found = key.get(name) if key else None
        return found.value if found else None

    def subkeys(self, path: str) -> list[RegistryKey]:
        parent = full_path(path).lower()
        return [self._keys[name] for name in sorted(self._keys) if name.rpartition("\\")[0] == parent]

    def make_key(self, path: str) -> RegistryKey:
        """The key, with its parents; one that exists is left as it is."""
        full = full_path(path)
        if found := self._keys.get(full.lower()):
            return found
        parent = self.make_key(full.rpartition("\\")[0])
        key = RegistryKey(f"{parent.path}\\{full.rpartition(chr(92))[2]}")
        self._keys[full.lower()] = key
        self._report(key.path, "Exists", False, True)
        return key

    def set(self, path: str, name: str, value: Any, kind: str = "String") -> None:
        """Set a value, making the key where it doesn't exist."""
        key = self.make_key(path)
        before = key.get(name)
        key.values[name.lower()] = RegistryValue(before.name if before else name, value, kind)
        self._report(key.path, name, before.value if before else None, value)

    def remove_value(self, path: str, name: str) -> None:
        key = self.key(path)
        if key and (before := key.values.pop(name.lower(), None)):
            self._report(key.path, before.name, before.value, None)

    def remove_key(self, path: str) -> None:
        full = full_path(path).lower()
        for name in [name for name in list(self._keys) if name == full or name.startswith(full + "\\")]:
            key = self._keys.pop(name)
            if name == full:
                self._report(key.path, "Exists", True, False)
