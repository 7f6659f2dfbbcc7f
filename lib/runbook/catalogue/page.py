"""A check as a page of Markdown, the same for ``runbook explain`` and for ``docs/checks/``. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from runbook.catalogue.checks import Check, checks
from runbook.catalogue.requirements import requirement

_REPAIR: Mapping[str, str] = MappingProxyType(
    {
        "none": "Nothing needs mending.",
        "automatic": "The plan of this section mends it.",
        "consent": "The plan mends it once the parameter `{consent}` agrees.",
        "manual": "A person has to mend it; the runbook doesn't.",
    }
)


def page(check: Check) -> str:
    """The whole page, ending with a line end."""
    return "\n".join(_lines(check)) + "\n"


def index() -> str:
    """The list of all checks, by section."""
    lines = ["# Checks", "", "What the runbook can find, by section. `runbook explain ID` prints a page."]
    for section in dict.fromkeys(check.sections[0] for check in checks().values()):
        lines += [
            "",
            f"## {section.replace('_', ' ').capitalize()}",
            "",
            "| check | severity | what |",
            "| --- | --- | --- |",
        ]
        lines += [
            f"| [{check.id}]({check.id}.md) | {check.severity} | {check.title} |"
            for check in checks().values()
            if check.sections[0] == section
        ]
    return "\n".join(lines) + "\n"


def _lines(check: Check) -> Iterator[str]:
    yield from (f"# {check.id}", "", f"**{check.title}**", "")
    where = ", ".join(section.replace("_", " ") for section in check.sections)
    yield from (f"Severity: {check.severity} · Section: {where}", "")
    yield from ("## What it means", "", check.means, "", "## Why it matters", "", check.why, "")
    if check.look or check.see:
        yield from ("## How to look by hand", "")
        if check.look:
            yield from ("```powershell", *check.look, "```", "")
        if check.see:
            yield from (check.see, "")
    yield from ("## How to mend it", "", check.mend, "", _REPAIR[check.repair].format(consent=check.consent))
    if check.requirements:
        yield from ("", "## What the procedure says", "")
        for id in check.requirements:
            stated = requirement(id)
            yield f"- **{id}** ({stated.kind_name}): {stated.text} *{'; '.join(stated.documents)}*"
