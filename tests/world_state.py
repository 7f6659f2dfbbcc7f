"""What of the lab's world a run may change and undo has to give back: all of it but clocks, logs and processes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rehearsal.world import World

_VOLATILE = {"created", "changed", "modified_by", "reason", "when_changed"}


def state(world: World) -> dict[str, Any]:
    """Every file with bytes, rights, attributes and time, and every object with its values.

    Left out are the times at which the directory saw a change, event logs, worker processes with the ports that they
    listen on, and what a server will have received later.
    """
    found = world.snapshot()
    found.pop("time")
    found.pop("replicas")
    for name, server in found["servers"].items():
        server.pop("events")
        server["application_pools"] = {pool: each["state"] for pool, each in server["application_pools"].items()}
        host = world.machines[name.lower()].host
        workers = {pool.worker for pool in host.web.pools.values()} if host.web else set()
        server["listeners"] = [one.port for one in host.listeners if one.process_id not in workers]
        server["files"] = {str(file.path): _file(file) for file in host.files}
    for override in found["exchange"]["setting_overrides"]:
        for name in _VOLATILE & override.keys():
            del override[name]
    found["exchange"]["setting_overrides"].sort(key=lambda override: override["name"])
    found["exchange"]["overrides_read"] = {k: sorted(v) for k, v in found["exchange"]["overrides_read"].items()}
    for settings in found["exchange"]["virtual_directories"].values():
        settings.update({name: None for name, value in settings.items() if value == ""})
    found["users"] = {person.upn: person.external_access for person in world.exchange.people}
    found["tracing"] = sorted(f"{one.scenario.identity} {one.computer}" for one in world.logging.started.values())
    found["lync"]["known_servers"].sort(key=repr)
    return found


def without_times(found: dict[str, Any]) -> dict[str, Any]:
    """The state but for when files were written: two runs that do the same do it at other times."""
    for server in found["servers"].values():
        for file in server["files"].values():
            file.pop("written", None)
    return found


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two states differ, each with both values."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = dict.fromkeys((*one, *other))
        return [line for key in keys for line in differences(one.get(key), other.get(key), f"{path}/{key}")]
    return [] if one == other else [f"{path}: {one!r} → {other!r}"]


def _file(file: Any) -> dict[str, Any]:
    found = asdict(file)
    return {name: found[name] for name in ("content", "written", "attributes", "sddl")} if file.content else {}
