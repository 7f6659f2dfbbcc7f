"""Characters that a reader can't see, or can't tell from others, and names for them.

A thumbprint copied from the certificate console begins with U+200E; a name pasted from a mail carries
U+00A0 or U+200B. Such text looks right and is wrong (``real-world`` B3, event 103), so it is named, by code
point and position, wherever it comes in, and never written into PowerShell text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import chain

_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
_BLANK = frozenset(
    chain(
        (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0),
        range(0xFE00, 0xFE10),
        range(0xE0100, 0xE01F0),
    )
)
"""Letters and marks that show nothing: fillers, joiners, variation selectors (Unicode's
Default_Ignorable_Code_Point, as far as its categories don't say so)."""

_CONTROL_NAMES = {
    0x00: "NULL",
    0x09: "TAB",
    0x0A: "LINE FEED",
    0x0D: "CARRIAGE RETURN",
    0x7F: "DELETE",
    0x85: "NEXT LINE",
}


def is_invisible(character: str) -> bool:
    """A control, format or surrogate character, a space other than U+0020, or one that shows nothing."""
    if character == " ":
        return False
    return unicodedata.category(character) in _CATEGORIES or ord(character) in _BLANK


def invisible(text: str) -> Iterator[tuple[int, str]]:
    """Position (from 1) and character of everything invisible in ``text``."""
    return ((position, character) for position, character in enumerate(text, 1) if is_invisible(character))


def named(character: str) -> str:
    """``U+200E LEFT-TO-RIGHT MARK``."""
    code = ord(character)
    return f"U+{code:04X} {unicodedata.name(character, '') or _CONTROL_NAMES.get(code, '')}".rstrip()


def visible(text: str) -> str:
    """``text`` with every invisible character written as ``<U+200E>``, fit for a terminal or a message."""
    return "".join(f"<U+{ord(character):04X}>" if is_invisible(character) else character for character in text)
