"""Ways to tamper with a closed record, drawn at random: each changes the folder, and says which file shows it.

``python tests/record_mutations.py`` tampers 5,000 times with the records of a rehearsal, and says what wasn't found and
named; ``--count``, ``--seed`` and folders of other records may be given.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runbook.cli.rehearse import rehearse
from runbook.ledger.events import Mode
from runbook.paths import STATE_VARIABLE
from runbook.record import State, verify

Files = dict[str, bytes]
LEDGER, NOTEBOOK, STATEMENT = "events.jsonl", "record.ipynb", "statement.dsse.json"


@dataclass(frozen=True)
class Mutation:
    """``files`` is the folder afterwards; one of ``named`` has to be named. ``folder`` or ``link`` is made besides."""

    what: str
    files: Files
    named: tuple[str, ...]
    folder: str = ""
    link: str = ""
    kind: str = ""


def mutate(files: Files, dice: random.Random) -> Mutation:
    """One mutation that really changes something."""
    while True:
        kind, way = dice.choice(_WAYS)
        made = way(dict(files), dice)
        if made is not None and (made.files != files or made.folder or made.link):
            return replace(made, kind=kind)


def snapshot(folder: Path) -> Files:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def lay_out(mutation: Mutation, folder: Path) -> None:
    """Write the mutated record to an empty folder."""
    for name, data in mutation.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    if mutation.folder:
        (folder / mutation.folder).mkdir(parents=True)
    if mutation.link:
        (folder / mutation.link).symlink_to(LEDGER)


def _bytes(edit: Callable[[bytes, int, random.Random], bytes], what: str) -> Callable[[Files, random.Random], Mutation]:
    def way(files: Files, dice: random.Random) -> Mutation:
        name = dice.choice(sorted(files))
        place = dice.randrange(len(files[name]))
        files[name] = edit(files[name], place, dice)
        return Mutation(f"{what} at {place} of {name}", files, (name,))

    return way


def _flip(data: bytes, place: int, dice: random.Random) -> bytes:
    return data[:place] + bytes([data[place] ^ (1 << dice.randrange(8))]) + data[place + 1 :]


def _insert(data: bytes, place: int, dice: random.Random) -> bytes:
    return data[:place] + bytes([dice.randrange(256)]) + data[place:]


def _drop(data: bytes, place: int, _: random.Random) -> bytes:
    return data[:place] + data[place + 1 :]


def _cut(data: bytes, place: int, _: random.Random) -> bytes:
    return data[:place]


def _append(data: bytes, _: int, dice: random.Random) -> bytes:
    return data + dice.choice([b"\n", b" ", b"{}\n", b"\0", dice.randbytes(9)])


def _line_ends(data: bytes, _: int, __: random.Random) -> bytes:
    return data.replace(b"\n", b"\r\n")


def _remove(files: Files, dice: random.Random) -> Mutation:
    name = dice.choice(sorted(files))
    del files[name]
    return Mutation(f"{name} removed", files, (name,))


def _add(files: Files, dice: random.Random) -> Mutation:
    name = dice.choice(["notes.txt", "before/atl-new.json", "after/zz.txt", ".hidden", "deep/er/file.json"])
    files[name] = b"{}\n"
    return Mutation(f"{name} added", files, (name,))


def _rename(files: Files, dice: random.Random) -> Mutation:
    name = dice.choice(sorted(files))
    other = dice.choice([f"{name}.bak", f"before/{name.replace('/', '-')}"])
    files[other] = files.pop(name)
    return Mutation(f"{name} renamed", files, (name,))


def _exchange(files: Files, dice: random.Random) -> Mutation:
    one, other = dice.sample(sorted(files), 2)
    files[one], files[other] = files[other], files[one]
    return Mutation(f"{one} and {other} exchanged", files, (one, other))


def _lines(edit: Callable[[list[bytes], random.Random], None], what: str) -> Callable[[Files, random.Random], Mutation]:
    def way(files: Files, dice: random.Random) -> Mutation:
        lines = files[LEDGER].splitlines()
        edit(lines, dice)
        files[LEDGER] = b"".join(line + b"\n" for line in lines)
        return Mutation(f"a line of the ledger {what}", files, (LEDGER,))

    return way


def _line_gone(lines: list[bytes], dice: random.Random) -> None:
    del lines[dice.randrange(len(lines))]


def _tail_gone(lines: list[bytes], dice: random.Random) -> None:
    del lines[dice.randrange(1, len(lines)) :]


def _line_twice(lines: list[bytes], dice: random.Random) -> None:
    place = dice.randrange(len(lines))
    lines.insert(dice.randrange(len(lines)), lines[place])


def _lines_moved(lines: list[bytes], dice: random.Random) -> None:
    one, other = dice.sample(range(len(lines)), 2)
    lines[one], lines[other] = lines[other], lines[one]


def _line_edited(lines: list[bytes], dice: random.Random) -> None:
    """A field changed, and the line spelt as the ledger would spell it."""
    place = dice.randrange(len(lines))
    fields = json.loads(lines[place])
    name = dice.choice(sorted(fields))
    fields[name] = dice.choice(["someone else", 7, None, [], fields.get("time"), "2031-01-01T00:00:00.000000Z"])
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    lines[place] = text.encode("utf-8", "backslashreplace")


def _line_spelt_otherwise(lines: list[bytes], dice: random.Random) -> None:
    place = dice.randrange(len(lines))
    lines[place] = json.dumps(json.loads(lines[place])).encode()


def _cells(edit: Callable[[list[Any], random.Random], None], what: str) -> Callable[[Files, random.Random], Mutation]:
    def way(files: Files, dice: random.Random) -> Mutation:
        found = json.loads(files[NOTEBOOK])
        edit(found["cells"], dice)
        files[NOTEBOOK] = (json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
        return Mutation(f"a cell {what}", files, (NOTEBOOK,))

    return way


def _cell_edited(cells: list[Any], dice: random.Random) -> None:
    """What was written in it, or what it showed."""
    cell = dice.choice(cells)
    shown = [output.get("data", output) for output in cell.get("outputs", ())]
    places = [(cell, "source"), *((each, name) for each in shown for name, value in each.items() if value)]
    holder, name = dice.choice(places)
    text = holder[name]
    holder[name] = [*text, "x"] if isinstance(text, list) else f"{text}x"


def _cell_gone(cells: list[Any], dice: random.Random) -> None:
    del cells[dice.randrange(len(cells))]


def _cell_twice(cells: list[Any], dice: random.Random) -> None:
    cells.insert(0, dice.choice(cells))


def _cells_moved(cells: list[Any], dice: random.Random) -> None:
    one, other = dice.sample(range(len(cells)), 2)
    cells[one], cells[other] = cells[other], cells[one]


def _spelt_otherwise(files: Files, dice: random.Random) -> Mutation:
    name = dice.choice([name for name in sorted(files) if name.endswith((".json", ".ipynb"))])
    found = json.loads(files[name])
    text = json.dumps(found, indent=dice.choice([None, 1, 4]), ensure_ascii=dice.random() < 0.5)
    files[name] = text.encode("utf-8", "backslashreplace")
    return Mutation(f"{name} spelt otherwise", files, (name,))


def _key_twice(files: Files, dice: random.Random) -> Mutation:
    name = dice.choice([name for name in sorted(files) if name.endswith((".json", ".ipynb"))])
    files[name] = files[name].replace(b"{", b'{"extra": 1, "extra": 2,', 1)
    return Mutation(f"{name} with a key twice", files, (name,))


def _statement_restated(files: Files, dice: random.Random) -> Mutation:
    """Another digest, outcome or time in the payload, in its right spelling, under the old signature."""
    envelope = json.loads(files[STATEMENT])
    payload = json.loads(base64.b64decode(envelope["payload"]))
    match dice.randrange(4):
        case 0:
            dice.choice(payload["subject"])["digest"]["sha256"] = "0" * 64
        case 1:
            payload["predicate"]["environment"] = "production"
        case 2:
            payload["predicate"]["when"]["started"] = "2020-01-01T00:00:00.000Z"
        case _:
            del payload["subject"][dice.randrange(len(payload["subject"]))]
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    envelope["payload"] = base64.b64encode(text.encode("utf-8", "backslashreplace")).decode()
    files[STATEMENT] = (json.dumps(envelope, indent=2, sort_keys=True) + "\n").encode()
    return Mutation("the statement restated", files, (STATEMENT,))


def _signature_longer(files: Files, dice: random.Random) -> Mutation:
    """A field that nobody signed, in its right spelling: beside the payload, or in the signature."""
    envelope = json.loads(files[STATEMENT])
    holder = dice.choice([envelope, *envelope["signatures"]])
    holder[dice.choice(["approved-by", "cert", "unsigned", "time"])] = dice.choice(["kim", 1, None, [], {}])
    files[STATEMENT] = (json.dumps(envelope, indent=2, sort_keys=True) + "\n").encode()
    return Mutation("a field added to the envelope", files, (STATEMENT,))


def _empty_folder(files: Files, dice: random.Random) -> Mutation:
    name = dice.choice(["between", "before/deep", "after/x"])
    return Mutation(f"an empty folder {name}", files, (name,), folder=name)


def _link(files: Files, dice: random.Random) -> Mutation | None:
    if os.name == "nt":
        return None
    return Mutation("a link", files, ("linked.json",), link="linked.json")


_WAYS: tuple[tuple[str, Callable[[Files, random.Random], Mutation | None]], ...] = (
    *(("bits flipped", _bytes(_flip, "a bit flipped")),) * 4,
    ("fields added to the envelope", _signature_longer),
    ("bytes inserted", _bytes(_insert, "a byte inserted")),
    ("bytes dropped", _bytes(_drop, "a byte dropped")),
    ("files cut", _bytes(_cut, "cut")),
    ("files longer", _bytes(_append, "something appended")),
    ("other line ends", _bytes(_line_ends, "other line ends")),
    ("files removed", _remove),
    ("files added", _add),
    ("files renamed", _rename),
    ("files exchanged", _exchange),
    ("lines gone", _lines(_line_gone, "gone")),
    ("tails gone", _lines(_tail_gone, "and all after it gone")),
    ("lines twice", _lines(_line_twice, "twice")),
    ("lines moved", _lines(_lines_moved, "moved")),
    ("lines edited", _lines(_line_edited, "edited")),
    ("lines spelt otherwise", _lines(_line_spelt_otherwise, "spelt otherwise")),
    ("cells edited", _cells(_cell_edited, "edited")),
    ("cells gone", _cells(_cell_gone, "gone")),
    ("cells twice", _cells(_cell_twice, "twice")),
    ("cells moved", _cells(_cells_moved, "moved")),
    ("JSON spelt otherwise", _spelt_otherwise),
    ("keys twice", _key_twice),
    ("statements restated", _statement_restated),
    ("empty folders", _empty_folder),
    ("links", _link),
)


def missed(folder: Path, count: int, seed: int) -> tuple[list[str], Counter[str]]:
    """What of ``count`` mutations of a record wasn't found, or not named; and how many of each kind there were."""
    files, dice, kinds = snapshot(folder), random.Random(seed), Counter[str]()
    found: list[str] = []
    for number in range(count):
        mutation = mutate(files, dice)
        kinds[mutation.kind] += 1
        with tempfile.TemporaryDirectory(prefix="mutated-") as other:
            lay_out(mutation, Path(other))
            told = verify(Path(other))
        named = {problem.where.partition(":")[0].rstrip("/") for problem in told.problems}
        if told.state not in (State.ALTERED, State.UNCLOSED) or not named & set(mutation.named):
            found.append(f"{number}: {mutation.what}: {told.state}, {'; '.join(map(str, told.problems))}")
    return found, kinds


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("record", type=Path, nargs="*")
    options.add_argument("--count", type=int, default=5000)
    options.add_argument("--seed", type=int, default=20130203)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="records-") as scratch:
        records = given.record or rehearsed(Path(scratch))
        lost: list[str] = []
        kinds: Counter[str] = Counter()
        for number, folder in enumerate(records):
            count = given.count // len(records) + (number < given.count % len(records))
            found, some = missed(folder, count, given.seed + number)
            lost, kinds = [*lost, *found], kinds + some
    for each in lost:
        print(each)
    print(", ".join(f"{number} {kind}" for kind, number in kinds.most_common()))
    print(
        f"{datetime.now(UTC):%Y-%m-%d}: {kinds.total()} mutations of {len(records)} closed records, seed {given.seed}: "
        f"{len(lost)} not found or not named."
    )
    sys.exit(bool(lost))


def rehearsed(folder: Path) -> list[Path]:
    """Two closed records, with their executed notebooks."""
    os.environ.setdefault(STATE_VARIABLE, str(folder / "state"))
    done = rehearse(
        "split-2013",
        sections=("trusted_pool", "mailbox_policies"),
        mode=Mode.APPLY,
        records=folder / "records",
        states=(),
        watch=lambda title, record: contextlib.nullcontext(),
    )
    return [section.record for section in done.sections]


if __name__ == "__main__":
    main()
