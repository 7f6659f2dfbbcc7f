"""What a form holds, without its widgets: values as typed, what is wrong with them, and the file they are kept in.

Every value that is typed goes at once into the namespace of the cells, right or wrong: the cells below go by it, and
refuse what is wrong with the same words. A value stays as it was typed when the cells above are run again, until one
of them says something new.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbook.display.fields import Field, Group, as_text, faults, fields, typed_of, value_of
from runbook.errors import InputError
from runbook.inputs.yamlfile import read_yaml
from runbook.inputs.yamlsave import Saved, save_yaml
from runbook.parameters import SectionParameters, load_parameters
from runbook.render import View
from runbook.render.parameters import Given, parameters
from runbook.sections import Section, section_named


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a cell above gave, and what was typed in its place."""

    given: object
    typed: object


_TYPED: dict[str, dict[str, _Kept]] = {}
"""Of this kernel's forms, by section and parameter."""


def typed_into(section: str) -> Mapping[str, object]:
    """What stands in the section's form because somebody typed it there."""
    return {name: kept.typed for name, kept in _TYPED.get(section, {}).items()}


class Entries:
    """The parameters of a section as they stand in ``namespace``, and as somebody changes them there."""

    def __init__(
        self,
        section: str,
        namespace: MutableMapping[str, Any],
        *,
        kept: MutableMapping[str, dict[str, _Kept]] = _TYPED,
    ) -> None:
        self.section: Section[Any, Any] = section_named(section)
        self.fields: tuple[Field, ...] = fields(self.section.parameters)
        self._namespace = namespace
        self._kept = kept.setdefault(self.section.name, {})
        self._given: dict[str, object] = {}
        for field in self.fields:
            self._take_up(field)
        self.faults: Mapping[str, str] = {}
        self._judge()

    def __getitem__(self, name: str) -> object:
        """The value that the cells below find."""
        return self._namespace[name]

    @property
    def model(self) -> type[SectionParameters]:
        return self.section.parameters

    def typed(self, name: str) -> str | bool:
        """The value as it is typed in."""
        return typed_of(self._field(name), self._namespace[name])

    def type(self, name: str, typed: str | bool) -> None:
        """Somebody typed this: it is what the cells below go by."""
        self._put(name, value_of(self._field(name), typed))
        self._judge()

    def parameters(self) -> SectionParameters:
        """What they come to; :class:`InputError` with every fault."""
        return load_parameters(self.model, self._values())

    def table(self, *, folded: bool = False) -> View:
        """All of them with their help, for whoever reads the notebook later."""
        rows = [
            Given(
                name=field.name,
                title=field.title,
                value=as_text(self._namespace[field.name]),
                help=field.help,
                is_default=not field.required and self._is_default(field),
                fault=self.faults.get(field.name, ""),
            )
            for field in self.fields
        ]
        return parameters(f"Parameters of {self.section.title}", rows, folded=folded)

    def load(self, file: Path) -> tuple[str, ...]:
        """Take over what a parameter file says, and return which parameters that changed.

        :class:`InputError` with every fault of the file; nothing is taken over then.
        """
        found = load_parameters(self.model, file).model_dump(mode="json")
        said = read_yaml(file).root
        changed = tuple(name for name in said if as_text(found[name]) != as_text(self._namespace[name]))
        for name in changed:
            self._put(name, found[name])
        self._judge()
        return changed

    def differences(self, file: Path) -> tuple[str, ...]:
        """Which parameters a file states otherwise; none where there is no file or it can't be read."""
        try:
            found = load_parameters(self.model, file).model_dump(mode="json")
            return tuple(name for name in read_yaml(file).root if as_text(found[name]) != as_text(self[name]))
        except InputError:
            return ()

    def save(self, file: Path) -> None:
        """Write them into a parameter file, whose comments stay. What is about this run alone isn't written.

        :class:`InputError` where one of them is wrong, or the file can't be written.
        """
        self.parameters()
        there = read_yaml(file).root if file.exists() else {}
        values: dict[str, Saved] = {}
        for field in self.fields:
            value = self._namespace[field.name]
            is_new = field.required or not self._is_default(field)
            if field.group is not Group.RUN and (field.name in there or is_new):
                values[field.name] = list(value) if isinstance(value, tuple) else value
        save_yaml(file, values, heading=f"Parameters of the section {self.section.name}.")

    def _values(self) -> dict[str, object]:
        return {field.name: self._namespace[field.name] for field in self.fields}

    def _is_default(self, field: Field) -> bool:
        return as_text(self._namespace[field.name]) == as_text(field.default)

    def _judge(self) -> None:
        self.faults = faults(self.model, self._values())

    def _take_up(self, field: Field) -> None:
        given = self._namespace.get(field.name, field.default)
        given = "" if given is None else given
        kept = self._kept.get(field.name)
        if kept is not None and given in (kept.given, kept.typed):
            self._given[field.name] = kept.given
            self._namespace[field.name] = kept.typed
        else:
            self._kept.pop(field.name, None)
            self._given[field.name] = given
            self._namespace[field.name] = list(given) if isinstance(given, tuple) else given

    def _put(self, name: str, value: object) -> None:
        self._namespace[name] = value
        self._kept[name] = _Kept(self._given[name], value)

    def _field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)
