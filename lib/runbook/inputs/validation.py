"""From pydantic's errors to faults: file, line, key, value, what is wrong and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from runbook.errors import Fault, InputError
from runbook.inputs.disclosure import is_secret_name, shown
from runbook.inputs.yamlfile import KeyPath, key_text

Model = TypeVar("Model", bound=BaseModel)
_OURS = "runbook"


def wrong(problem: str, remedy: str) -> PydanticCustomError:
    """What a field validator raises: what is wrong, and what to do about it, both as sentences."""
    return PydanticCustomError(_OURS, "{problem} {remedy}", {"problem": problem, "remedy": remedy})


def validate(
    model: type[Model],
    tree: Mapping[str, object],
    *,
    file: str,
    line: Callable[[KeyPath], int | None] = lambda _path: None,
    faults: tuple[Fault, ...] = (),
    context: Mapping[str, object] | None = None,
) -> Model:
    """``tree`` as a ``model``; else :class:`InputError` with every fault, those given in ``faults`` too, by line."""
    found: Model | None = None
    errors: list[ErrorDetails] = []
    try:
        found = model.model_validate(tree, context=dict(context or {}), by_alias=True, by_name=False)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    every = [*faults, *(_fault(model, tree, error, file, line) for error in errors)]
    if found is None or every:
        raise InputError(tuple(sorted(every, key=lambda fault: (fault.line is None, fault.line or 0))))
    return found


def _fault(
    model: type[BaseModel],
    tree: Mapping[str, object],
    error: ErrorDetails,
    file: str,
    line: Callable[[KeyPath], int | None],
) -> Fault:
    path: KeyPath = error["loc"]
    problem, remedy = _words(model, error)
    value = "" if error["type"] == "missing" else shown(path, error["input"])
    return Fault(file=file, line=line(path), key=key_text(path, tree), value=value, problem=problem, remedy=remedy)


def _words(model: type[BaseModel], error: ErrorDetails) -> tuple[str, str]:
    context, given = error.get("ctx", {}), error["input"]
    match error["type"]:
        case "runbook":
            return str(context["problem"]), str(context["remedy"])
        case "missing":
            return "This key is missing.", _purpose(model, error["loc"])
        case "extra_forbidden":
            return _unknown_key(model, error["loc"])
        case "literal_error" | "enum":
            return "This isn't one of the values that are known.", f"Write {context['expected']}."
        case "string_type":
            return f"Text is expected here, not {kind(given)}.", _quote_hint(given)
        case "tuple_type":
            problem = f"A list is expected here, not {kind(given)}."
            return problem, "Write `[first, second]`, or one `- item` a line; `[]` for none."
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"Keys and values are expected here, not {kind(given)}.", "Write one `key: value` a line below it."
        case _:
            return f"{error['msg']}.", ""


def _unknown_key(model: type[BaseModel], path: KeyPath) -> tuple[str, str]:
    key = str(path[-1])
    if is_secret_name(key):
        remedy = "The estate file names credentials as cred:NAME; their values stay out of every file. Remove this key."
        return "There is no such key, and secrets never stand in a file.", remedy
    known = list(_fields(model, path[:-1]))
    spelled = {name.replace("_", "").replace("-", ""): name for name in known}
    near = difflib.get_close_matches(key.lower().replace("_", "").replace("-", ""), spelled, 1, 0.7)
    if near:
        return "There is no such key.", f"Did you mean {spelled[near[0]]}?"
    return "There is no such key.", f"The keys here are {', '.join(known)}." if known else "Remove it."


def _purpose(model: type[BaseModel], path: KeyPath) -> str:
    info = _fields(model, path[:-1]).get(str(path[-1]))
    return f"It is needed: {info.description}" if info is not None and info.description else "It is needed."


def _fields(model: type[BaseModel], path: KeyPath) -> dict[str, FieldInfo]:
    """The fields that are known at ``path`` below ``model``, by the name that a file gives them."""
    here: Any = model
    for part in path:
        if isinstance(part, str):
            here = _fields(here, ()).get(part)
            here = _model_in(here.annotation) if here is not None else None
        if here is None:
            return {}
    return {info.alias or name: info for name, info in here.model_fields.items()}


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation is about: ``Server`` for ``tuple[Server, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)


def kind(value: object) -> str:
    """What a value is, in words: ``a number``, ``a list``, ``nothing``."""
    match value:
        case bool():
            return f"the Boolean {value}"
        case int() | float():
            return "a number"
        case str():
            return "text" if value else "nothing"
        case list() | tuple():
            return "a list"
        case Mapping():
            return "keys and values"
        case _:
            return "a value of another kind"


def _quote_hint(value: object) -> str:
    if isinstance(value, bool | int | float):
        return "YAML took it for something else: put it in quotes."
    return "Write one value."
