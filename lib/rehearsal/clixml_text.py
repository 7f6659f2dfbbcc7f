"""How CLIXML spells strings, numbers, dates and time spans (MS-PSRP 2.2.5.1): XmlConvert's forms, both ways."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

# PowerShell writes C0, C1 and surrogates as _xHHHH_, and so an underscore before an x as well.
_ESCAPED = re.compile("_(?=[xX])|[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\U00010000-\U0010ffff]")
_UNESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")

_DATE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(Z|[+-]\d\d:\d\d)?")
_SPAN = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,7}))?S)?)?")


class ClixmlError(ValueError):
    """Content that isn't CLIXML, or a value that can't be written as CLIXML."""


def escape_text(text: str) -> str:
    """A .NET string as CLIXML carries it, before XML's own escaping."""
    return _ESCAPED.sub(lambda match: "".join(f"_x{unit:04X}_" for unit in _utf16(match.group())), text)


def unescape_text(text: str) -> str:
    """The .NET string that CLIXML text stands for; surrogate pairs become one character."""
    if "_x" not in text:
        return text
    plain = _UNESCAPED.sub(lambda match: chr(int(match.group(1), 16)), text)
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _utf16(text: str) -> list[int]:
    data = text.encode("utf-16-le", "surrogatepass")
    return [data[index] | data[index + 1] << 8 for index in range(0, len(data), 2)]


def write_double(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    return repr(value).removesuffix(".0").upper()


def write_date(value: datetime) -> str:
    fraction = f".{value.microsecond:06d}".rstrip("0") if value.microsecond else ""
    offset = value.utcoffset()
    if offset is None:
        zone = ""
    elif not offset:
        zone = "Z"
    else:
        zone = value.strftime("%z")
        zone = f"{zone[:3]}:{zone[3:5]}"
    return f"{value.replace(tzinfo=None, microsecond=0).isoformat()}{fraction}{zone}"


def write_span(value: timedelta) -> str:
    sign, value = ("-", -value) if value < timedelta() else ("", value)
    hours, rest = divmod(value.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    fraction = f".{value.microseconds:06d}".rstrip("0") if value.microseconds else ""
    days = f"{value.days}D" if value.days else ""
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if seconds or fraction or not (days or clock):
        clock += f"{seconds}{fraction}S"
    return f"{sign}P{days}{'T' + clock if clock else ''}"


def read_date(text: str) -> datetime:
    match = _DATE.fullmatch(text)
    if match is None:
        raise ClixmlError(f"{text!r} is no DateTime")
    moment, fraction, zone = match.groups()
    value = datetime.fromisoformat(f"{moment}{'+00:00' if zone == 'Z' else zone or ''}")
    value = value.replace(microsecond=int((fraction or "").ljust(6, "0")[:6]))
    return value.astimezone(UTC) if zone else value


def read_span(text: str) -> timedelta:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ClixmlError(f"{text!r} is no TimeSpan")
    sign, days, hours, minutes, seconds, fraction = match.groups()
    value = timedelta(
        days=int(days or 0),
        hours=int(hours or 0),
        minutes=int(minutes or 0),
        seconds=int(seconds or 0),
        microseconds=int((fraction or "").ljust(6, "0")[:6]),
    )
    return -value if sign else value


def read_double(text: str) -> float:
    return float(text.replace("INF", "inf") if "INF" in text else text)
