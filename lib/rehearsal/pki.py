"""Certificates that are the same on every run: derived keys, derived serial numbers, deterministic signatures.

A key comes from the seed and a label alone, and ECDSA is signed as RFC 6979 says, so that one seed gives one DER
encoding, hence one thumbprint. Real Exchange servers use RSA; the kind of key matters to none of the simulated rules.
The keys are worthless outside a rehearsal: anybody who knows the seed can make them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """A certificate and, because the lab made it, its private key."""

    der: bytes
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def thumbprint(self) -> str:
        """SHA-1 of the DER encoding as 40 upper-case hexadecimal digits, as Windows shows it."""
        return hashlib.sha1(self.der, usedforsecurity=False).hexdigest().upper()


class CertificateFactory:
    """Makes the certificates of one world. ``epoch`` is the world's start; validity is relative to it."""

    def __init__(self, seed: int, epoch: datetime) -> None:
        self._seed = seed
        self._epoch = epoch

    def authority(self, common_name: str) -> IssuedCertificate:
        """A root CA, ten years from a year before the start."""
        key = self._key(f"ca:{common_name}")
        name = _name(common_name)
        builder = self._builder(name, name, key, f"ca:{common_name}", timedelta(days=-365), timedelta(days=3650))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(_usage(certificate_signing=True), critical=True)
        return _sign(builder, key, key)

    def server(
        self,
        common_name: str,
        names: Sequence[str],
        *,
        issuer: IssuedCertificate | None,
        label: str = "",
        starts: timedelta = timedelta(days=-90),
        ends: timedelta = timedelta(days=640),
    ) -> IssuedCertificate:
        """A server certificate; self-signed without an issuer. ``starts`` and ``ends`` count from the world's start.

        ``label`` tells certificates with the same subject apart.
        """
        identity = f"server:{common_name}:{label}"
        key = self._key(identity)
        subject = _name(common_name)
        issuer_name = x509.load_der_x509_certificate(issuer.der).subject if issuer else subject
        builder = self._builder(subject, issuer_name, key, identity, starts, ends)
        builder = builder.add_extension(_usage(certificate_signing=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        if names:
            alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
            builder = builder.add_extension(alternatives, critical=False)
        return _sign(builder, key, issuer.key if issuer else key)

    def _key(self, label: str) -> ec.EllipticCurvePrivateKey:
        digest = hashlib.sha512(f"rehearsal key|{self._seed}|{label}".encode()).digest()
        return ec.derive_private_key(int.from_bytes(digest) % (_ORDER - 1) + 1, _CURVE)

    def _builder(
        self,
        subject: x509.Name,
        issuer: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        label: str,
        starts: timedelta,
        ends: timedelta,
    ) -> x509.CertificateBuilder:
        serial = hashlib.sha256(f"rehearsal serial|{self._seed}|{label}".encode()).digest()[:15]
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(int.from_bytes(serial) | 1 << 120)
            .not_valid_before(self._epoch + starts)
            .not_valid_after(self._epoch + ends)
        )


def is_trusted(der: bytes, roots: Sequence[bytes]) -> bool:
    """Whether a certificate is one of ``roots`` or directly signed by one; there are no intermediates here."""
    if der in roots:
        return True
    certificate = x509.load_der_x509_certificate(der)
    for root in map(x509.load_der_x509_certificate, roots):
        try:
            certificate.verify_directly_issued_by(root)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return True
    return False


def subject_common_name(der: bytes) -> str:
    """The Subject's CN, by which Lync knows a TLS peer; empty where there is none."""
    names = x509.load_der_x509_certificate(der).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def bears_name(der: bytes, name: str) -> bool:
    """Whether the Subject or an alternative name is this DNS name."""
    certificate = x509.load_der_x509_certificate(der)
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = alternatives.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        names = []
    return name.lower() in (one.lower() for one in (subject_common_name(der), *names))


def display_text(der: bytes) -> str:
    """``X509Certificate2.ToString()`` as a server with US formats gives it (recorded: CSS-Exchange E16 export)."""
    certificate = x509.load_der_x509_certificate(der)
    thumbprint = hashlib.sha1(der, usedforsecurity=False).hexdigest().upper()
    serial = f"{certificate.serial_number:X}"
    parts = (
        ("Subject", certificate.subject.rfc4514_string()),
        ("Issuer", certificate.issuer.rfc4514_string()),
        ("Serial Number", serial.zfill(len(serial) + len(serial) % 2)),
        ("Not Before", f"{certificate.not_valid_before_utc:%m/%d/%Y %H:%M:%S}"),
        ("Not After", f"{certificate.not_valid_after_utc:%m/%d/%Y %H:%M:%S}"),
        ("Thumbprint", thumbprint),
    )
    return "\r\n\r\n".join(f"[{title}]\r\n  {value}" for title, value in parts) + "\r\n"


def pem(der: bytes) -> bytes:
    """The PEM form of a DER certificate."""
    return x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, certificate_signing: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not certificate_signing,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificate_signing,
        crl_sign=certificate_signing,
        encipher_only=False,
        decipher_only=False,
    )


def _sign(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey
) -> IssuedCertificate:
    certificate = builder.sign(signer, hashes.SHA256(), ecdsa_deterministic=True)
    return IssuedCertificate(der=certificate.public_bytes(serialization.Encoding.DER), key=key)
