"""Pseudonyms for people: what a record holds in place of their names and addresses.

The one place where people are taken out of what a run writes or shows: :class:`runbook.ledger.Ledger` puts every event
through it and the notebook every value that it renders, and all files of a record are made from the ledger. A pseudonym
is an HMAC under a key that stays in the user's state directory: the same person is the same in all records of one
operator, and nobody can go from the pseudonym to the name by trying names without that key.

Known as personal are e-mail and SIP addresses anywhere (the part before the @), and values of fields that are marked
:data:`runbook.inputs.personal.PERSONAL`, wherever they are met again after :meth:`Redactor.learn`. What an operator
writes of a person in free text in other words isn't known, and neither are files that a server exported as a whole.
"""

from __future__ import annotations

import dataclasses
import hmac
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from runbook.inputs.personal import Personal
from runbook.ledger.rewriting import Rewriter

T = TypeVar("T")

_ADDRESS = re.compile(r"[^\s@<>()\[\]{}:;,\"'/\\|=]+@(?=[\w-]+\.[\w.-]*\w)")
_PREFIX = re.compile(r"(?:sip|smtp|x500|x400|eum):", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_SHORTEST = 3
"""A shorter name could stand in any text by chance."""
_HEX = 12


class Redactor(Rewriter):
    """Replaces people by pseudonyms. ``key`` is the secret of :func:`runbook.ledger.heads.redaction_key`."""

    def __init__(self, key: bytes) -> None:
        super().__init__()
        self._key = key
        self._names: set[str] = set()
        self._by_first_word: dict[str, list[str]] = {}

    def learn(self, value: object) -> None:
        """Remember the people that a fact or a section's parameters name."""
        for found in _personal(value, marked=False):
            bare = _PREFIX.sub("", found, count=1)
            for name in {bare, bare.rpartition("/")[2]}:  # an identity is the path to a person's name
                self._know(name.strip())

    def redacted(self, value: T) -> T:
        """``value`` without people."""
        return self.rewritten(value)

    def _text(self, text: str) -> str:
        text = _ADDRESS.sub(lambda found: f"{self._pseudonym(found[0][:-1])}@", text)
        return "".join(self._without_names(text)) if self._names else text

    def _without_names(self, text: str) -> Iterator[str]:
        done = 0
        for word in _WORD.finditer(text):
            start = word.start()
            if start < done:
                continue
            for name in self._by_first_word.get(_folded(word[0]), ()):
                end = start + len(name)
                if _folded(text[start:end]) == name and not _WORD.match(text[end : end + 1]):
                    yield text[done:start]
                    yield self._pseudonym(name)
                    done = end
                    break
        yield text[done:]

    def _know(self, name: str) -> None:
        name = _folded(name)
        first = _WORD.search(name)
        if len(name) < _SHORTEST or first is None or "@" in name or name in self._names:
            return  # an address is known by its form
        self._names.add(name)
        known = self._by_first_word.setdefault(first[0], [])
        known.append(name[first.start() :])
        known.sort(key=len, reverse=True)

    def _pseudonym(self, name: str) -> str:
        return f"user-{hmac.digest(self._key, _folded(name).encode('utf-8', 'surrogatepass'), 'sha256').hex()[:_HEX]}"


def _folded(text: str) -> str:
    """Lower case letter by letter, of the same length: a letter's neighbours don't matter, unlike in ``str.lower``."""
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _personal(value: object, *, marked: bool) -> Iterator[str]:
    """The values of all marked fields in ``value``."""
    if isinstance(value, str):
        if marked:
            yield value
    elif isinstance(value, tuple | list | frozenset):
        for each in value:
            yield from _personal(each, marked=marked)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _personal(each, marked=marked)
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            here = any(isinstance(mark, Personal) for mark in field.metadata)
            yield from _personal(getattr(value, name), marked=here)
    elif dataclasses.is_dataclass(value):
        kind = value if isinstance(value, type) else type(value)
        for name, here in _marks(kind):
            yield from _personal(getattr(value, name), marked=here)


@lru_cache(maxsize=256)
def _marks(kind: type) -> tuple[tuple[str, bool], ...]:
    hints = get_type_hints(kind, include_extras=True)
    return tuple((field.name, _is_personal(hints[field.name])) for field in dataclasses.fields(kind))


def _is_personal(hint: Any) -> bool:
    return get_origin(hint) is Annotated and any(isinstance(mark, Personal) for mark in get_args(hint)[1:])
