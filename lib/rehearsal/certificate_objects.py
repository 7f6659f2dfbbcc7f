"""X509Certificate2 objects: RawData on the wire, every property for a cmdlet in the same pipeline.

PowerShell's type table serialises an X509Certificate2 by RawData alone (``real-world`` B4); Select-Object on the
server sees the live object, which is what :class:`~rehearsal.objects.Live` carries.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from rehearsal.host import CertificateEntry
from rehearsal.objects import Live
from rehearsal.values import ListValue, Thing

CHAIN = (
    "System.Security.Cryptography.X509Certificates.X509Certificate2",
    "System.Security.Cryptography.X509Certificates.X509Certificate",
    "System.Object",
)
_SHORT = {
    NameOID.COMMON_NAME: "CN",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.COUNTRY_NAME: "C",
    NameOID.STATE_OR_PROVINCE_NAME: "S",
    NameOID.LOCALITY_NAME: "L",
    NameOID.DOMAIN_COMPONENT: "DC",
    NameOID.EMAIL_ADDRESS: "E",
}


@lru_cache(maxsize=512)
def _parsed(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def name_text(name: x509.Name) -> str:
    """A distinguished name as CertNameToStr writes it with the reverse flag: ``CN=mail.x.com, O="X, Inc."``."""
    parts = []
    for attribute in reversed(list(name)):
        value = str(attribute.value)
        if any(character in value for character in ',+="\n<>#;') or value != value.strip():
            value = '"' + value.replace('"', '""') + '"'
        parts.append(f"{_SHORT.get(attribute.oid, 'OID.' + attribute.oid.dotted_string)}={value}")
    return ", ".join(parts)


def _dns_names(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except x509.ExtensionNotFound:
        common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return [str(attribute.value) for attribute in common]
    assert isinstance(extension, x509.SubjectAlternativeName)
    return list(extension.get_values_for_type(x509.DNSName))


def _stamp(moment: datetime) -> str:
    return moment.strftime("%m/%d/%Y %H:%M:%S")


def _text(certificate: x509.Certificate, thumbprint: str, serial: str, timezone: tzinfo) -> str:
    sections = (
        ("Subject", name_text(certificate.subject)),
        ("Issuer", name_text(certificate.issuer)),
        ("Serial Number", serial),
        ("Not Before", _stamp(certificate.not_valid_before_utc.astimezone(timezone))),
        ("Not After", _stamp(certificate.not_valid_after_utc.astimezone(timezone))),
        ("Thumbprint", thumbprint),
    )
    return "\r\n\r\n".join(f"[{title}]\r\n  {value}" for title, value in sections) + "\r\n"


def live_members(entry: CertificateEntry, timezone: tzinfo) -> dict[str, Any]:
    """The properties of the .NET object; times are in the server's zone, as .NET gives them."""
    certificate = _parsed(entry.der)
    serial = f"{certificate.serial_number:X}"
    serial = serial if len(serial) % 2 == 0 else f"0{serial}"
    names = tuple(
        Thing(
            ("Microsoft.PowerShell.Commands.DnsNameRepresentation", "System.ValueType", "System.Object"),
            name,
            {"Punycode": name, "Unicode": name},
        )
        for name in _dns_names(certificate)
    )
    key = None
    if entry.has_private_key and entry.key_readable:
        kind = "System.Security.Cryptography.RSACryptoServiceProvider"
        key = Thing((kind, "System.Security.Cryptography.RSA", "System.Object"), kind, {})
    return {
        "DnsNameList": ListValue(
            names,
            (
                "System.Collections.Generic.List`1[[Microsoft.PowerShell.Commands.DnsNameRepresentation, "
                "Microsoft.PowerShell.Security, Version=3.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]",
                "System.Object",
            ),
        ),
        "Archived": False,
        "FriendlyName": entry.friendly_name,
        "NotAfter": certificate.not_valid_after_utc.astimezone(timezone),
        "NotBefore": certificate.not_valid_before_utc.astimezone(timezone),
        "HasPrivateKey": entry.has_private_key,
        "PrivateKey": key,
        "RawData": entry.der,
        "SerialNumber": serial,
        "Thumbprint": entry.thumbprint,
        "Version": 3,
        "Issuer": name_text(certificate.issuer),
        "Subject": name_text(certificate.subject),
    }


def certificate_thing(
    entry: CertificateEntry,
    timezone: tzinfo,
    *,
    extra: Mapping[str, Any] | None = None,
    first_types: tuple[str, ...] = (),
    extended: Mapping[str, Any] | None = None,
) -> Thing:
    """An X509Certificate2, or a type derived from it (``first_types``).

    ``extra`` are members of the live object beyond X509Certificate2's, ``extended`` what is serialised beside RawData
    (ExchangeCertificate's SerializationData).
    """
    found = live_members(entry, timezone) | dict(extra or {})
    certificate = _parsed(entry.der)
    text = _text(certificate, entry.thumbprint, found["SerialNumber"], timezone)
    return Thing(
        (*first_types, *CHAIN), text, {"RawData": entry.der}, dict(extended or {}), live=Live(found, source=entry)
    )
