"""Parameter binding: arguments and pipeline objects to parameters, with the refusals PowerShell gives.

Two steps, as ``CmdletParameterBinderController`` has them: :func:`bind_arguments` takes the command line (names,
aliases, unambiguous prefixes, positions), :meth:`Binding.bind_input` each pipeline object (by value and by
property name, without conversion before with it). Parameters of several sets narrow the candidates; what is left
must name one set, or the default set.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from rehearsal.binding_errors import binding_error, check_not_empty, check_set, conversion_record, fail_binding
from rehearsal.cmdlet import CmdletDeclaration, ErrorAction, Parameter, Preferences
from rehearsal.coercion import ConversionError, coerce, is_exact
from rehearsal.objects import member, text_of
from rehearsal.values import ErrorRecord, TerminatingError

AMBIGUOUS_SET = "Parameter set cannot be resolved using the specified named parameters."
_ACTIONS = ("SilentlyContinue", "Stop", "Continue", "Inquire", "Ignore", "Suspend")
_ACTION = Parameter(kind="ActionPreference", names=_ACTIONS)
_SWITCH = Parameter(kind="SwitchParameter")

COMMON = {
    "Verbose": replace(_SWITCH, aliases=("vb",)),
    "Debug": replace(_SWITCH, aliases=("db",)),
    "ErrorAction": replace(_ACTION, aliases=("ea",)),
    "WarningAction": replace(_ACTION, aliases=("wa",)),
    "ErrorVariable": Parameter(aliases=("ev",)),
    "WarningVariable": Parameter(aliases=("wv",)),
    "OutVariable": Parameter(aliases=("ov",)),
    "OutBuffer": Parameter(kind="Int32", aliases=("ob",)),
    "PipelineVariable": Parameter(aliases=("pv",)),
}
RISK = {"WhatIf": replace(_SWITCH, aliases=("wi",)), "Confirm": replace(_SWITCH, aliases=("cf",))}
INFORMATION = {
    "InformationAction": replace(_ACTION, aliases=("infa",)),
    "InformationVariable": Parameter(aliases=("iv",)),
}


@dataclass(slots=True)
class Binding:
    """What the command line of one command gave; ``candidates`` are the parameter sets still possible."""

    declaration: CmdletDeclaration
    parameters: dict[str, Any]
    candidates: frozenset[str]
    preferences: Preferences

    def resolve_set(self, bound: Iterable[str], candidates: frozenset[str]) -> str:
        """The parameter set to run with; MissingMandatoryParameter or AmbiguousParameterSet otherwise."""
        given = set(bound)
        complete = {name for name in candidates if not self._missing(name, given)}
        default = self.declaration.default_set
        if complete:
            if default in complete:
                return default
            if len(complete) == 1:
                return next(iter(complete))
            # A set wins over others where one of its own mandatory parameters was given.
            if chosen := [name for name in sorted(complete) if self._mandatory(name) & given]:
                return chosen[0] if len(chosen) == 1 else self._ambiguous()
            return self._ambiguous()
        if default in candidates or len(candidates) == 1:
            name = default if default in candidates else next(iter(candidates))
            return self._fail_missing(self._missing(name, given))
        return self._ambiguous()

    def check_input_possible(self) -> None:
        """Before the first object: what is mandatory and can't come from the pipeline must be there."""
        lacking = []
        for candidate in sorted(self.candidates):
            missing = [
                name
                for name in self._missing(candidate, set(self.parameters))
                if not (self._table[name].by_value or self._table[name].by_property_name)
            ]
            if not missing:
                return
            lacking.append(missing)
        self._fail_missing(lacking[0])

    def bind_input(self, value: Any) -> tuple[dict[str, Any], str] | None:
        """Parameters and set with this pipeline object bound; ``None`` where nothing takes it (InputObjectNotBound)."""
        bound = dict(self.parameters)
        candidates = self.candidates
        taken = False
        for by_value, exact in ((True, True), (False, True), (True, False), (False, False)):
            for name, parameter in self._table.items():
                if name in bound or not (parameter.by_value if by_value else parameter.by_property_name):
                    continue
                if not _in_sets(parameter, candidates):
                    continue
                found = [value] if by_value else _by_property(value, name, parameter)
                if (
                    not found
                    or (found[0] is None and not by_value)
                    or (exact and not is_exact(found[0], parameter.kind))
                ):
                    continue
                try:
                    coerced = coerce(found[0], parameter)
                except ConversionError:
                    continue
                bound[name] = coerced
                candidates = _narrow(candidates, parameter)
                taken = True
        if not taken:
            return None
        return bound, self.resolve_set(bound, candidates)

    @property
    def takes_input(self) -> bool:
        """Whether any parameter can take a pipeline object at all."""
        return any(parameter.by_value or parameter.by_property_name for parameter in self._table.values())

    def input_not_bound(self, value: Any) -> ErrorRecord:
        return binding_error(
            self.declaration,
            "InputObjectNotBound",
            "The input object cannot be bound to any parameters for the command either because the command does not "
            "take pipeline input or the input and its properties do not match any of the parameters that take "
            "pipeline input.",
            target=value,
        )

    @property
    def _table(self) -> dict[str, Parameter]:
        return dict(self.declaration.parameters)

    def _mandatory(self, candidate: str) -> set[str]:
        return {
            name
            for name, parameter in self.declaration.parameters.items()
            if parameter.mandatory and parameter.sets and candidate in parameter.sets
        }

    def _missing(self, candidate: str, given: set[str]) -> list[str]:
        return [
            name
            for name, parameter in self.declaration.parameters.items()
            if parameter.mandatory and _in_sets(parameter, frozenset({candidate})) and name not in given
        ]

    def _fail_missing(self, names: Sequence[str]) -> NoReturn:
        fail_binding(
            self.declaration,
            "MissingMandatoryParameter",
            "Cannot process command because of one or more missing mandatory parameters: " + " ".join(names) + ".",
        )

    def _ambiguous(self) -> NoReturn:
        fail_binding(
            self.declaration,
            "AmbiguousParameterSet",
            AMBIGUOUS_SET,
        )


