"""What an ASP.NET application sees of its web.config, as far as instant messaging in Outlook Web App needs it.

Documented: element names are case-sensitive (ackhksh7, "Editing ASP.NET Configuration Files"), settings apply to the
folder of the file, and a ``location`` with a path is about something below it. Of two entries with one key, compared
without case, the last one counts; ``remove`` and ``clear`` take away what stands before them
(``KeyValueConfigurationCollection``). What the configuration system refuses makes every request fail with HTTP 500.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

SERVER_NAME, THUMBPRINT, PORT = "IMServerName", "IMCertificateThumbprint", "IMPortNumber"
SECTION = "appSettings"
ASSEMBLY = "Microsoft.Exchange.InstantMessaging"
_CONFIGURATION = ("configuration", "{http://schemas.microsoft.com/.NetConfiguration/v2.0}configuration")
_BINDING = "{urn:schemas-microsoft-com:asm.v1}"


@dataclass(frozen=True, slots=True)
class Settings:
    """The values as an application started with this file has them; ``None`` where a key isn't there.

    ``redirected``: the provider, built for version 14 of an assembly, is let load with version 15 of it (B6).
    """

    server_name: str | None = None
    thumbprint: str | None = None
    port: int | None = None
    redirected: bool = True


class _RefusedError(Exception):
    """The configuration system can't take the file."""


def read(content: bytes) -> Settings | None:
    """What an application that starts with this file sees; ``None`` where the file isn't taken as configuration."""
    try:
        root = ElementTree.fromstring(content)
        values = _app_settings(root)
    except (ElementTree.ParseError, _RefusedError):
        return None
    port = values.get(PORT.lower(), "")
    return Settings(
        server_name=values.get(SERVER_NAME.lower()),
        thumbprint=values.get(THUMBPRINT.lower()),
        port=int(port) if port.isdecimal() else None,
        redirected=_redirected(root),
    )


def _app_settings(root: Element) -> dict[str, str]:
    if root.tag not in _CONFIGURATION:
        raise _RefusedError
    namespace = root.tag.removesuffix("configuration")
    own, general = list(_sections(root, namespace)), []
    for location in root.iterfind(f"{namespace}location"):
        if location.get("path", "") in ("", "."):
            general += list(_sections(location, namespace))
    if len(own) > 1:
        raise _RefusedError  # "Sections must only appear once per config file"
    values: dict[str, str] = {}
    for section in (*general, *own):
        _apply(section, namespace, values)
    return values


def _sections(parent: Element, namespace: str) -> Iterator[Element]:
    for child in parent:
        name = child.tag.removeprefix(namespace)
        if name != SECTION and name.lower() == SECTION.lower():
            raise _RefusedError  # "Unrecognized configuration section"
        if name == SECTION:
            yield child


def _apply(section: Element, namespace: str, values: dict[str, str]) -> None:
    if (section.text or "").strip() or any((child.tail or "").strip() for child in section):
        raise _RefusedError
    for child in section:
        key = child.get("key")
        match child.tag.removeprefix(namespace):
            case "add" if key is not None and set(child.keys()) <= {"key", "value"}:
                values[key.lower()] = child.get("value", "")
            case "remove" if key is not None:
                values.pop(key.lower(), None)
            case "clear":
                values.clear()
            case _:
                raise _RefusedError


def _redirected(root: Element) -> bool:
    for dependent in root.iter(f"{_BINDING}dependentAssembly"):
        identity = dependent.find(f"{_BINDING}assemblyIdentity")
        if identity is not None and identity.get("name") == ASSEMBLY:
            redirects = dependent.iterfind(f"{_BINDING}bindingRedirect")
            return any(one.get("newVersion", "").startswith("15.") for one in redirects)
    return False
