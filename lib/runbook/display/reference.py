"""Every parameter of every section as a page: ``python -m runbook.display.reference`` writes ``docs/parameters.md``.

Made from the fields of the forms, which are made from the models that check files and cells.
"""

from __future__ import annotations

from collections.abc import Iterator

from runbook.display.fields import Field, Group, Kind, as_text, fields
from runbook.paths import from_root
from runbook.sections import SECTIONS, UNDO

FILE = "docs/parameters.md"
_KINDS = {
    Kind.LINE: "text",
    Kind.NOTE: "text",
    Kind.NUMBER: "number",
    Kind.SWITCH: "true or false",
    Kind.LIST: "list",
    Kind.PASTED: "list of texts",
}
_HEAD = """# Parameters

What each section can be told: in the form of its notebook, in a parameter file (`runbook run SECTION -f FILE`, or
papermill), or in the cell tagged `parameters`. All of them go by the same model, which refuses the same values in the
same words. What is written here is made from it.
"""


def page() -> str:
    """The whole page, ending with a line end."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _HEAD.rstrip()
    first = next(iter(SECTIONS.values()))
    yield from ("", "## Of every section")
    yield from _table(field for field in fields(first.parameters) if field.group is Group.RUN)
    for section in (*SECTIONS.values(), UNDO):
        yield from ("", f"## {section.title}: `{section.name}`")
        yield from _table(field for field in fields(section.parameters) if field.group is not Group.RUN)


def _table(rows: Iterator[Field]) -> Iterator[str]:
    yield from ("", "| parameter | value | by default | what it is |", "| --- | --- | --- | --- |")
    for field in rows:
        default = "**needed**" if field.required else f"`{_default(field)}`" if _default(field) else "empty"
        kind = " or ".join(f"`{choice}`" for choice in field.choices) or _KINDS[field.kind]
        yield f"| `{field.name}` | {kind} | {default} | {_cell(field.help)} |"


def _default(field: Field) -> str:
    if isinstance(field.default, bool):
        return str(field.default).lower()
    return as_text(field.default).replace("\n", ", ")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    from_root(FILE).write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
