"""Certificates for tests: real DER, made from a few words. Keys are shared, since making them is slow."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from runbook.certificate import Certificate, parse

START, END = datetime(2013, 1, 1, tzinfo=UTC), datetime(2018, 1, 1, tzinfo=UTC)


@cache
def key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Recipe:
    """``issuer`` is the recipe whose key signs; ``None`` is self-signed. ``key_of`` names the key; else the CN does."""

    cn: str
    issuer: Recipe | None = None
    san: tuple[str, ...] = ()
    ca: bool = False
    start: datetime = START
    end: datetime = END
    serial: int = 1
    key_of: str = ""
    names: tuple[x509.NameAttribute[str], ...] = field(default=())

    @property
    def subject(self) -> x509.Name:
        common = (x509.NameAttribute(NameOID.COMMON_NAME, self.cn),) if self.cn else ()
        return x509.Name([*self.names, *common])

    @cache  # noqa: B019 - a recipe is small, and ECDSA signs differently each time
    def der(self) -> bytes:
        issuer = self.issuer or self
        builder = (
            x509.CertificateBuilder()
            .subject_name(self.subject)
            .issuer_name(issuer.subject)
            .public_key(key(self.key_of or self.cn).public_key())
            .serial_number(self.serial)
            .not_valid_before(self.start)
            .not_valid_after(self.end)
            .add_extension(x509.BasicConstraints(ca=self.ca, path_length=None), critical=True)
        )
        if self.san:
            names = x509.SubjectAlternativeName([x509.DNSName(name) for name in self.san])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(key(issuer.key_of or issuer.cn), hashes.SHA256()).public_bytes(Encoding.DER)

    def make(self) -> Certificate:
        return parse(self.der())