def bind_arguments(
    declaration: CmdletDeclaration, arguments: Sequence[tuple[str | None, Any]], *, powershell: tuple[int, ...] = (5, 1)
) -> Binding:
    """Names first, then positions; the common parameters end up in ``preferences``."""
    declaration = declaration.for_powershell(powershell)
    common = dict(COMMON)
    if powershell >= (5, 0):
        common |= INFORMATION
    if declaration.should_process:
        common |= RISK
    table = {**declaration.parameters, **common}
    bound: dict[str, Any] = {}
    candidates = _all_sets(declaration)
    for given, value in arguments:
        if given is None:
            continue
        name = _match_name(declaration, table, given.removeprefix("-").removesuffix(":"))
        if name in bound:
            fail_binding(
                declaration,
                "ParameterAlreadyBound",
                f"Cannot bind parameter because parameter '{name}' is specified more than once. To provide "
                "multiple values to parameters that can accept multiple values, use the array syntax. For "
                'example, "-parameter value1,value2,value3".',
            )
        bound[name] = _coerce(declaration, name, table[name], value)
        candidates = _narrow(candidates, table[name])
    if not candidates:
        fail_binding(declaration, "AmbiguousParameterSet", AMBIGUOUS_SET)
    candidates = _bind_positions(declaration, [value for name, value in arguments if name is None], bound, candidates)
    return Binding(
        declaration=declaration,
        parameters={name: value for name, value in bound.items() if name in declaration.parameters},
        candidates=candidates,
        preferences=_preferences(bound),
    )


