"""Which cmdlets a runspace has: those that a real server of that kind offers there, and no others.

``/PowerShell/`` (no-language) has the Exchange cmdlets beside Select-Object and Measure-Object,
``/OcsPowershell`` the Lync cmdlets of an RBAC role, without topology writes; ``/wsman`` has the Windows modules of
its PowerShell version, and Lync's module where Lync is installed (``real-world`` B4).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from rehearsal.cmdlet import REGISTRY, CmdletDeclaration, ShellState
from rehearsal.host import WindowsHost

EVERYWHERE = frozenset({"select-object", "measure-object", "get-command"})
_CORE = frozenset(
    {
        "Microsoft.PowerShell.Core",
        "Microsoft.PowerShell.Utility",
        "Microsoft.PowerShell.Management",
        "Microsoft.PowerShell.Security",
        "Microsoft.PowerShell.Diagnostics",
    }
)


def load_cmdlets() -> None:
    """Import every module of :mod:`rehearsal.cmdlets`, which declares what is in it."""
    package = importlib.import_module("rehearsal.cmdlets")
    for found in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{found.name}")


def endpoint(path: str) -> str:
    """``/PowerShell/?PSVersion=…`` → ``powershell``; likewise ``ocspowershell`` and ``wsman``."""
    return path.partition("?")[0].strip("/").lower()


def is_restricted(path: str) -> bool:
    """Whether the endpoint refuses script text and everything that its role doesn't name."""
    return endpoint(path) in ("powershell", "ocspowershell")


def module_name(module: str, host: WindowsHost) -> str:
    """The name of a module on this host: Lync's is called SkypeForBusiness from 2015 on."""
    if module == "Lync" and "skype-for-business" in host.software:
        return "SkypeForBusiness"
    return module


def modules(host: WindowsHost) -> list[str]:
    """The modules that can be imported in the ordinary Windows shell of a host, sorted."""
    names = set(_CORE)
    if host.powershell_version >= (3, 0):
        names |= {"CimCmdlets", "NetTCPIP"}
    if {"lync", "skype-for-business"} & host.software.keys():
        names.add(module_name("Lync", host))
    return sorted(names | host.features)


def resolve(name: str, shell: ShellState) -> CmdletDeclaration | None:
    """The cmdlet of that name or alias, module-qualified or not; its module is imported by that (PowerShell 3+)."""
    qualifier, _, plain = name.rpartition("\\")
    declaration = REGISTRY.get(plain.lower()) or _by_alias(plain.lower(), shell)
    if declaration is None or not _offered(declaration, shell):
        return None
    module = module_name(declaration.module, shell.host)
    if qualifier and qualifier.lower() != module.lower():
        return None
    if endpoint(shell.path) == "wsman" and module not in shell.modules:
        if shell.host.powershell_version < (3, 0) and module not in _CORE:
            return None
        shell.modules.append(module)
    return declaration


def offered(shell: ShellState) -> Iterator[CmdletDeclaration]:
    """Everything the runspace has, sorted by name."""
    for name in sorted(REGISTRY):
        if _offered(REGISTRY[name], shell):
            yield REGISTRY[name]


def _by_alias(alias: str, shell: ShellState) -> CmdletDeclaration | None:
    if is_restricted(shell.path):
        return None
    return next((found for found in REGISTRY.values() if alias in found.command_aliases), None)


def _offered(declaration: CmdletDeclaration, shell: ShellState) -> bool:
    if declaration.installed is not None and not declaration.installed(shell.host):
        return False
    if is_restricted(shell.path) and declaration.name.lower() in EVERYWHERE:
        return True
    match endpoint(shell.path):
        case "powershell":
            return declaration.module == "Exchange" and "exchange" in shell.host.software
        case "ocspowershell":
            return declaration.module == "Lync" and declaration.remote
        case "wsman":
            return module_name(declaration.module, shell.host) in modules(shell.host)
    return False
