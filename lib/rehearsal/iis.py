"""Application pools of IIS and their worker processes on a simulated server.

A pool has one worker from its first request on; the world starts with one, and Exchange's own probes see to it that a
new one follows at once. Recycling replaces it; so, here, does a saved web.config. Documented (ms228058, "Managing
Changes to Configuration Settings") is that the *application* restarts by itself; that it gets a new process for that
is *assumed*, to keep one rule for both: to whoever looks from outside, settings and provider are loaded anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rehearsal.host import Process, WindowsHost

OWA_POOL = "MSExchangeOWAAppPool"
"""One pool on a server, whether front end, back end or both: a multi-role server's two /owa share it (B3)."""
_POOLS = (OWA_POOL, "MSExchangeECPAppPool", "MSExchangePowerShellAppPool")


@dataclass(slots=True)
class AppPool:
    """``worker`` is the process id, or 0 while there is none."""

    name: str
    worker: int = 0
    started: bool = True

    @property
    def state(self) -> str:
        return "Started" if self.started else "Stopped"


@dataclass(slots=True)
class WebServer:
    """IIS on one host. ``on_worker(pool, process_id)`` hears of every new worker."""

    host: WindowsHost
    on_worker: Callable[[str, int], None]
    pools: dict[str, AppPool] = field(default_factory=dict)
    jammed: bool = False
    """The service that starts workers accepts no order: nothing is recycled, started or stopped by anybody."""
    _next_id: int = 4100

    def install(self) -> None:
        """Put IIS with Exchange's pools on the host, each with its worker, and the tools to manage it."""
        self.host.web = self
        self.host.features |= {"WebAdministration"}
        for name in _POOLS:
            self.pools[name.lower()] = AppPool(name)
            self._start_worker(self.pools[name.lower()])

    def pool(self, name: str) -> AppPool | None:
        return self.pools.get(name.lower())

    def recycle(self, name: str) -> bool:
        """Somebody has the worker of a pool replaced; False, and nothing happens, where the pool is stopped."""
        pool = self.pools[name.lower()]
        before = pool.worker
        if not self.restart(name):
            return False
        self.host.report(f"application pool {pool.name}", "Worker", before, pool.worker)
        return True

    def restart(self, name: str) -> bool:
        """The worker of a pool is replaced by itself, as an effect of something else; False where it is stopped."""
        pool = self.pools[name.lower()]
        if not pool.started:
            return False
        self._stop_worker(pool)
        self._start_worker(pool)
        return True

    def stop(self, name: str) -> bool:
        """Stop a pool: its worker ends, and requests are answered with HTTP 503. False where it is stopped already."""
        return self._turn(self.pools[name.lower()], on=False)

    def start(self, name: str) -> bool:
        """Start a pool; False where it runs already."""
        return self._turn(self.pools[name.lower()], on=True)

    def _turn(self, pool: AppPool, *, on: bool) -> bool:
        if pool.started is on:
            return False
        before, pool.started = pool.state, on
        if on:
            self._start_worker(pool)
        else:
            self._stop_worker(pool)
        self.host.report(f"application pool {pool.name}", "State", before, pool.state)
        return True

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
        """The process ends, and what it listened on is free again."""
        ended, pool.worker = pool.worker, 0
        self.host.processes[:] = [one for one in self.host.processes if one.process_id != ended]
        self.host.listeners[:] = [one for one in self.host.listeners if one.process_id != ended]
