"""How Outlook Web App of a server is told the Lync pool and the certificate, by its edition."""

from __future__ import annotations

from dataclasses import replace

from rehearsal.exchange_org import ExchangeServer
from rehearsal.exchange_owa import FRONT_END_SITE
from rehearsal.host import WindowsHost
from rehearsal.iis import OWA_POOL
from rehearsal.owa_editions import OWA_2013, OWA_2016
from rehearsal.setting_overrides import IM_SECTION, IM_SERVER_NAME, IM_THUMBPRINT, OWA_COMPONENT, SettingOverride
from rehearsal.topologies.litware import POOL
from rehearsal.world import World

LINE_END = "\r\n"
_SECTION_END = b"</appSettings>"


def host(world: World, server: str) -> WindowsHost:
    """The computer of a server that is in the world."""
    machine = world.machine(server)
    if machine is None:
        raise LookupError(server)
    return machine.host


def exchange_server(world: World, server: str) -> ExchangeServer:
    """The Exchange server of this FQDN, which is in the organisation."""
    found = world.exchange.find_server(server)
    if found is None:
        raise LookupError(server)
    return found


def restart(world: World, server: str) -> None:
    """The worker of Outlook Web App is replaced and reads everything anew."""
    world.owa[server].web.restart(OWA_POOL)


def tell(world: World, server: str, thumbprint: str, pool: str = POOL) -> None:
    """Name pool and certificate where the edition reads them, and let the worker read them."""
    edition = world.owa[server].edition
    if edition is OWA_2013:
        write_keys(world, server, thumbprint, pool)
    elif edition is OWA_2016:
        put_override(world, server, (f"{IM_SERVER_NAME}={pool}", f"{IM_THUMBPRINT}={thumbprint}"))
        read_overrides(world, server)
    else:
        set_directory(world, server, InstantMessagingServerName=pool, InstantMessagingCertificateThumbprint=thumbprint)
        restart(world, server)


def write_keys(world: World, server: str, thumbprint: str, pool: str = POOL, *, more: str = "") -> None:
    """The two keys, and ``more`` lines, at the end of web.config's appSettings; an empty value leaves its key out."""
    keys = _line("IMCertificateThumbprint", thumbprint) + _line("IMServerName", pool) + more
    content = plain_config(world, server).replace(_SECTION_END, keys.encode() + _SECTION_END, 1)
    host(world, server).files.write(world.owa[server].edition.web_config, content)


def write_keys_to_proxy(world: World, server: str, thumbprint: str) -> None:
    """The two keys in the other file of the name, on a front end."""
    files = host(world, server).files
    path = OWA_2013.front_end_web_config
    keys = _line("IMCertificateThumbprint", thumbprint) + _line("IMServerName", POOL)
    files.write(path, (files.find(path).content or b"").replace(_SECTION_END, keys.encode() + _SECTION_END, 1))


def plain_config(world: World, server: str) -> bytes:
    """OWA's web.config without the keys, as set-up or an update leaves it."""
    content = host(world, server).files.find(world.owa[server].edition.web_config).content or b""
    return b"".join(line for line in content.splitlines(keepends=True) if b'key="IM' not in line)


def second_pool() -> str:
    """A second entry for the pool; of two entries the last one counts."""
    return _line("IMServerName", POOL)


def _line(key: str, value: str) -> str:
    return f'<add key="{key}" value="{value}" />{LINE_END}' if value else ""


def override_name(world: World, server: str) -> str:
    """What the override of a server is called in these organisations."""
    return f"InstantMessaging {exchange_server(world, server).name}"


def put_override(world: World, server: str, parameters: tuple[str, ...], *, scope: tuple[str, ...] = ()) -> None:
    """The override of one server, made or changed; ``scope`` is that server where nothing is said."""
    now, found = world.clock.now(), exchange_server(world, server)
    name = override_name(world, server)
    before = world.exchange.overrides.overrides.get(name.lower())
    world.put_override(
        SettingOverride(
            name=name,
            component=OWA_COMPONENT,
            section=IM_SECTION,
            parameters=parameters,
            reason="Instant messaging in Outlook Web App",
            modified_by=world.accounts["exchange-admin"],
            servers=scope or (found.name,),
            created=before.created if before else now,
            changed=now,
        )
    )


def read_overrides(world: World, server: str) -> None:
    """The server reads all overrides, and Outlook Web App's worker what the server has read."""
    world.refresh_overrides(exchange_server(world, server))
    restart(world, server)


def set_directory(world: World, server: str, **settings: object) -> None:
    """Settings of the front-end virtual directory of a server."""
    side = world.exchange.owa
    key = f"{exchange_server(world, server).name}\\owa ({FRONT_END_SITE})".lower()
    side.directories[key] = replace(side.directories[key], settings={**side.directories[key].settings, **settings})
