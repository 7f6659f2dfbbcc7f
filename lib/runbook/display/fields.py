"""A section's parameters as the fields of a form: what each is called, how it is typed in, what is wrong with it. Pure.

Made from the model that checks files and cells too, so a form can't allow what they refuse, nor say it otherwise.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from runbook.errors import InputError
from runbook.inputs.local_store import PastedText
from runbook.parameters import IntegrationParameters, SectionParameters, load_parameters

FORM = "form"
"""What messages call the form, as they call a file by its name."""


_SWITCHED = {"true": True, "yes": True, "false": False, "no": False}
_CONSENT = "Consent: "
"""How the description of a consent begins."""


class Kind(StrEnum):
    """How a value is given."""

    LINE = "line"
    NOTE = "note"
    NUMBER = "number"
    SWITCH = "switch"
    CHOICE = "choice"
    LIST = "list"
    PASTED = "pasted"
    """Texts of many lines, one after the other, with a line of hyphens between them."""


class Group(StrEnum):
    """Where in a form a field stands, in this order."""

    NAMES = "Names that both sides have to agree on"
    SECTION = "For this section"
    CONSENT = "What it may change"
    RUN = "This run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One parameter. ``choices`` are all that is allowed for a ``CHOICE``."""

    name: str
    title: str
    help: str
    kind: Kind
    group: Group
    required: bool
    default: object
    choices: tuple[str, ...] = ()


def fields(model: type[SectionParameters]) -> tuple[Field, ...]:
    """The fields of a model, in its order."""
    return tuple(_field(name, info) for name, info in model.model_fields.items())


def faults(model: type[SectionParameters], values: Mapping[str, object]) -> Mapping[str, str]:
    """What is wrong with each field as it is typed now: problem and remedy; empty where all is well."""
    try:
        load_parameters(model, values, file=FORM)
    except InputError as error:
        found: dict[str, str] = {}
        for fault in error.faults:
            name, item, place = fault.key.partition("[")
            line = f"Line {place.rstrip(']')}:" if item else ""
            found[name] = " ".join(filter(None, (found.get(name, ""), line, fault.problem, fault.remedy)))
        return found
    return {}


def value_of(field: Field, typed: str | bool) -> object:
    """What a cell would hold for what is typed: the same as a parameter file gives, or the text where it is wrong."""
    if isinstance(typed, bool):
        return typed
    if field.kind is Kind.LIST:
        return [line for line in typed.split("\n") if line.strip()]
    if field.kind is Kind.PASTED:
        return [text for text in re.split(r"^---$\n?", typed, flags=re.MULTILINE) if text.strip()]
    if field.kind is Kind.NUMBER and typed.isascii() and typed.isdigit():
        return int(typed)
    return typed


def typed_of(field: Field, value: object) -> str | bool:
    """How a cell's value is typed in. The opposite of :func:`value_of`."""
    if field.kind is Kind.SWITCH and (switched := _SWITCHED.get(str(value).lower())) is not None:
        return switched
    if field.kind is Kind.PASTED and isinstance(value, (list, tuple)):
        return "---\n".join(text if text.endswith("\n") else f"{text}\n" for text in map(str, value))
    return as_text(value)


def as_text(value: object) -> str:
    """A value as it is typed in: a list one item a line."""
    if isinstance(value, (list, tuple)):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)


def _field(name: str, info: FieldInfo) -> Field:
    kind, choices = _kind(name, info.annotation)
    return Field(
        name=name,
        title=info.title or name.replace("_", " ").capitalize(),
        help=info.description or "",
        kind=kind,
        group=_group(name, info),
        required=info.is_required(),
        default=None if info.is_required() else info.default,
        choices=choices,
    )


def _group(name: str, info: FieldInfo) -> Group:
    if (info.description or "").startswith(_CONSENT):
        return Group.CONSENT
    if name in SectionParameters.model_fields:
        return Group.RUN
    return Group.NAMES if name in IntegrationParameters.model_fields else Group.SECTION


def _kind(name: str, annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _kind(name, typing.get_args(annotation)[0])
    if origin is Literal:
        return Kind.CHOICE, tuple(map(str, typing.get_args(annotation)))
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return Kind.CHOICE, tuple(one.value for one in annotation)
    if origin in (tuple, list):
        return (Kind.PASTED if typing.get_args(annotation)[0] is PastedText else Kind.LIST), ()
    if origin in (typing.Union, types.UnionType):
        return _kind(name, next(one for one in typing.get_args(annotation) if one is not type(None)))
    if annotation is bool:
        return Kind.SWITCH, ()
    if annotation is int:
        return Kind.NUMBER, ()
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        raise TypeError(f"{name}: a form has no fields within fields")
    return (Kind.NOTE if name.endswith("_note") or name.startswith("pasted_") else Kind.LINE), ()
