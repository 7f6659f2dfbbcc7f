"""Get-Command, Import-Module, Get-Module, Get-Variable and Get-Date: the runspace looking at itself."""

from __future__ import annotations

from typing import Any

from rehearsal.cmdlet import SWITCH, Basis, Call, CmdletDeclaration, Parameter, cmdlet
from rehearsal.objects import enum, has_wildcard, matches
from rehearsal.registry import module_name, modules, offered, resolve
from rehearsal.values import ErrorRecord, Thing

_CORE = "Microsoft.PowerShell.Core"
_UTILITY = "Microsoft.PowerShell.Utility"


def _command(call: Call, declaration: CmdletDeclaration) -> Thing:
    verb, _, noun = declaration.name.partition("-")
    module = module_name(declaration.module, call.host)
    return Thing(
        (
            "System.Management.Automation.CmdletInfo",
            "System.Management.Automation.CommandInfo",
            "System.Object",
        ),
        declaration.name,
        {
            "Verb": verb,
            "Noun": noun,
            "DefaultParameterSet": declaration.default_set or None,
            "Name": declaration.name,
            "CommandType": enum("System.Management.Automation.CommandTypes", "Cmdlet", 8),
            "ModuleName": module,
        },
        {"ImplementingType": declaration.command_type or None},
    )


@cmdlet(
    "Get-Command",
    module=_CORE,
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Get-Command",
    parameters={
        "Name": Parameter(kind="String[]", position=0, by_value=True, by_property_name=True),
        "Module": Parameter(kind="String[]", aliases=("PSSnapin",), by_property_name=True),
        "CommandType": Parameter(kind="String", aliases=("Type",)),
    },
    command_type="Microsoft.PowerShell.Commands.GetCommandCommand",
    command_aliases=("gcm",),
)
def get_command(call: Call) -> None:
    wanted = call.get("Module")
    names = call.get("Name") or ("*",)
    for name in names:
        found = [one for one in offered(call.shell) if matches(name, one.name)]
        if not has_wildcard(name) and not found and (by_alias := resolve(name, call.shell)):
            found = [by_alias]
        if wanted:
            found = [
                one for one in found if any(matches(module, module_name(one.module, call.host)) for module in wanted)
            ]
        for declaration in found:
            call.output(_command(call, declaration))
        if not found and not has_wildcard(name):
            call.error(
                ErrorRecord(
                    message=f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or "
                    "operable program. Check the spelling of the name, or if a path was included, verify that the "
                    "path is correct and try again.",
                    error_id="CommandNotFoundException",
                    category="ObjectNotFound",
                    exception_type="System.Management.Automation.CommandNotFoundException",
                    target=name,
                    target_name=name,
                    target_type="String",
                )
            )


def _module(call: Call, name: str) -> Thing:
    return Thing(
        ("System.Management.Automation.PSModuleInfo", "System.Object"),
        name,
        {
            "Name": name,
            "ModuleType": enum("System.Management.Automation.ModuleType", "Manifest", 2),
            "Version": "1.0",
        },
    )


@cmdlet(
    "Import-Module",
    module=_CORE,
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Import-Module; error id from the engine's ModuleIntrinsics",
    parameters={
        "Name": Parameter(kind="String[]", mandatory=True, position=0, by_value=True),
        "Global": SWITCH,
        "Force": SWITCH,
        "PassThru": SWITCH,
        "DisableNameChecking": SWITCH,
    },
    command_type="Microsoft.PowerShell.Commands.ImportModuleCommand",
    command_aliases=("ipmo",),
)
def import_module(call: Call) -> None:
    known = {name.lower(): name for name in modules(call.host)}
    for name in call.parameters["Name"]:
        found = known.get(name.lower())
        if found is None:
            call.error(
                ErrorRecord(
                    message=f"The specified module '{name}' was not loaded because no valid module file was found in "
                    "any module directory.",
                    error_id="Modules_ModuleNotFound",
                    category="ResourceUnavailable",
                    exception_type="System.IO.FileNotFoundException",
                    target=name,
                    target_name=name,
                    target_type="String",
                )
            )
            continue
        if found not in call.shell.modules:
            call.shell.modules.append(found)
        if call.switch("PassThru"):
            call.output(_module(call, found))


@cmdlet(
    "Get-Module",
    module=_CORE,
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Get-Module",
    parameters={
        "Name": Parameter(kind="String[]", position=0, by_value=True),
        "ListAvailable": SWITCH,
        "All": SWITCH,
    },
    command_type="Microsoft.PowerShell.Commands.GetModuleCommand",
    command_aliases=("gmo",),
)
def get_module(call: Call) -> None:
    known = modules(call.host) if call.switch("ListAvailable") else sorted(call.shell.modules)
    for name in known:
        if any(matches(pattern, name) for pattern in call.get("Name") or ("*",)):
            call.output(_module(call, name))


@cmdlet(
    "Get-Variable",
    module=_UTILITY,
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Get-Variable",
    parameters={
        "Name": Parameter(kind="String[]", position=0, by_value=True, by_property_name=True),
        "ValueOnly": SWITCH,
        "Scope": Parameter(kind="String"),
    },
    command_type="Microsoft.PowerShell.Commands.GetVariableCommand",
    command_aliases=("gv",),
)
def get_variable(call: Call) -> None:
    variables: dict[str, Any] = call.shell.variables
    for pattern in call.get("Name") or ("*",):
        found = sorted(name for name in variables if matches(pattern, name))
        for name in found:
            if call.switch("ValueOnly"):
                call.output(variables[name])
                continue
            spelled = name if has_wildcard(pattern) else pattern
            call.output(
                Thing(
                    ("System.Management.Automation.PSVariable", "System.Object"),
                    "System.Management.Automation.PSVariable",
                    {"Name": spelled, "Value": variables[name], "Description": ""},
                )
            )
        if not found and not has_wildcard(pattern):
            call.error(
                ErrorRecord(
                    message=f"Cannot find a variable with the name '{pattern}'.",
                    error_id="VariableNotFound",
                    category="ObjectNotFound",
                    exception_type="System.Management.Automation.ItemNotFoundException",
                    target=pattern,
                    target_name=pattern,
                    target_type="String",
                )
            )


@cmdlet(
    "Get-Date",
    module=_UTILITY,
    basis=Basis.DOCUMENTED,
    source="PowerShell-Docs Get-Date; the server's own clock and time zone",
    parameters={"Date": Parameter(kind="DateTime", position=0, by_value=True, aliases=("LastWriteTime",))},
    command_type="Microsoft.PowerShell.Commands.GetDateCommand",
)
def get_date(call: Call) -> None:
    call.output(call.get("Date") or call.host.clock().astimezone(call.host.timezone))
