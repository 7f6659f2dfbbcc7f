"""How a simulated cmdlet is declared, and what it is given when it runs.

A cmdlet is a function of one :class:`Call`, declared with :func:`cmdlet`::

    @cmdlet("Get-Thing", module="Lync", basis=Basis.DOCUMENTED, source="where it is written",
            parameters={"Identity": Parameter(kind="String", position=0)})
    def get_thing(call: Call) -> None:
        call.output(...)

It is called once for each pipeline object, or once where it stands first and gets no input, as ProcessRecord
is. A cmdlet that has to see all of its input keeps it in ``call.state`` and names a function in ``end=``, which
is called once after the last object, as EndProcessing is; both get the same ``call.state``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NoReturn

from rehearsal.values import ErrorRecord, Identity, Streams, TerminatingError

if TYPE_CHECKING:
    from rehearsal.host import WindowsHost


class Basis(StrEnum):
    """How sure it is that a real server behaves like this."""

    DOCUMENTED = "documented"
    RECORDED = "recorded"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter as the documents give it.

    ``kind`` is the .NET type without its namespace (``String``, ``String[]``, ``SwitchParameter``, ``UInt16``,
    ``Byte[]``, ``MultiValuedProperty``, ``Fqdn`` …); a kind that :mod:`rehearsal.coercion` doesn't know is text.
    ``position`` counts from 0. ``values`` is a ValidateSet, ``names`` the names of an enum kind; both are matched
    without regard to case and handed on in the spelling given here. ``sets`` empty means all parameter sets.
    """

    kind: str = "String"
    mandatory: bool = False
    position: int | None = None
    by_value: bool = False
    by_property_name: bool = False
    aliases: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    allow_empty: bool = False
    """AllowNull, AllowEmptyString and AllowEmptyCollection: a mandatory parameter takes ``$null``, '' and @()."""
    remaining: bool = False
    """ValueFromRemainingArguments."""
    since: tuple[int, ...] = ()
    """The version of PowerShell that brought it; Windows Server 2008 R2 has 2.0."""


SWITCH = Parameter(kind="SwitchParameter")


@dataclass(slots=True)
class ShellState:
    """One runspace: who is connected to which endpoint of which host, its variables and imported modules.

    ``variables`` is keyed by lower-case name. ``world`` is the simulated organisation around the host.
    """

    host: WindowsHost
    world: Any
    identity: Identity
    path: str
    configuration: str
    variables: dict[str, Any] = field(default_factory=dict)
    modules: list[str] = field(default_factory=list)
    audit: Callable[[Call, ErrorRecord | None], None] | None = None
    """Hears of every cmdlet that was run on a pipeline object, and of the error that ended it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is changing the world just now, for a journal: host, endpoint path, user and command."""

    host: str
    path: str
    user: str
    command: str


ACTING: ContextVar[Actor | None] = ContextVar("acting", default=None)
"""Set by the engine while a command runs, so that a change reported from below can be told whose it is."""


class ErrorAction(StrEnum):
    """-ErrorAction and -WarningAction."""

    CONTINUE = "Continue"
    STOP = "Stop"
    SILENTLY_CONTINUE = "SilentlyContinue"
    IGNORE = "Ignore"
    INQUIRE = "Inquire"
    SUSPEND = "Suspend"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """The common parameters that one command was given."""

    error_action: ErrorAction = ErrorAction.CONTINUE
    warning_action: ErrorAction = ErrorAction.CONTINUE
    verbose: bool = False
    debug: bool = False
    what_if: bool = False
    confirm: bool | None = None
    """-Confirm; ``None`` where it isn't given and ``$ConfirmPreference`` (High) decides."""


class StopUpstreamError(Exception):
    """The command needs no more input (Select-Object -First); the commands before it are stopped, quietly."""

    def __init__(self, position: int) -> None:
        self.position = position
        super().__init__()


def _stopped(record: ErrorRecord) -> ErrorRecord:
    """What -ErrorAction Stop makes of an error: the same id, category and target, another exception and message."""
    return replace(
        record,
        message='The running command stopped because the preference variable "ErrorActionPreference" or common '
        f"parameter is set to Stop: {record.message}",
        exception_type=ACTION_STOPPED,
    )


