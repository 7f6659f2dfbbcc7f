"""Certificates as values: DER in, names, dates, thumbprint and trust out. Pure; nothing is fetched.

Every date is aware and in UTC. Trust is judged against the stores that the caller read from a server, at a
moment that the caller names (the server's clock, never ours). Revocation is *not* checked: that needs the
network of the server, and a finding has to say so.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


class Validity(StrEnum):
    """Where a moment lies in a certificate's life."""

    VALID = "valid"
    NOT_YET_VALID = "not yet valid"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One X.509 certificate.

    ``thumbprint`` is the SHA-1 of the DER in upper-case hex, as Windows shows it; ``serial`` is upper-case hex too.
    ``dns_names`` are the DNS entries of the subject alternative name, in order and as written. ``subject_cn`` is
    the most specific common name, or empty. ``key`` reads like ``RSA 2048``.
    """

    subject: str
    subject_cn: str
    issuer: str
    dns_names: tuple[str, ...]
    thumbprint: str
    serial: str
    not_before: datetime
    not_after: datetime
    is_self_signed: bool
    is_ca: bool
    key: str
    der: bytes

    def validity(self, at: datetime) -> Validity:
        if at < self.not_before:
            return Validity.NOT_YET_VALID
        return Validity.VALID if at <= self.not_after else Validity.EXPIRED

    @property
    def is_wildcard(self) -> bool:
        """The subject's common name is a wildcard, which Lync doesn't take for a server's name (``real-world`` B3)."""
        return self.subject_cn.startswith("*.")

    def has_subject(self, name: str) -> bool:
        """The common name *is* ``name`` (L30; Lync looks up the peer by it, and no wildcard stands for a name)."""
        return same_name(self.subject_cn, name)

    def has_alternative(self, name: str) -> bool:
        """``name`` is among the alternative names, literally (L30)."""
        return any(same_name(entry, name) for entry in self.dns_names)

    def covers(self, name: str) -> bool:
        """A TLS client that asks for ``name`` accepts one of the names, wildcards included (RFC 6125, one label)."""
        return any(_covers(entry, name) for entry in (*self.dns_names, self.subject_cn))


