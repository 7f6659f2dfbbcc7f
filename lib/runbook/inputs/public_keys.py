"""Public keys as people hand them over: Ed25519 in PEM form. Pure."""

from __future__ import annotations

import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key


def parsed(pem: bytes) -> Ed25519PublicKey:
    """The key; ``ValueError`` with a sentence where it isn't an Ed25519 public key in PEM form."""
    try:
        found = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("This isn't a public key in PEM form.") from None
    if not isinstance(found, Ed25519PublicKey):
        raise ValueError("This isn't an Ed25519 key: nothing here is signed with such a one.")
    return found


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of its DER form (SubjectPublicKeyInfo), in hex."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def pem(key: Ed25519PublicKey) -> str:
    """The one PEM spelling of it, with a line feed at the end."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
