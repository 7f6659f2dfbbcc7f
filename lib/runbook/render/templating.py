"""Templates whose every value is escaped and shown with nothing hidden (invariant 8)."""

from __future__ import annotations

import unicodedata

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


def visible(text: str) -> str:
    """Text with its control, bidirectional and other invisible characters spelled out (``\\u202e``).

    A server's text could otherwise rewrite the terminal or reverse what is read (invariant 8).
    """
    return "".join(
        char if char in "\n " or unicodedata.category(char)[0] not in "CZ" else char.encode("unicode_escape").decode()
        for char in text
    )


def environment(package: str) -> Environment:
    """The templates of a package, in its folder ``templates``."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value,
    )
