"""Field types of parameters and estate files: from text to a value, or to words on what is wrong with it.

Each type is an annotated ``str``, ``int`` or ``bool`` whose validator raises :func:`runbook.inputs.validation.wrong`.
Values come as text (from a file of ours) or as Python values (from a notebook's parameters cell, which papermill
may have filled from YAML: a number where text belongs has lost its spelling and is refused).
"""

from __future__ import annotations

import ipaddress
import re
from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator

from runbook.inputs.characters import invisible, named
from runbook.inputs.validation import kind, wrong

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z", re.IGNORECASE)
_THUMBPRINT = re.compile(r"[0-9A-F]{40}\Z", re.IGNORECASE)
_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,8})\Z")
_FOLDER = re.compile(r"[A-Za-z]:\\([^\x00-\x1f\"*?<>|/:\[\]]+)\Z")
_CREDENTIAL = re.compile(r"cred:[A-Za-z][A-Za-z0-9-]*\Z")
_WORDS = {"true": True, "yes": True, "false": False, "no": False}


def text(value: object) -> str:
    """Any text; a number or Boolean is refused, since its spelling is lost."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        raise wrong(f"YAML took this text for {kind(value)}.", "Put it in quotes, so that every character is kept.")
    raise wrong(f"Text is expected here, not {kind(value)}.", "Write one value.")


def line(value: object) -> str:
    """Text of one line that shows all it holds: no invisible character, no space at either end."""
    found = text(value)
    _only_visible(found, "")
    if found != found.strip():
        raise wrong("It begins or ends with a space.", f"Write `{found.strip()}`.")
    return found


def name(value: object) -> str:
    """A :func:`line` that isn't empty: an empty identity makes Exchange return every object (``real-world`` B4)."""
    found = line(value)
    if not found:
        raise wrong("It is empty.", "Write a name, or leave the item out.")
    return found


def fqdn(value: object) -> str:
    """A fully qualified host name in ASCII, lower-cased, since DNS ignores case."""
    found = text(value)
    if not found:
        raise wrong("It has no value.", "Write a fully qualified host name, such as owa.example.com.")
    _only_visible(found, " ", remedy="Type the name by hand.")
    if "://" in found or "/" in found:
        raise wrong("This is a URL or a path, not a host name.", "Write the host name alone.")
    if _is_address(found):
        raise wrong("This is an IP address.", "Write the host name: certificates and the topology know names.")
    if ":" in found or "@" in found:
        raise wrong("This is more than a host name.", "Write the host name alone, without port, `sip:` or user.")
    if found.endswith("."):
        raise wrong("It ends with a dot, which certificates and the topology don't.", f"Write {found.rstrip('.')}.")
    if "*" in found:
        raise wrong("A wildcard names no computer; Lync compares whole names.", "Write the one name that is meant.")
    _only_ascii(found)
    if "_" in found:
        raise wrong("An underscore isn't allowed in a host name.", "Check the name in DNS.")
    labels = found.split(".")
    if len(labels) == 1:
        raise wrong("This is a short name.", "Write the fully qualified name, such as owa.example.com.")
    if len(found) > 253 or any(len(label) > 63 for label in labels):
        raise wrong("The name is too long: 253 characters in all, 63 between two dots.", "Check the name in DNS.")
    for label in labels:
        if not _LABEL.match(label):
            problem = f"The part `{label}` isn't one of a host name." if label else "Two dots follow each other."
            raise wrong(problem, "Use letters, digits and hyphens, a hyphen neither first nor last.")
    return found.lower()


def site_id(value: object) -> str:
    """A Lync site's id as New-CsTrustedApplicationPool takes it: not its display name, not ``site:…`` (L32-L34)."""
    found = name(value)
    if found.lower().startswith("site:"):
        remedy = f"Write `{found[5:]}`: -Site takes the id without the prefix that Get-CsSite shows in Identity (L32)."
        raise wrong("This is the site's Identity, with the prefix `site:`.", remedy)
    if bad := re.search(r"[*?\"'`|;<>$]", found):
        remedy = (
            "Read it with `Get-CsSite | Select-Object DisplayName, SiteID`; it may differ from DisplayName (L33, L34)."
        )
        raise wrong(f"`{bad[0]}` doesn't stand in a SiteID.", remedy)
    return found