def _bind_positions(
    declaration: CmdletDeclaration, values: Sequence[Any], bound: dict[str, Any], candidates: frozenset[str]
) -> frozenset[str]:
    queue = list(values)
    while queue:
        open_positions = [
            (parameter.position, name, parameter)
            for name, parameter in declaration.parameters.items()
            if parameter.position is not None and name not in bound and _in_sets(parameter, candidates)
        ]
        default = declaration.default_set
        open_positions.sort(key=lambda item: (item[0], default not in item[2].sets if item[2].sets else False))
        if open_positions:
            _, name, parameter = open_positions[0]
            bound[name] = _coerce(declaration, name, parameter, queue.pop(0))
            candidates = _narrow(candidates, parameter)
            continue
        rest = [(name, parameter) for name, parameter in declaration.parameters.items() if parameter.remaining]
        if rest and rest[0][0] not in bound:
            bound[rest[0][0]] = _coerce(declaration, rest[0][0], rest[0][1], queue)
            break
        fail_binding(
            declaration,
            "PositionalParameterNotFound",
            f"A positional parameter cannot be found that accepts argument '{text_of(queue[0])}'.",
        )
    return candidates


def _match_name(declaration: CmdletDeclaration, table: dict[str, Parameter], given: str) -> str:
    wanted = given.lower()
    for name, parameter in table.items():
        if name.lower() == wanted or wanted in (alias.lower() for alias in parameter.aliases):
            return name
    near = [
        name
        for name, parameter in table.items()
        if any(spelling.lower().startswith(wanted) for spelling in (name, *parameter.aliases))
    ]
    # -E of a cmdlet with -Encoding is -Encoding: its own parameters win over the common ones.
    own = [name for name in near if name in declaration.parameters]
    if len(near) == 1 or len(own) == 1:
        return (own or near)[0]
    if near:
        fail_binding(
            declaration,
            "AmbiguousParameter",
            f"Parameter cannot be processed because the parameter name '{given}' is ambiguous. Possible matches "
            f"include: {' '.join('-' + name for name in near)}.",
        )
    return fail_binding(
        declaration,
        "NamedParameterNotFound",
        f"A parameter cannot be found that matches parameter name '{given}'.",
    )


def _coerce(declaration: CmdletDeclaration, name: str, parameter: Parameter, value: Any) -> Any:
    try:
        coerced = coerce(value, parameter)
    except ConversionError as refusal:
        raise TerminatingError(conversion_record(declaration, name, parameter, value, refusal)) from refusal
    if parameter.mandatory and not parameter.allow_empty:
        check_not_empty(declaration, name, coerced)
    if parameter.values and coerced is not None:
        return check_set(declaration, name, parameter, coerced)
    return coerced


def _preferences(bound: dict[str, Any]) -> Preferences:
    return Preferences(
        error_action=ErrorAction(bound.get("ErrorAction") or "Continue"),
        warning_action=ErrorAction(bound.get("WarningAction") or "Continue"),
        verbose=bool(bound.get("Verbose", False)),
        debug=bool(bound.get("Debug", False)),
        what_if=bool(bound.get("WhatIf", False)),
        confirm=bound.get("Confirm"),
    )


def _all_sets(declaration: CmdletDeclaration) -> frozenset[str]:
    named = {name for parameter in declaration.parameters.values() for name in parameter.sets}
    if declaration.default_set:
        named.add(declaration.default_set)
    return frozenset(named or {""})


def _in_sets(parameter: Parameter, candidates: frozenset[str]) -> bool:
    return not parameter.sets or bool(candidates & set(parameter.sets))


def _narrow(candidates: frozenset[str], parameter: Parameter) -> frozenset[str]:
    return candidates & set(parameter.sets) if parameter.sets else candidates


def _by_property(value: Any, name: str, parameter: Parameter) -> list[Any]:
    for spelling in (name, *parameter.aliases):
        found = member(value, spelling)
        if found is not None:
            return [found]
    return []
