"""``python -m rehearsal``: start the lab, say where it is in one line of JSON, and serve until stdin closes.

The line names the estate file, the control address with its token, and the credentials, whose passwords are random
for each start and are written nowhere else.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread
from types import FrameType

from rehearsal.control import ControlServer
from rehearsal.estate_file import write_estate
from rehearsal.faults import catalogue
from rehearsal.faults.scenario import build_scenario, read_scenario
from rehearsal.server import Lab
from rehearsal.topologies import DEFAULT, TOPOLOGIES, build_world
from rehearsal.world import World

_SLUG = "litware"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 when it was asked to end, 2 for a topology, state or scenario that can't be."""
    options = _parser().parse_args(arguments)
    if options.list_topologies or options.list_faults:
        print(json.dumps(_catalogue() if options.list_topologies else catalogue(), indent=2))
        return 0
    try:
        world = _world(options)
    except (ValueError, OSError) as fault:
        print("\n".join(f"rehearsal: {line}" for line in str(fault).splitlines()), file=sys.stderr)
        return 2
    end = Event()
    _end_on_signals(end)
    with ExitStack() as stack:
        serve(world, options.directory or _temporary(stack), stack)
        _end_with_stdin(end)
        while not end.wait(0.5):  # with a timeout, since Windows can't interrupt a wait without one
            pass
    return 0


def _world(options: argparse.Namespace) -> World:
    if options.scenario is None:
        return build_world(options.topology or DEFAULT, options.seed or 0, options.state)
    if options.topology is not None or options.seed is not None or options.state:
        raise ValueError("--scenario says topology and seed itself, and starts from no state; leave the others out")
    return build_scenario(read_scenario(options.scenario), options.scenario.name)


def serve(world: World, directory: Path, stack: ExitStack) -> None:
    """Start the listeners and the control address, to be stopped by ``stack``, and print the first line.

    ``directory`` gets the estate file and the CA's certificate; private keys and passwords stay in a directory of
    this process that goes with it.
    """
    passwords = {name: secrets.token_urlsafe(18) for name in world.accounts}
    token = secrets.token_urlsafe(32)
    accounts = {world.accounts[name]: password for name, password in passwords.items()}
    lab = Lab(world, accounts, _temporary(stack))
    lab.start()
    stack.callback(lab.stop)
    control = ControlServer(world, token)
    control.start()
    stack.callback(control.stop)
    estate = write_estate(world, lab.urls, lab.ca_pem, directory, _SLUG)
    line = {
        "topology": world.topology,
        "seed": world.seed,
        "estate": str(estate),
        "control": control.url,
        "token": token,
        "credentials": {
            name: {"username": world.accounts[name], "password": password} for name, password in passwords.items()
        },
    }
    print(json.dumps(line), flush=True)


def _temporary(stack: ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rehearsal-"))).resolve()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m rehearsal", description="A simulated Exchange and Lync organisation."
    )
    parser.add_argument("--topology", metavar="NAME", help=f"which organisation (default {DEFAULT})")
    parser.add_argument("--seed", type=int, metavar="N", help="one seed gives one world (default 0)")
    parser.add_argument("--state", action="append", default=[], metavar="NAME", help="a start state; may be repeated")
    parser.add_argument("--directory", type=Path, metavar="DIR", help="where to write the estate file")
    parser.add_argument("--scenario", type=Path, metavar="FILE", help="a topology and what is broken in it, as YAML")
    parser.add_argument("--list-faults", action="store_true", help="print the faults that a scenario can have as JSON")
    parser.add_argument("--list-topologies", action="store_true", help="print topologies and their states as JSON")
    return parser


def _catalogue() -> dict[str, object]:
    return {
        name: {"description": topology.description, "states": dict(topology.states)}
        for name, topology in TOPOLOGIES.items()
    }


def _end_on_signals(end: Event) -> None:
    def handle(number: int, frame: FrameType | None) -> None:
        end.set()

    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if number := getattr(signal, name, None):
            signal.signal(number, handle)


def _end_with_stdin(end: Event) -> None:
    """End when whoever started the lab closes the pipe, or is gone."""

    def watch() -> None:
        try:
            # Not through sys.stdin: its lock, held by a waiting thread, aborts the interpreter at its end.
            while os.read(0, 4096):
                pass
        except OSError:
            pass
        finally:
            end.set()

    Thread(target=watch, name="stdin", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