def application_id(value: object) -> str:
    """Letters and digits of ASCII only (L38, L39)."""
    found = text(value)
    if not found:
        raise wrong("It has no value.", "Write letters and digits, such as OutlookWebApp (L39).")
    if found.lower().startswith("urn:application:"):
        remedy = f"Write `{found[16:]}`: Lync puts the prefix before it by itself."
        raise wrong("This is the stored form, with the prefix `urn:application:`.", remedy)
    _only_visible(found, " ", remedy="Use letters and digits only (L39).")
    if bad := re.search(r"[^A-Za-z0-9]", found):
        problem = f"Character {bad.start() + 1}, `{bad[0]}`, is neither a letter from A to Z nor a digit."
        raise wrong(problem, "Use letters and digits only (L39).")
    return found


def whole_number(value: object) -> int:
    """A decimal number, not negative; hexadecimal, octal, signs and grouping are refused as ambiguous."""
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 0:
            raise wrong("It is negative.", "Write a number of 0 or more.")
        return value
    if not isinstance(value, str):
        raise wrong(f"A whole number is expected here, not {kind(value)}.", "Write decimal digits.")
    if not value:
        raise wrong("It has no value.", "Write a whole number, or remove the key to have its default.")
    if not _DECIMAL.match(value):
        raise wrong("This isn't a whole decimal number.", "Write digits from 0 to 9 only, without a leading zero.")
    return int(value)


def port(value: object) -> int:
    """A TCP port, 1 to 65535 (L40)."""
    found = whole_number(value)
    if not 1 <= found <= 65535:
        raise wrong("There is no such port.", "Write a number from 1 to 65535 (L40).")
    return found


