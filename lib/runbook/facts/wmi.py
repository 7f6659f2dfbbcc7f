"""One class of WMI, asked as the server's Windows PowerShell knows it."""

from __future__ import annotations

from runbook.command import Cmdlet, Value, cmdlet


def instances(name: str, *, filter: str = "", powershell_2: bool = False) -> Cmdlet:
    """``powershell_2``: the server has Windows PowerShell 2 (Exchange 2010), which knows no ``Get-CimInstance``."""
    given: dict[str, Value] = {"Class" if powershell_2 else "ClassName": name}
    given |= {"Filter": filter} if filter else {}
    return cmdlet("Get-WmiObject" if powershell_2 else "Get-CimInstance", **given)