ACTION_STOPPED = "System.Management.Automation.ActionPreferenceStopException"

_IMPACTS = {"None": 0, "Low": 1, "Medium": 2, "High": 3}
_CHOICES = ("&Yes", "Yes to &All", "&No", "No to A&ll", "&Suspend")


@dataclass(slots=True)
class Call:
    """One run of a cmdlet's function: bound parameters, the pipeline object, and where to write.

    ``parameters`` has the given ones only, by their declared names, coerced. ``state`` is shared by all calls of
    this command in this pipeline.
    """

    declaration: CmdletDeclaration
    shell: ShellState
    parameters: Mapping[str, Any]
    parameter_set: str
    input: Any
    state: dict[str, Any]
    preferences: Preferences
    streams: Streams
    position: int
    _emit: Callable[[Any], None]
    processed: list[str] = field(default_factory=list)
    """The targets that ShouldProcess said yes to."""
    reported: list[ErrorRecord] = field(default_factory=list)
    """The non-terminating errors."""

    @property
    def host(self) -> WindowsHost:
        return self.shell.host

    @property
    def world(self) -> Any:
        return self.shell.world

    @property
    def identity(self) -> Identity:
        return self.shell.identity

    @property
    def path(self) -> str:
        return self.shell.path

    def given(self, name: str) -> bool:
        return name in self.parameters

    def get(self, name: str, default: Any = None) -> Any:
        return self.parameters.get(name, default)

    def switch(self, name: str) -> bool:
        """Whether a switch is on; ``-Force:$false`` is off."""
        return bool(self.parameters.get(name, False))

    def output(self, value: Any) -> None:
        """One object to the next command, or to the client. A ``list`` is one Object[]; call per item to enumerate."""
        self._emit(value)

    def error(self, record: ErrorRecord) -> None:
        """A non-terminating error; -ErrorAction Stop makes it end the pipeline, as on a real server."""
        record = self._complete(record)
        self.reported.append(record)
        match self.preferences.error_action:
            case ErrorAction.STOP:
                raise TerminatingError(_stopped(record))
            case ErrorAction.CONTINUE | ErrorAction.INQUIRE:
                self.streams.error(record)
            case _:
                pass

    def fail(self, record: ErrorRecord) -> NoReturn:
        """ThrowTerminatingError: ends the pipeline whatever -ErrorAction says."""
        raise TerminatingError(self._complete(record))

    def warning(self, message: str) -> None:
        match self.preferences.warning_action:
            case ErrorAction.CONTINUE | ErrorAction.INQUIRE:
                self.streams.warning(message)
            case ErrorAction.STOP:
                self.fail(
                    ErrorRecord(
                        message="The running command stopped because the preference variable "
                        f'"WarningPreference" or common parameter is set to Stop: {message}',
                        error_id="ActionPreferenceStop",
                        category="OperationStopped",
                        exception_type=ACTION_STOPPED,
                    )
                )
            case _:
                pass

    def verbose(self, message: str) -> None:
        if self.preferences.verbose:
            self.streams.verbose(message)

    def debug(self, message: str) -> None:
        if self.preferences.debug:
            self.streams.debug(message)

    def done(self) -> NoReturn:
        """No more input is wanted: the commands before this one stop, this one's ``end`` still runs."""
        raise StopUpstreamError(self.position)

    def should_process(self, target: str, action: str = "") -> bool:
        """ShouldProcess: False under -WhatIf; asks the client's host where -Confirm or the impact calls for it.

        A client without a host can't answer, and the pipeline ends with the error of ``Streams.prompt``.
        (-WhatIf tells the host only, there is nothing of it in any stream: ``MshCommandRuntime.DoShouldProcess``.)
        """
        wanted = self._wanted(target, action or self.declaration.name)
        if wanted:
            self.processed.append(target)
        return wanted

    def _wanted(self, target: str, action: str) -> bool:
        if self.preferences.what_if:
            return False
        if self.preferences.confirm is None:
            wanted = _IMPACTS[self.declaration.confirm_impact] >= _IMPACTS["High"]
        else:
            wanted = self.preferences.confirm
        if not wanted:
            self.verbose(f'Performing the operation "{action}" on target "{target}".')
            return True
        return self._ask(
            f'Are you sure you want to perform this action?\nPerforming the operation "{action}" on target "{target}".'
        )

    def should_continue(self, query: str, caption: str = "Confirm") -> bool:
        """ShouldContinue, which only a -Force of the cmdlet's own turns off; -Confirm:$false does not."""
        return self._ask(query, caption)

    def _ask(self, message: str, caption: str = "Confirm") -> bool:
        remembered: bool | None = self.state.get("answer to all")
        if remembered is not None:
            return remembered
        choice = self.streams.prompt(caption, message, _CHOICES)
        if choice in (1, 3):
            self.state["answer to all"] = choice == 1
        return choice in (0, 1)

    def _complete(self, record: ErrorRecord) -> ErrorRecord:
        return self.declaration.complete(record)


