"""What Outlook Web App of each version of Exchange needs for instant messaging, and where it reads its settings.

Sources: real-world.md B1 and B6; configure-im-integration-with-owa.md (OfficeDocs-Exchange) for 2016 and later;
the Exchange Team Blog, 2010-09-27, for 2010. That 2010 looks for its provider under the same registry value is from
memory of the product, and so is that it writes no log of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PureWindowsPath

from rehearsal.exchange_versions import Build, ExchangeVersion, version_of

_INSTALLED_IN = r"C:\Program Files\Microsoft\Exchange Server"
_FIRST_SERVICE_PACK = (14, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwaEdition:
    """One edition.

    ``place`` is where pool and certificate are named, ``pool_setting`` and ``certificate_setting`` how they are called
    there with the requirement that says so; ``provider_version`` is the beginning of the provider's file version.
    ``redirects``: web.config has to let the provider load with a newer assembly. ``certificate_first``: of the two
    values the certificate is looked at first (what the documented health message of 2016 says when both are missing).
    ``on_client_access``: Outlook Web App runs on the client access servers and not where the mailbox is.
    """

    folder: PureWindowsPath
    place: str
    pool_setting: str
    certificate_setting: str
    provider_file: str
    provider_version: str
    redirects: bool = True
    writes_log: bool = True
    certificate_first: bool = False
    on_client_access: bool = False
    integrates: bool = True

    @property
    def web_config(self) -> PureWindowsPath:
        return self.folder / "ClientAccess" / "Owa" / "web.config"

    @property
    def front_end_web_config(self) -> PureWindowsPath:
        return self.folder / "FrontEnd" / "HttpProxy" / "owa" / "web.config"

    @property
    def log_folder(self) -> PureWindowsPath:
        return self.folder / "Logging" / "OWA" / "InstantMessaging"


OWA_2013 = OwaEdition(
    folder=PureWindowsPath(_INSTALLED_IN, "V15"),
    place="web.config",
    pool_setting="IMServerName, L57",
    certificate_setting="IMCertificateThumbprint, L56",
    provider_file="Microsoft.Rtc.Internal.Ucweb.dll",
    provider_version="5.",  # UCMA 4.0 says version 5.0 of itself
)
OWA_2016 = OwaEdition(
    folder=OWA_2013.folder,
    place="a setting override",
    pool_setting="IMServerName, B1",
    certificate_setting="IMCertificateThumbprint, B1",
    provider_file=OWA_2013.provider_file,
    provider_version=OWA_2013.provider_version,
    certificate_first=True,
)
OWA_2010 = OwaEdition(
    folder=PureWindowsPath(_INSTALLED_IN, "V14"),
    place="the virtual directory",
    pool_setting="InstantMessagingServerName, B1",
    certificate_setting="InstantMessagingCertificateThumbprint, B1",
    provider_file="Microsoft.Rtc.UCWeb.dll",
    provider_version="",
    redirects=False,
    writes_log=False,
    on_client_access=True,
)
OWA_2010_RTM = OwaEdition(
    folder=OWA_2010.folder,
    place="web.config",
    pool_setting="IMPoolName, B1",
    certificate_setting="IMCertificateIssuer and IMCertificateSerialNumber, B1",
    provider_file=OWA_2010.provider_file,
    provider_version="",
    redirects=False,
    writes_log=False,
    on_client_access=True,
    integrates=False,
)


def owa_edition(build: Build) -> OwaEdition:
    """Outlook Web App as a server of this build has it."""
    version = version_of(build)
    if version is ExchangeVersion.V2010:
        return OWA_2010 if build[:2] >= _FIRST_SERVICE_PACK else OWA_2010_RTM
    return OWA_2016 if version.stores_overrides else OWA_2013