def switch(value: object) -> bool:
    """``true``, ``yes``, ``false`` or ``no``, in any case; nothing else is guessed at."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _WORDS:
        return _WORDS[value.lower()]
    raise wrong("This is neither yes nor no.", "Write true or false (yes and no will do).")


def thumbprint(value: object) -> str:
    """SHA-1 of a certificate, 40 hex digits, in upper case (L56, L58)."""
    found = text(value)
    _only_visible(found, " ", remedy=_clean_remedy(found))
    if ":" in found:
        raise wrong("The bytes are parted by colons.", _clean_remedy(found))
    if not found:
        raise wrong("It has no value.", "Write the 40 hex digits of the certificate's thumbprint.")
    if bad := re.search(r"[^0-9A-F]", found, re.IGNORECASE):
        problem = f"Character {bad.start() + 1}, `{bad[0]}` ({named(bad[0])}), isn't a hex digit."
        raise wrong(problem, "Copy the thumbprint again; Get-ExchangeCertificate shows it (L59).")
    if len(found) != 40:
        hint = " A SHA-256 hash has 64; Windows' thumbprint is SHA-1." if len(found) == 64 else ""
        raise wrong(f"A thumbprint has 40 hex digits; these are {len(found)}.{hint}", "Copy it whole.")
    return found.upper()


def thumbprint_or_none(value: object) -> str:
    """A :func:`thumbprint`, or ``""`` where none is given."""
    return "" if value == "" else thumbprint(value)


def credential_reference(value: object) -> str:
    """``cred:NAME``. The value is never repeated in a message: it may be the secret itself."""
    if isinstance(value, str) and _CREDENTIAL.match(value):
        return value
    problem = "This isn't a reference to a credential; its value isn't shown here."
    raise wrong(problem, "Write cred:NAME, with letters, digits and hyphens, and keep the secret out of files.")


def server_and_pool(value: object) -> str:
    """``SERVER=POOL``: which Lync pool OWA on a server is given (L60), both as :func:`fqdn`."""
    server, sign, pool = text(value).partition("=")
    if not sign:
        raise wrong("This doesn't say which pool is whose.", "Write SERVER=POOL, both fully qualified.")
    return f"{fqdn(server)}={fqdn(pool)}"


def instant_or_none(value: object) -> str:
    """A moment in ISO 8601 with its offset from UTC, such as ``2014-07-23T22:00+02:00``, or ``""``."""
    found = line(value)
    if not found:
        return found
    try:
        moment = datetime.fromisoformat(found)
    except ValueError:
        raise wrong("This isn't a date and time.", "Write it as 2014-07-23T22:00+02:00.") from None
    if moment.tzinfo is None:
        problem = "It doesn't say of which time zone: the servers and you may be in different ones."
        raise wrong(problem, f"Write the offset from UTC too: {found}+00:00, or Z for UTC.")
    return found


def folder_or_none(value: object) -> str:
    """An absolute Windows path, without the backslash at its end, or ``""``."""
    found = line(value)
    if found and not _FOLDER.match(found):
        raise wrong("This isn't the full path of a folder on the server.", r"Write it as D:\Exchange Server\V15.")
    return found.rstrip("\\")


def distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    """The items, none of them twice (in any case)."""
    seen: set[str] = set()
    for value in values:
        if value.lower() in seen:
            raise wrong(f"`{value}` stands in the list twice.", "Keep one of them.")
        seen.add(value.lower())
    return values


def _is_address(found: str) -> bool:
    try:
        ipaddress.ip_address(found.strip("[]"))
    except ValueError:
        return bool(re.fullmatch(r"[0-9]+(\.[0-9]+)+", found))
    return True


def _only_ascii(found: str) -> None:
    for position, character in enumerate(found, 1):
        if not character.isascii():
            try:
                remedy = f"Type the name by hand, or write its ASCII form {found.encode('idna').decode()}."
            except UnicodeError:
                remedy = "Type the name by hand, in ASCII."
            raise wrong(f"Character {position} is {named(character)}: a host name is written in ASCII.", remedy)


def _only_visible(found: str, also: str, remedy: str = "Type it by hand instead of pasting it.") -> None:
    bad = [(at, character) for at, character in enumerate(found, 1) if character in also] if also else []
    bad = sorted([*bad, *invisible(found)])
    if bad:
        listed = ", ".join(f"{named(character)} at position {position}" for position, character in bad[:5])
        more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
        raise wrong(f"It holds characters that don't show: {listed}{more}.", remedy)


def _clean_remedy(found: str) -> str:
    clean = re.sub(r"[^0-9A-Fa-f]", "", found).upper()
    return f"Write {clean}." if _THUMBPRINT.match(clean) else "Copy the 40 hex digits again."


Text = Annotated[str, BeforeValidator(text)]
Line = Annotated[str, BeforeValidator(line)]
Name = Annotated[str, BeforeValidator(name)]
Fqdn = Annotated[str, BeforeValidator(fqdn)]
SiteId = Annotated[str, BeforeValidator(site_id)]
ApplicationId = Annotated[str, BeforeValidator(application_id)]
Port = Annotated[int, BeforeValidator(port)]
WholeNumber = Annotated[int, BeforeValidator(whole_number)]
Flag = Annotated[bool, BeforeValidator(switch)]
Thumbprint = Annotated[str, BeforeValidator(thumbprint)]
OptionalThumbprint = Annotated[str, BeforeValidator(thumbprint_or_none)]
ServerAndPool = Annotated[str, BeforeValidator(server_and_pool)]
OptionalInstant = Annotated[str, BeforeValidator(instant_or_none)]
OptionalFolder = Annotated[str, BeforeValidator(folder_or_none)]
CredentialReference = Annotated[str, BeforeValidator(credential_reference)]
