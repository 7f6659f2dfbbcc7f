"""Who may approve plans for an estate: public keys, in files beside the estate file or in it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from runbook.inputs import public_keys
from runbook.inputs.fields import name, text
from runbook.inputs.validation import wrong
from runbook.inputs.yamlfile import Tree

_PEM = "-----BEGIN "
_MOST_BYTES = 10_000


class ApprovalPolicy(StrEnum):
    """Whether a plan has to be approved by somebody else before it may be applied."""

    REQUIRED = "required"
    NONE = "none"


def _approver(value: object, info: ValidationInfo) -> str:
    """A public key in its one PEM spelling, from PEM text or from the file that is named."""
    given = text(value)
    if "PRIVATE KEY" in given:
        raise wrong(
            "This is a private key.",
            "Take it out and treat it as lost: approvers hand over the public key, as `runbook key export` prints it.",
        )
    pem = given.encode("utf-8") if _PEM in given else _content(given, info)
    try:
        return public_keys.pem(public_keys.parsed(pem))
    except ValueError as error:
        raise wrong(str(error), "Write the approver's public key as `runbook key export` prints it.") from None


def _content(given: str, info: ValidationInfo) -> bytes:
    path = Path(name(given)).expanduser()
    folder = (info.context or {}).get("folder")
    path = path if path.is_absolute() or folder is None else Path(folder) / path
    remedy = "Name a PEM file, from the folder of the estate file, or write the public key itself as PEM text."
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise wrong(f"This file can't be read: {error.strerror}.", remedy) from None


def _distinct(keys: tuple[str, ...]) -> tuple[str, ...]:
    for place, key in enumerate(keys, start=1):
        if (first := keys.index(key) + 1) != place:
            raise wrong(f"Items {first} and {place} are the same key.", "Keep one of them.")
    return keys


Approvers = Annotated[tuple[Annotated[str, BeforeValidator(_approver)], ...], AfterValidator(_distinct)]
"""Each key in its one PEM spelling; none twice."""


def is_without_approvers(root: Mapping[str, Tree]) -> bool:
    """The estate file, as it was read, asks for approval by nobody."""
    return root.get("approval") == ApprovalPolicy.REQUIRED and not root.get("approvers")


def fingerprints(approvers: tuple[str, ...]) -> tuple[str, ...]:
    """SHA-256 of each public key, in hex, as approvals name their signers."""
    return tuple(public_keys.fingerprint(public_keys.parsed(pem.encode("ascii"))) for pem in approvers)