@dataclass(frozen=True, slots=True, kw_only=True)
class CmdletDeclaration:
    """A declared cmdlet; :func:`cmdlet` says what the fields mean."""

    name: str
    module: str
    basis: Basis
    source: str
    parameters: Mapping[str, Parameter]
    process: Callable[[Call], None]
    end: Callable[[Call], None] | None
    should_process: bool
    confirm_impact: str
    default_set: str
    command_type: str
    remote: bool
    installed: Callable[[WindowsHost], bool] | None
    command_aliases: tuple[str, ...]

    def for_powershell(self, version: tuple[int, ...]) -> CmdletDeclaration:
        """The cmdlet with the parameters that it has in this version."""
        there = {name: one for name, one in self.parameters.items() if one.since <= version}
        return self if len(there) == len(self.parameters) else replace(self, parameters=there)

    def complete(self, record: ErrorRecord) -> ErrorRecord:
        """The record with what PowerShell adds: activity, reason and ``Id,Full.Command.Type``."""
        error_id = record.error_id
        if "," not in error_id and self.command_type:
            error_id = f"{error_id},{self.command_type}"
        return replace(
            record,
            error_id=error_id,
            activity=record.activity or self.name,
            reason=record.reason or record.exception_type.rpartition(".")[2],
        )


REGISTRY: dict[str, CmdletDeclaration] = {}
"""Every declared cmdlet by lower-case name; :mod:`rehearsal.registry` decides which of them a shell has."""


def cmdlet(
    name: str,
    *,
    module: str,
    basis: Basis,
    source: str,
    parameters: Mapping[str, Parameter],
    end: Callable[[Call], None] | None = None,
    should_process: bool = False,
    confirm_impact: str = "Medium",
    default_set: str = "",
    command_type: str = "",
    remote: bool = True,
    installed: Callable[[WindowsHost], bool] | None = None,
    command_aliases: Sequence[str] = (),
) -> Callable[[Callable[[Call], None]], Callable[[Call], None]]:
    """Declare a cmdlet.

    ``module`` is ``Exchange``, ``Lync`` (named SkypeForBusiness on a Skype for Business host), or the Windows
    module's own name. ``source`` says where its behaviour is written, ``basis`` how sure it is.
    ``should_process`` adds -WhatIf and -Confirm. ``default_set`` is the DefaultParameterSetName.
    ``command_type`` is the .NET class of the cmdlet, the second half of its FullyQualifiedErrorIds.
    ``remote=False``: a Lync cmdlet that /OcsPowershell doesn't offer (topology writes).
    ``installed(host)`` narrows the hosts that have it, beyond what its module says (UM cmdlets, editions).
    """
    if confirm_impact not in _IMPACTS:
        raise ValueError(f"{name}: confirm_impact is one of {', '.join(_IMPACTS)}, not {confirm_impact!r}")

    def declare(process: Callable[[Call], None]) -> Callable[[Call], None]:
        there = REGISTRY.get(name.lower())
        if there is not None and there.process.__module__ != process.__module__:
            raise ValueError(f"{name} is declared in {there.process.__module__} already")
        REGISTRY[name.lower()] = CmdletDeclaration(
            name=name,
            module=module,
            basis=basis,
            source=source,
            parameters=dict(parameters),
            process=process,
            end=end,
            should_process=should_process,
            confirm_impact=confirm_impact,
            default_set=default_set,
            command_type=command_type,
            remote=remote,
            installed=installed,
            command_aliases=tuple(command_aliases),
        )
        return process

    return declare
