"""The key that a user signs records and approvals with: Ed25519, made at its first use, kept in the state directory.

``RUNBOOK_KEY`` names another file (PEM, PKCS #8). The key isn't protected by a passphrase: it is as safe as the account
that signs with it. Its fingerprint is the SHA-256 of the public key's DER form (SubjectPublicKeyInfo), in hex.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from filelock import FileLock
from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]  # not in an __all__

from runbook.errors import InputError
from runbook.inputs import public_keys
from runbook.ledger.heads import write_private
from runbook.paths import STATE_VARIABLE, state_folder

PublicKey: TypeAlias = SSlibKey

KEY_VARIABLE = "RUNBOOK_KEY"
"""File of the private key to sign with, in place of the user's own."""

_FILE_NAME = "signing-key.pem"
_MOST_BYTES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """``made``: it didn't exist before, so its owner should be told its fingerprint."""

    signer: CryptoSigner
    path: Path
    made: bool

    @property
    def fingerprint(self) -> str:
        return self.signer.public_key.keyid

    @property
    def pem(self) -> str:
        """The public key, as an auditor takes it."""
        return public_pem(self.signer.public_key)


def own_key(environment: Mapping[str, str] = os.environ) -> OwnKey:
    """The key to sign with; made where it is the user's own and isn't there yet.

    :class:`InputError` where it can't be made or read, isn't an Ed25519 key, or others may read it.
    """
    given = environment.get(KEY_VARIABLE, "")
    path = Path(given).expanduser().absolute() if given else state_folder(environment) / _FILE_NAME
    made = False if given else _make(path)
    return OwnKey(signer=_signer(path), path=path, made=made)


def key_in(path: Path) -> OwnKey:
    """The private key in a file, which its owner names; :class:`InputError` as for :func:`own_key`."""
    chosen = path.expanduser().absolute()
    return OwnKey(signer=_signer(chosen), path=chosen, made=False)


def known_key(environment: Mapping[str, str] = os.environ) -> PublicKey | None:
    """The public half of the key that records are signed with, where there is one already."""
    given = environment.get(KEY_VARIABLE, "")
    path = Path(given).expanduser().absolute() if given else state_folder(environment) / _FILE_NAME
    return _signer(path).public_key if path.exists() else None


def operator_fingerprints(environment: Mapping[str, str] = os.environ) -> frozenset[str]:
    """Of every key that this user signs with: the one that is chosen now, and the user's own where it exists."""
    own = known_key({name: value for name, value in environment.items() if name != KEY_VARIABLE})
    return frozenset({own_key(environment).fingerprint, *([own.keyid] if own else [])})


def public_key(pem: bytes, name: str) -> PublicKey:
    """An auditor's PEM as a key to check with; ``name`` is what messages call it."""
    try:
        found = public_keys.parsed(pem)
    except ValueError as error:
        raise InputError(f"{name}: {error} `runbook key export` prints one.") from None
    return SSlibKey.from_crypto(found, keyid=public_keys.fingerprint(found))


def read_public_key(path: Path) -> PublicKey:
    """The public key in a file."""
    try:
        with path.open("rb") as file:
            pem = file.read(_MOST_BYTES)
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from None
    return public_key(pem, str(path))


def public_pem(key: PublicKey) -> str:
    return public_keys.pem(Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.keyval["public"])))


def _make(path: Path) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(path.with_suffix(".lock")):
            if path.exists():
                return False
            pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            write_private(path, pem)
    except OSError as error:
        remedy = f"Name a folder of yours in {STATE_VARIABLE}, or a key in {KEY_VARIABLE}."
        raise InputError(f"No signing key can be made at {path}: {error.strerror}. {remedy}") from None
    return True


def _signer(path: Path) -> CryptoSigner:
    try:
        pem, mode = path.read_bytes(), path.stat().st_mode
    except OSError as error:
        raise InputError(f"The signing key {path} can't be read: {error.strerror}.") from None
    if os.name != "nt" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise InputError(
            f"Others may read the signing key {path}. Take their rights away (chmod 600), or make a new one."
        )
    try:
        found = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        raise InputError(f"{path} isn't a private key in PEM form without a passphrase.") from None
    if not isinstance(found, Ed25519PrivateKey):
        raise InputError(f"{path} isn't an Ed25519 key.")
    public = found.public_key()
    return CryptoSigner(found, SSlibKey.from_crypto(public, keyid=public_keys.fingerprint(public)))
