"""appcmd.exe: the application pools and worker processes of IIS from the command line.

Documented: the verbs and objects, the line of ``list`` (IIS docs, "Getting Started with AppCmd.exe"), L67's success
message. Seen in public logs: an object that isn't there is ``Cannot find … with identifier`` with exit code 1168
(ERROR_NOT_FOUND), and a failure of Windows is ``ERROR ( hresult:…, message:Command execution failed.``. Which Win32
code a stopped pool gives is *assumed*: 1062, "The service has not been started"; 1061 is what a service says that
accepts no order now (public threads about W3SVC and WAS).
"""

from __future__ import annotations

from rehearsal.host import WindowsHost
from rehearsal.iis import AppPool, WebServer

APPCMD = r"c:\windows\system32\inetsrv\appcmd.exe"
_NOT_FOUND, _NOT_STARTED, _NOT_ACCEPTING, _BAD_ARGUMENT, _NOTHING_LISTED = 1168, 1062, 1061, 87, 1
_FLAG = "/apppool.name:"

Answer = tuple[list[str], int]


def install_appcmd(web: WebServer) -> None:
    """Put the program on the server of this IIS."""

    def run(host: WindowsHost, arguments: tuple[str, ...]) -> Answer:
        return _run(web, arguments)

    web.host.native[APPCMD] = run


def _run(web: WebServer, arguments: tuple[str, ...]) -> Answer:
    words = [argument.lower() for argument in arguments]
    match words[:2]:
        case ["list", "apppool" | "apppools"]:
            return _list(web, _named(arguments[2:]))
        case ["list", "wp" | "wps"]:
            return _list_workers(web, _named(arguments[2:]))
        case ["recycle" | "stop" | "start" as verb, "apppool"]:
            return _on_pool(web, verb, _named(arguments[2:]))
        case _:
            return ["Failed to process input: The parameter is incorrect.", "", "", "Usage: APPCMD /?"], _BAD_ARGUMENT


def _named(arguments: tuple[str, ...]) -> str | None:
    """The pool that ``NAME``, ``/apppool.name:NAME`` or ``/apppool.name:"NAME"`` means."""
    for argument in arguments:
        name = argument[len(_FLAG) :] if argument.lower().startswith(_FLAG) else argument
        if not name.startswith("/"):
            return name.strip('"')
    return None


def _list(web: WebServer, name: str | None) -> Answer:
    if name is None:
        return [_pool_line(pool) for pool in web.pools.values()], 0
    pool = web.pool(name)
    return ([_pool_line(pool)], 0) if pool else _missing(name)


def _list_workers(web: WebServer, name: str | None) -> Answer:
    found = [pool for pool in web.pools.values() if pool.worker and name in (None, pool.name, str(pool.worker))]
    return [f'WP "{pool.worker}" (applicationPool:{pool.name})' for pool in found], 0 if found else _NOTHING_LISTED


def _on_pool(web: WebServer, verb: str, name: str | None) -> Answer:
    if name is None:
        return ["ERROR ( message:Must specify the APPPOOL object with identifier or name. )"], _BAD_ARGUMENT
    pool = web.pool(name)
    if pool is None:
        return _missing(name)
    if web.jammed:
        return _not_accepted()
    match verb:
        case "recycle":
            done = web.recycle(pool.name)
            return ([f'"{pool.name}" successfully recycled'], 0) if done else _not_started()
        case "stop":
            done = web.stop(pool.name)
            return ([f'"{pool.name}" successfully stopped'], 0) if done else _not_started()
        case _:
            web.start(pool.name)
            return [f'"{pool.name}" successfully started.'], 0


def _missing(name: str) -> Answer:
    return [f'ERROR ( message:Cannot find APPPOOL object with identifier "{name}". )'], _NOT_FOUND


def _not_started() -> Answer:
    return [
        "ERROR ( hresult:80070426, message:Command execution failed.",
        "The service has not been started.",
        " )",
    ], _NOT_STARTED


def _not_accepted() -> Answer:
    return [
        "ERROR ( hresult:80070425, message:Command execution failed.",
        "The service cannot accept control messages at this time.",
        " )",
    ], _NOT_ACCEPTING


def _pool_line(pool: AppPool) -> str:
    return f'APPPOOL "{pool.name}" (MgdVersion:v4.0,MgdMode:Integrated,state:{pool.state})'
