"""An in-toto Statement v1 over the digests of files, in a signed DSSE envelope. Pure.

A record's ``statement.dsse.json`` is one, over all its files; an approval is one, over a plan.

The public key stands in the statement too. That lets anybody see that nothing was altered since it was signed; who
signed it is only known to somebody who has that key from elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import UnverifiedSignatureError

from runbook.change import Json
from runbook.errors import InputError
from runbook.ledger import chain
from runbook.signing.keys import OwnKey, PublicKey, public_key
from runbook.signing.strict import dumped, loaded

FILE_NAME = "statement.dsse.json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
RECORD = "urn:x-owa-im-runbook:change-record:v1"
"""Kind of a record's statement; docs/records.md describes its fields."""
_SIGNATURE = {"keyid", "sig"}
"""All that a signature holds: the library that reads it would keep other fields, which nobody signed."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement whose signature fits the key it names. ``files`` maps each path in the record to its SHA-256."""

    files: Mapping[str, str]
    predicate: Mapping[str, Any]
    key: PublicKey


class NotAStatement(ValueError):
    """The file was altered, or never was a statement of ours; the message says in what."""


def sign(files: Mapping[str, str], predicate: Mapping[str, Json], key: OwnKey, *, kind: str = RECORD) -> bytes:
    """The file's bytes. ``files`` maps names to SHA-256 digests; ``kind`` is the type of the predicate."""
    signer: dict[str, Json] = {"fingerprint": key.fingerprint, "public_key": key.pem}
    statement: Json = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(files.items())],
        "predicateType": kind,
        "predicate": {**predicate, "signer": signer},
    }
    payload = chain.spelt(statement)
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    envelope.sign(key.signer)
    return dumped(envelope.to_dict())


def read(data: bytes, *, kind: str = RECORD) -> Signed:
    """The statement in a file; :class:`NotAStatement` where a single byte isn't as :func:`sign` wrote it."""
    try:
        found = loaded(data)
        envelope = Envelope.from_dict(loaded(data))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NotAStatement(f"it isn't a DSSE envelope as this library writes it: {error}") from None
    if (
        envelope.to_dict() != found
        or envelope.payload_type != PAYLOAD_TYPE
        or [set(signature) for signature in found["signatures"]] != [_SIGNATURE]
    ):
        raise NotAStatement("it isn't an envelope with one in-toto statement and one signature, spelt in the one way")
    try:
        statement = chain.parsed(envelope.payload)
        predicate = statement["predicate"]
        named = predicate["signer"]["fingerprint"]
        key = public_key(predicate["signer"]["public_key"].encode("ascii"), "the key in the statement")
        files = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    except (ValueError, KeyError, TypeError, AttributeError, InputError, RecursionError) as error:
        raise NotAStatement(f"what it states can't be read: {error}") from None
    (signature,) = envelope.signatures.values()
    if signature.keyid != key.keyid or named != key.keyid:
        raise NotAStatement("its signature names another key than the statement does")
    try:
        key.verify_signature(signature, envelope.pae())
    except UnverifiedSignatureError:
        raise NotAStatement("its signature doesn't fit what it states: one of the two was altered") from None
    if statement.get("_type") != STATEMENT_TYPE or statement.get("predicateType") != kind:
        raise NotAStatement("it is a statement of another kind")
    return Signed(files=files, predicate=predicate, key=key)
