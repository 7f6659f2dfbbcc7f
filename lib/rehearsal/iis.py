"""Application pools and their worker processes on a simulated server, and appcmd.exe.

A pool has one worker from its first request on; the world starts with one. Recycling replaces it; so, here, does a
changed web.config: the ASP.NET application restarts by itself (documented: "Configuration changes cause a restart of
the application domain"), and to whoever looks from outside, what counts is that settings and the instant messaging
provider are loaded anew. That the process is replaced as well is *assumed*, to keep one rule for both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rehearsal.host import Process, WindowsHost

OWA_POOL = "MSExchangeOWAAppPool"
APPCMD = r"c:\windows\system32\inetsrv\appcmd.exe"
_POOLS = (OWA_POOL, "MSExchangeECPAppPool", "MSExchangePowerShellAppPool")
_NOT_FOUND, _NOT_RUNNING, _BAD_ARGUMENT = 1168, 1062, 87


@dataclass(slots=True)
class AppPool:
    """``worker`` is the process id, or 0 while there is none."""

    name: str
    worker: int = 0
    started: bool = True


@dataclass(slots=True)
class WebServer:
    """IIS on one host. ``on_worker(pool, process_id)`` hears of every new worker."""

    host: WindowsHost
    on_worker: Callable[[str, int], None]
    pools: dict[str, AppPool] = field(default_factory=dict)
    _next_id: int = 4100

    def install(self) -> None:
        """Put IIS with Exchange's pools on the host, each with its worker."""
        self.host.native[APPCMD] = self._appcmd
        for name in _POOLS:
            self.pools[name.lower()] = AppPool(name)
            self._start_worker(self.pools[name.lower()])

    def pool(self, name: str) -> AppPool | None:
        return self.pools.get(name.lower())

    def recycle(self, name: str) -> bool:
        """Replace the worker of a pool that runs; False where it doesn't."""
        pool = self.pools[name.lower()]
        if not pool.started:
            return False
        self._stop_worker(pool)
        self._start_worker(pool)
        return True

    def stop(self, name: str) -> None:
        """Stop a pool: its worker ends, and requests are answered with HTTP 503."""
        pool = self.pools[name.lower()]
        self._stop_worker(pool)
        pool.started = False

    def start(self, name: str) -> None:
        pool = self.pools[name.lower()]
        if not pool.started:
            pool.started = True
            self._start_worker(pool)

    def _start_worker(self, pool: AppPool) -> None:
        self._next_id += 4
        pool.worker = self._next_id
        command = (
            rf'c:\windows\system32\inetsrv\w3wp.exe -ap "{pool.name}" -v "v4.0" -l "webengine4.dll" '
            rf"-a \\.\pipe\iisipm{pool.worker:08x} -h "
            rf'"C:\inetpub\temp\apppools\{pool.name}\{pool.name}.config" -w "" -m 0 -t 20'
        )
        self.host.processes.append(Process(pool.worker, "w3wp.exe", command, self.host.clock()))
        self.on_worker(pool.name, pool.worker)

    def _stop_worker(self, pool: AppPool) -> None:
        self.host.processes[:] = [one for one in self.host.processes if one.process_id != pool.worker]
        pool.worker = 0

    def _appcmd(self, host: WindowsHost, arguments: tuple[str, ...]) -> tuple[list[str], int]:
        """Documented commands; the success message is L67's, the words of the errors and the codes are *assumed*."""
        words = [argument.lower() for argument in arguments]
        match words[:2]:
            case ["list", "apppool" | "apppools"]:
                return [_pool_line(pool) for pool in self.pools.values()], 0
            case ["list", "wp" | "wps"]:
                running = [pool for pool in self.pools.values() if pool.worker]
                return [f'WP "{pool.worker}" (applicationPool:{pool.name})' for pool in running], 0
            case ["recycle" | "stop" | "start" as verb, "apppool"]:
                return self._on_pool(verb, _named(arguments[2:]))
            case _:
                return ["ERROR ( message:The object or the command is not known. Run 'appcmd.exe /?'. )"], _BAD_ARGUMENT

    def _on_pool(self, verb: str, name: str | None) -> tuple[list[str], int]:
        pool = self.pool(name or "")
        if name is None:
            return [
                "ERROR ( message:Must specify the APPPOOL object with identifier or /apppool.name. )"
            ], _BAD_ARGUMENT
        if pool is None:
            return [f'ERROR ( message:Cannot find APPPOOL object with identifier "{name}". )'], _NOT_FOUND
        if verb == "recycle":
            if not self.recycle(pool.name):
                return [f'ERROR ( message:The application pool "{pool.name}" is not running. )'], _NOT_RUNNING
            return [f'"{pool.name}" successfully recycled'], 0
        if verb == "stop":
            self.stop(pool.name)
            return [f'"{pool.name}" successfully stopped'], 0
        self.start(pool.name)
        return [f'"{pool.name}" successfully started.'], 0


def _named(arguments: tuple[str, ...]) -> str | None:
    """The pool that ``NAME``, ``/apppool.name:NAME`` or ``/apppool.name:"NAME"`` means."""
    for argument in arguments:
        name = argument.partition(":")[2] if argument.lower().startswith("/apppool.name:") else argument
        if not name.startswith("/"):
            return name.strip('"')
    return None


def _pool_line(pool: AppPool) -> str:
    state = "Started" if pool.started else "Stopped"
    return f'APPPOOL "{pool.name}" (MgdVersion:v4.0,MgdMode:Integrated,state:{state})'
