"""``python -m runbook.catalogue`` writes the pages under ``docs/checks/`` and removes those of checks that are gone."""

from __future__ import annotations

from collections.abc import Mapping

from runbook.catalogue.checks import checks
from runbook.catalogue.page import index, page
from runbook.paths import from_root

FOLDER = "docs/checks"


def pages() -> Mapping[str, str]:
    """File name → text of every page."""
    return {"README.md": index()} | {f"{check.id}.md": page(check) for check in checks().values()}


def main() -> None:
    folder = from_root(FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for file in folder.glob("*.md"):
        if file.name not in wanted:
            file.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
