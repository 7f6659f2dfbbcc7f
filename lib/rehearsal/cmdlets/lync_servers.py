"""What a Lync server says of itself: certificates and version."""

from __future__ import annotations

from cryptography import x509

from rehearsal.cmdlet import Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.lync_objects import XDS, enum, texts, thing
from rehearsal.cmdlets.lync_store import command_type, world_of
from rehearsal.host import CertificateEntry
from rehearsal.values import Thing

_DEPLOYMENT = "Microsoft.Rtc.Management.Deployment"
_FRONT_END_USES = ("Default", "WebServicesInternal", "WebServicesExternal")
_EDGE_USES = ("Internal", "AccessEdgeExternal", "DataEdgeExternal", "AudioVideoAuthentication")
_USE_NUMBERS = {name: number for number, name in enumerate((*_FRONT_END_USES, *_EDGE_USES))}


@cmdlet(
    "Get-CsCertificate",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsCertificate.md: the certificates of the computer that it runs on; the property set is assumed",
    parameters={
        "Type": Parameter(kind="CertType[]"),
        "Report": Parameter(),
        "Identity": Parameter(kind="XdsIdentity", position=0),
    },
    command_type=command_type("Get-CsCertificate", _DEPLOYMENT),
)
def get_cs_certificate(call: Call) -> None:
    world = world_of(call)
    machine = world.machine(call.host.name)
    wanted = world.lync_certificates.get(call.host.name, "")
    entry = next((one for one in call.host.certificates["My"] if one.thumbprint == wanted), None)
    if entry is None or machine is None:
        return
    asked = {str(one).lower() for one in call.get("Type") or ()}
    for use in _EDGE_USES if "edge" in machine.roles else _FRONT_END_USES:
        if not asked or use.lower() in asked:
            call.output(_reference(entry, use))


@cmdlet(
    "Get-CsServerVersion",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsServerVersion.md",
    parameters={},
    command_type=command_type("Get-CsServerVersion", _DEPLOYMENT),
)
def get_cs_server_version(call: Call) -> None:
    build = call.host.software.get("lync") or call.host.software["skype-for-business"]
    product = "Microsoft Lync Server 2013" if "lync" in call.host.software else "Skype for Business Server"
    call.output(f"{product} ({build}): Volume license key installed.")


def _reference(entry: CertificateEntry, use: str) -> Thing:
    certificate = x509.load_der_x509_certificate(entry.der)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return thing(
        f"{_DEPLOYMENT}.CertificateReference",
        f"{_DEPLOYMENT}.CertificateReference",
        {
            "Issuer": certificate.issuer.rfc4514_string(),
            "NotAfter": certificate.not_valid_after_utc,
            "NotBefore": certificate.not_valid_before_utc,
            "SerialNumber": f"{certificate.serial_number:032X}",
            "Subject": certificate.subject.rfc4514_string(),
            "AlternativeNames": texts(names.get_values_for_type(x509.DNSName)),
            "Thumbprint": entry.thumbprint,
            "EffectiveDate": certificate.not_valid_before_utc,
            "PreviousThumbprint": None,
            "UpdateTime": None,
            "Use": enum("Microsoft.Rtc.Management.Common.Certificates.CertType", use, _USE_NUMBERS[use]),
            "SourceScope": enum(f"{XDS}.ScopeClass", "Computer", 3),
        },
    )