class ChainFault(StrEnum):
    """Why no chain to a trusted root could be built."""

    SELF_SIGNED = "self-signed"
    ISSUER_MISSING = "issuer missing"
    ISSUER_EXPIRED = "issuer expired"
    NOT_A_CA = "issuer isn't a CA"
    BAD_SIGNATURE = "signature doesn't verify"
    MISPLACED_ROOT = "only reaches a certificate that isn't a root"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whether a certificate chains to a given root, and if not, why in words.

    ``path`` runs from the leaf upwards, as far as it got. Revocation isn't part of the judgement.
    """

    path: tuple[Certificate, ...]
    fault: ChainFault | None = None
    because: str = ""

    @property
    def trusted(self) -> bool:
        return self.fault is None


def parse(der: bytes) -> Certificate:
    """A certificate from its DER; ``ValueError`` with words for anything else."""
    try:
        parsed = x509.load_der_x509_certificate(der)
        return Certificate(
            subject=parsed.subject.rfc4514_string(),
            subject_cn=_common_name(parsed.subject),
            issuer=parsed.issuer.rfc4514_string(),
            dns_names=_dns_names(parsed),
            thumbprint=hashlib.sha1(der, usedforsecurity=False).hexdigest().upper(),
            serial=f"{parsed.serial_number:X}",
            not_before=parsed.not_valid_before_utc,
            not_after=parsed.not_valid_after_utc,
            is_self_signed=_is_self_signed(parsed),
            is_ca=_is_ca(parsed),
            key=_key(parsed),
            der=bytes(der),
        )
    except (ValueError, TypeError, x509.DuplicateExtension, UnsupportedAlgorithm) as error:
        raise ValueError(f"not a readable certificate ({len(der)} bytes of DER): {error}") from error


def same_name(one: str, other: str) -> bool:
    """DNS names compare without regard to case, a trailing dot or how an international name is spelled."""
    return bool(one) and _canonical(one) == _canonical(other)


def chain(
    leaf: Certificate, roots: tuple[Certificate, ...], intermediates: tuple[Certificate, ...], at: datetime
) -> Trust:
    """The best chain from ``leaf`` to one of ``roots`` at the moment ``at``.

    The leaf's own dates aren't judged here (see :meth:`Certificate.validity`), those of every issuer are. A
    certificate in ``roots`` that isn't self-signed ends no chain: Windows servers that find one there
    refuse clients that they should trust.
    """
    return _climb((leaf,), roots, intermediates, at)


def _climb(
    path: tuple[Certificate, ...], roots: tuple[Certificate, ...], others: tuple[Certificate, ...], at: datetime
) -> Trust:
    last = path[-1]
    if last.is_self_signed:
        if any(root.thumbprint == last.thumbprint for root in roots):
            return Trust(path=path)
        if len(path) > 1:
            words = f"the chain ends in {last.subject}, which isn't among the trusted roots"
            return Trust(path=path, fault=ChainFault.ISSUER_MISSING, because=words)
        words = "it is self-signed and isn't among the trusted roots itself"
        return Trust(path=path, fault=ChainFault.SELF_SIGNED, because=words)
    seen = {certificate.thumbprint for certificate in path}
    issuers = {item.thumbprint: item for item in (*roots, *others) if item.subject == last.issuer}
    attempts = [_step(path, issuer, roots, others, at) for key, issuer in issuers.items() if key not in seen]
    if not attempts:
        words = f"its issuer {last.issuer} isn't among the trusted roots or the intermediate authorities"
        if any(root.thumbprint == last.thumbprint for root in roots):
            words = f"{last.subject} stands among the trusted roots but isn't one: it is issued by {last.issuer}"
            return Trust(path=path, fault=ChainFault.MISPLACED_ROOT, because=words)
        return Trust(path=path, fault=ChainFault.ISSUER_MISSING, because=words)
    return min(attempts, key=lambda trust: (not trust.trusted, -len(trust.path)))


def _step(
    path: tuple[Certificate, ...],
    issuer: Certificate,
    roots: tuple[Certificate, ...],
    others: tuple[Certificate, ...],
    at: datetime,
) -> Trust:
    longer = (*path, issuer)
    if not issuer.is_ca:
        return Trust(path=longer, fault=ChainFault.NOT_A_CA, because=f"{issuer.subject} may not issue certificates")
    if not _signed_by(path[-1], issuer):
        words = f"the signature on {path[-1].subject} isn't by the {issuer.subject} that the server holds"
        return Trust(path=longer, fault=ChainFault.BAD_SIGNATURE, because=words)
    if (validity := issuer.validity(at)) is not Validity.VALID:
        words = (
            f"its issuer {issuer.subject} is {validity} ({issuer.not_before:%Y-%m-%d} to {issuer.not_after:%Y-%m-%d})"
        )
        return Trust(path=longer, fault=ChainFault.ISSUER_EXPIRED, because=words)
    return _climb(longer, roots, others, at)


def misplaced(roots: tuple[Certificate, ...]) -> tuple[Certificate, ...]:
    """Those of a Root store that aren't self-signed, so don't belong there."""
    return tuple(root for root in roots if not root.is_self_signed)


def _signed_by(child: Certificate, issuer: Certificate) -> bool:
    try:
        x509.load_der_x509_certificate(child.der).verify_directly_issued_by(x509.load_der_x509_certificate(issuer.der))
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _is_self_signed(parsed: x509.Certificate) -> bool:
    if parsed.issuer != parsed.subject:
        return False
    try:
        parsed.verify_directly_issued_by(parsed)
    except InvalidSignature:
        return False
    except (UnsupportedAlgorithm, ValueError, TypeError):
        return True  # old roots are signed with MD2 or MD5, which nobody verifies any more; the names have to do
    return True


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    value = found[-1].value if found else ""
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _dns_names(parsed: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(extension.value.get_values_for_type(x509.DNSName))


def _is_ca(parsed: x509.Certificate) -> bool:
    try:
        return parsed.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return parsed.version is x509.Version.v1  # version 1 has no extensions; very old roots are like that


def _key(parsed: x509.Certificate) -> str:
    try:
        key = parsed.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return "unknown"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    return type(key).__name__.removesuffix("PublicKey").lstrip("_")


def _canonical(name: str) -> str:
    plain = name.strip().rstrip(".").lower()
    try:
        return plain.encode("idna").decode("ascii")
    except UnicodeError:
        return plain


def _covers(entry: str, name: str) -> bool:
    if not entry.startswith("*."):
        return same_name(entry, name)
    label, _, rest = name.partition(".")
    return bool(label) and same_name(entry[2:], rest)
