"""What the parameter binder says when it refuses: PowerShell's own ids, categories and messages.

From ``ParameterBinderStrings`` of the engine; the proxy functions of Exchange's endpoint as community threads show
them (``ParameterArgumentTransformationError,Set-ReceiveConnector``).
"""

from __future__ import annotations

from typing import Any, NoReturn

from rehearsal.cmdlet import CmdletDeclaration, Parameter
from rehearsal.coercion import ConversionError
from rehearsal.objects import simple_type_name, text_of, type_name
from rehearsal.values import ErrorRecord, ListValue, TerminatingError

_BINDING = "System.Management.Automation.ParameterBindingException"
_VALIDATION = "System.Management.Automation.ParameterBindingValidationException"
_TRANSFORMATION = "System.Management.Automation.ParameterBindingArgumentTransformationException"


def binding_error(
    declaration: CmdletDeclaration,
    error_id: str,
    message: str,
    *,
    category: str = "InvalidArgument",
    exception: str = _BINDING,
    target: Any = None,
) -> ErrorRecord:
    """An error of the binder; its id ends with the cmdlet's class.

    Exchange's endpoint offers proxy functions, whose name stands there instead.
    """
    owner = declaration.name if declaration.module == "Exchange" else declaration.command_type
    return declaration.complete(
        ErrorRecord(
            message=message,
            error_id=f"{error_id},{owner or declaration.name}",
            category=category,
            exception_type=exception,
            target=target,
            target_name=text_of(target),
            target_type=simple_type_name(target),
        )
    )


def conversion_record(
    declaration: CmdletDeclaration, name: str, parameter: Parameter, value: Any, refusal: ConversionError
) -> ErrorRecord:
    """The error for an argument that doesn't convert to the parameter's type."""
    if refusal.null:
        return _null_record(declaration, name)
    kind = _kind_name(parameter.kind)
    if declaration.module == "Exchange":
        # A proxy function's typed parameters convert by an argument transformation, not in the binder.
        reason = refusal.reason
        if not reason.startswith("Cannot convert"):
            reason = f'Cannot convert value "{text_of(value)}" to type "{kind}". Error: "{reason}"'
        return binding_error(
            declaration,
            "ParameterArgumentTransformationError",
            f"Cannot process argument transformation on parameter '{name}'. {reason}",
            category="InvalidData",
            exception=_TRANSFORMATION,
        )
    if refusal.collection:
        return binding_error(
            declaration,
            "CannotConvertArgument",
            f"Cannot convert '{type_name(value)}' to the type '{kind}' required by parameter '{name}'. "
            f"{refusal.reason}",
        )
    reason = refusal.reason
    if not reason.startswith("Cannot convert"):
        reason = f'Cannot convert value "{text_of(value)}" to type "{kind}". Error: "{reason}"'
    return binding_error(declaration, "CannotConvertArgumentNoMessage", f"Cannot bind parameter '{name}'. {reason}")


def _kind_name(kind: str) -> str:
    if kind in ("ActionPreference",):
        return f"System.Management.Automation.{kind}"
    plain = kind.removesuffix("[]")
    known = ("String", "Boolean", "Byte", "DateTime", "Version", "Guid", "Uri", "TimeSpan")
    return f"System.{kind}" if plain in known or plain.startswith(("Int", "UInt")) else kind


def _null_record(declaration: CmdletDeclaration, name: str) -> ErrorRecord:
    return binding_error(
        declaration,
        "ParameterArgumentValidationErrorNullNotAllowed",
        f"Cannot bind argument to parameter '{name}' because it is null.",
        category="InvalidData",
        exception=_VALIDATION,
    )


def check_not_empty(declaration: CmdletDeclaration, name: str, value: Any) -> None:
    """A mandatory parameter takes no ``$null``, no empty string and no empty array."""
    if value is None:
        raise TerminatingError(_null_record(declaration, name))
    if value == "" or (isinstance(value, tuple) and "" in value):
        error_id, what = "ParameterArgumentValidationErrorEmptyStringNotAllowed", "an empty string"
    elif isinstance(value, (tuple, ListValue)) and not (value.items if isinstance(value, ListValue) else value):
        error_id, what = "ParameterArgumentValidationErrorEmptyArrayNotAllowed", "an empty array"
    else:
        return
    raise TerminatingError(
        binding_error(
            declaration,
            error_id,
            f"Cannot bind argument to parameter '{name}' because it is {what}.",
            category="InvalidData",
            exception=_VALIDATION,
        )
    )


def check_set(declaration: CmdletDeclaration, name: str, parameter: Parameter, value: Any) -> Any:
    """The value in the spelling of the ValidateSet; raises ParameterArgumentValidationError."""
    known = {item.lower(): item for item in parameter.values}
    chosen = []
    for item in value if isinstance(value, tuple) else (value,):
        text = text_of(item)
        if text.lower() not in known:
            listed = ",".join(parameter.values)
            raise TerminatingError(
                binding_error(
                    declaration,
                    "ParameterArgumentValidationError",
                    f"Cannot validate argument on parameter '{name}'. The argument \"{text}\" does not belong to the "
                    f'set "{listed}" specified by the ValidateSet attribute. Supply an argument that is in the set '
                    "and then try the command again.",
                    category="InvalidData",
                    exception=_VALIDATION,
                )
            )
        chosen.append(known[text.lower()])
    return tuple(chosen) if isinstance(value, tuple) else chosen[0]


def fail_binding(declaration: CmdletDeclaration, error_id: str, message: str) -> NoReturn:
    """End the pipeline with an InvalidArgument of the binder."""
    raise TerminatingError(binding_error(declaration, error_id, message))
