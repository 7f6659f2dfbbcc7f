"""Get-ExchangeCertificate, which over remoting carries almost nothing: RawData and a blob.

Recorded: all CSS-Exchange exports. What Exchange itself knows of a certificate (services, status) is there for a
Select-Object further down the same pipeline on the server; that a real no-language endpoint does that is not verified.
"""

from __future__ import annotations

from typing import Any

from cryptography import x509

from rehearsal.cmdlet import Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.exchange_lookup import (
    DOMAIN_CONTROLLER,
    check_domain_controller,
    command_type,
    fail,
    find_server,
    identity,
    world_of,
)
from rehearsal.cmdlets.exchange_objects import enum, with_serialization_data
from rehearsal.host import CertificateEntry, WindowsHost
from rehearsal.objects import Live, text_of
from rehearsal.pki import display_text
from rehearsal.values import Thing

_CHAIN = (
    "Microsoft.Exchange.Management.SystemConfigurationTasks.ExchangeCertificate",
    "System.Security.Cryptography.X509Certificates.X509Certificate2",
    "System.Security.Cryptography.X509Certificates.X509Certificate",
    "System.Object",
)
_SERVICES = {"IMAP": 1, "POP": 2, "UM": 4, "IIS": 8, "SMTP": 16, "Federation": 32, "UMCallRouter": 64}
"""AllowedServices, with its numbers from memory of the product."""


@cmdlet(
    "Get-ExchangeCertificate",
    module="Exchange",
    basis=Basis.RECORDED,
    source="CSS-Exchange E16 GetExchangeCertificate export; Get-ExchangeCertificate.md",
    parameters={
        "Thumbprint": identity("String", sets=("Thumbprint",)),
        "Identity": Parameter(kind="ExchangeCertificateIdParameter", position=0, sets=("Identity",)),
        "Instance": Parameter(kind="X509Certificate2", by_value=True, sets=("Instance",)),
        "Server": Parameter(kind="ServerIdParameter", sets=("Instance", "Thumbprint")),
        "DomainName": Parameter(kind="MultiValuedProperty"),
        **DOMAIN_CONTROLLER,
    },
    default_set="Thumbprint",
    command_type=command_type("Get-ExchangeCertificate"),
)
def get_exchange_certificate(call: Call) -> None:
    check_domain_controller(call)
    host, thumbprint = _wanted(call)
    if host is None:
        return
    found = [entry for entry in host.certificates["My"] if thumbprint in (None, entry.thumbprint)]
    if thumbprint is not None and not found:
        fail(
            call,
            f"The certificate with thumbprint {thumbprint} was not found.",
            "ArgumentException",
            namespace="System",
        )
    for entry in found:
        call.output(_certificate(host, entry))


def _wanted(call: Call) -> tuple[WindowsHost | None, str | None]:
    """The server asked, and the one thumbprint asked for. -Identity is ``server\\thumbprint``."""
    host: WindowsHost | None = call.host
    thumbprint = call.get("Thumbprint")
    if call.get("Identity") is not None:
        server, _, thumbprint = text_of(call.get("Identity")).rpartition("\\")
        if server:
            host = _host(call, server)
    if call.get("Server") is not None:
        found = find_server(call, "Server")
        host = _host(call, found.fqdn) if found else None
    return host, str(thumbprint).replace(" ", "").upper() if thumbprint else None


def _host(call: Call, name: str) -> WindowsHost | None:
    machine = world_of(call).machine(name)
    return machine.host if machine else None


def _certificate(host: WindowsHost, entry: CertificateEntry) -> Thing:
    certificate = x509.load_der_x509_certificate(entry.der)
    self_signed = certificate.subject == certificate.issuer
    members: dict[str, Any] = {
        "Thumbprint": entry.thumbprint,
        "Subject": certificate.subject.rfc4514_string(),
        "Issuer": certificate.issuer.rfc4514_string(),
        "NotBefore": certificate.not_valid_before_utc,
        "NotAfter": certificate.not_valid_after_utc,
        "SerialNumber": f"{certificate.serial_number:032X}",
        "HasPrivateKey": entry.has_private_key,
        "FriendlyName": entry.friendly_name,
        "IsSelfSigned": self_signed,
        "CertificateDomains": _domains(certificate),
        "Services": enum("Microsoft.Exchange.Management.SystemConfigurationTasks.AllowedServices", *_services(entry)),
        "Status": enum("Microsoft.Exchange.Management.SystemConfigurationTasks.CertificateStatus", "Valid", 2),
        "RootCAType": enum(
            "Microsoft.Exchange.Management.SystemConfigurationTasks.CertificateAuthorityType",
            *(("None", 0) if self_signed else ("Enterprise", 3)),
        ),
        "Identity": f"{host.name}\\{entry.thumbprint}",
    }
    thing = Thing(_CHAIN, display_text(entry.der), {"RawData": entry.der}, live=Live(members, entry))
    return with_serialization_data(thing)


def _services(entry: CertificateEntry) -> tuple[str, int]:
    """Flags of AllowedServices as text in the order of their numbers; one installed later serves nothing yet."""
    held = [(name, number) for name, number in _SERVICES.items() if name in entry.services]
    return ", ".join(name for name, _ in held) or "None", sum(number for _, number in held)


def _domains(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return extension.value.get_values_for_type(x509.DNSName)
