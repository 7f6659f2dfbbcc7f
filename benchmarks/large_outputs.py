"""What it costs to keep an executed notebook on the disk while it grows: ours against stock papermill.

``python benchmarks/large_outputs.py`` runs a notebook whose cells each print ``--megabytes``, through the project's
engine and through papermill's own, and prints how much was written and how long it took; and the same with twice the
cells. Bytes and ratios are to be believed, seconds only on the computer at hand. A cost of the new output alone doubles
with twice the cells; saving the whole file at each cell quadruples it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import nbformat
import papermill
from papermill.iorw import LocalHandler

from runbook.notebook_engine import saving

_PRINT = "print('{0}' * {1})"


@dataclass(frozen=True)
class Cost:
    """Bytes written to the executed notebook, its size at the end, and seconds."""

    written: int
    size: int
    seconds: float


def notebook(path: Path, cells: int, size: int, *, ours: bool) -> None:
    made = nbformat.v4.new_notebook()
    made.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    if ours:
        made.metadata["runbook"] = {"section": "prerequisites"}
    made.cells = [nbformat.v4.new_code_cell(_PRINT.format(chr(97 + number % 26), size)) for number in range(cells)]
    nbformat.write(made, path)


@contextmanager
def _counted(written: list[int]) -> Iterator[None]:
    """Every byte that either engine puts into the executed notebook."""
    replace, write = saving.replace, LocalHandler.write

    def replaced(path: Path, text: str) -> None:
        written.append(len(text.encode()))
        replace(path, text)

    def wrote(handler: LocalHandler, text: str, path: str) -> None:
        written.append(len(text.encode()))
        write(handler, text, path)

    saving.replace, LocalHandler.write = replaced, wrote
    try:
        yield
    finally:
        saving.replace, LocalHandler.write = replace, write


def cost(folder: Path, cells: int, size: int, *, ours: bool) -> Cost:
    source, target = folder / "in.ipynb", folder / f"out-{cells}-{ours}.ipynb"
    notebook(source, cells, size, ours=ours)
    written: list[int] = []
    began = time.monotonic()
    with _counted(written):
        papermill.execute_notebook(str(source), str(target), progress_bar=False)
    return Cost(sum(written), target.stat().st_size, time.monotonic() - began)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cells", type=int, default=30)
    options.add_argument("--megabytes", type=float, default=1.0)
    given = options.parse_args()
    size = int(given.megabytes * 1024 * 1024)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch:
        cost(Path(scratch), 1, 1, ours=True)  # imports and the first kernel are nobody's cost
        costs = {
            (ours, cells): cost(Path(scratch), cells, size, ours=ours)
            for cells in (given.cells, 2 * given.cells)
            for ours in (True, False)
        }
    print(f"{datetime.now(UTC):%Y-%m-%d}, papermill {version('papermill')}, cells of {given.megabytes:g} MB\n")
    print("| cells | engine | notebook, MB | written, MB | written / notebook | seconds |")
    print("| ---: | --- | ---: | ---: | ---: | ---: |")
    for (ours, cells), one in costs.items():
        name = "ours" if ours else "papermill's own"
        megabytes = [each / 1024 / 1024 for each in (one.size, one.written)]
        ratio = one.written / one.size
        print(f"| {cells} | {name} | {megabytes[0]:.0f} | {megabytes[1]:.0f} | {ratio:.1f} | {one.seconds:.1f} |")
    for ours, name in ((True, "ours"), (False, "papermill's own")):
        few, many = costs[ours, given.cells], costs[ours, 2 * given.cells]
        print(
            f"\nTwice the cells, {name}: {many.written / few.written:.1f} times the bytes, "
            f"{many.seconds / few.seconds:.1f} times the seconds."
        )


if __name__ == "__main__":
    main()
