"""The settings of Outlook Web App: which a virtual directory and a policy have, of what kind, with which default.

Virtual directories: names, order, kinds and defaults recorded (CSS-Exchange E16 GetOwaVirtualDirectory export), less
what Set-OwaVirtualDirectory.md gives to later versions only. Mailbox policies: the names that Set-OwaMailboxPolicy.md
gives to 2013, in the order of the virtual directory (assumed), with its defaults. The long lists of file types
are cut short. InstantMessagingEnabled is True and InstantMessagingType None at first (L49, L51).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

FRONT_END = "Default Web Site"

ENUMS: dict[str, dict[str, int]] = {
    "RemoteDocumentsActions": {"Allow": 0, "Block": 1},
    "AttachmentBlockingActions": {"Allow": 0, "ForceSave": 1, "Block": 2},
    "LogonFormats": {"FullDomain": 0, "PrincipalName": 1, "UserName": 2},
    "ClientAuthCleanupLevels": {"High": 0, "Low": 1},
    "WebBeaconFilterLevels": {"UserFilterChoice": 0, "ForceFilter": 1, "DisableFilter": 2},
    "ExchwebProxyDestinations": {"MailboxServer": 0, "PublicFolderServer": 1, "NotSpecified": 2},
    "VirtualDirectoryTypes": {"Mailboxes": 0, "PublicFolders": 1, "Exchweb": 2, "Exadmin": 3, "NotSpecified": 4},
    "OutboundCharsetOptions": {"AlwaysUTF8": 0, "AutoDetect": 1, "UserLanguageChoice": 2},
    "WebPartsFrameOptions": {"Deny": 0, "AllowFrom": 1, "None": 2, "SameOrigin": 3},
    "AllowOfflineOnEnum": {"PrivateComputersOnly": 1, "NoComputers": 2, "AllComputers": 3},
    "InstantMessagingTypeOptions": {"None": 0, "Ocs": 1},
    "GzipLevel": {"Off": 0, "Low": 1, "High": 2, "Error": 3},
    "ExtendedProtectionTokenCheckingMode": {"None": 0, "Allow": 1, "Require": 2},
}
"""Names and numbers of each enum; those that are no default in the recorded export are from memory."""


@dataclass(frozen=True, slots=True)
class Setting:
    """``kind`` is Boolean, Int32, String, Uri, MultiValuedProperty or the name of an enum in :data:`ENUMS`.

    A setting that is not ``settable`` has no parameter of its name.
    """

    name: str
    kind: str
    default: Any
    settable: bool = True


def _switches(names: str, default: bool, *, settable: bool = True) -> Iterator[Setting]:
    return (Setting(name, "Boolean", default, settable) for name in names.split())


def _lists(**items: tuple[str, ...]) -> Iterator[Setting]:
    return (Setting(name, "MultiValuedProperty", default) for name, default in items.items())


_VIEWABLE_TYPES = (".xlsx", ".pptx", ".docx", ".xls", ".rtf", ".ppt", ".pps", ".pdf", ".dot", ".doc")
_VIEWABLE_MIME = (
    "application/vnd.ms-powerpoint",
    "application/vnd.ms-excel",
    "application/msword",
    "application/pdf",
)

_ATTACHMENTS = (
    *_switches(
        "DirectFileAccessOnPublicComputersEnabled DirectFileAccessOnPrivateComputersEnabled "
        "WebReadyDocumentViewingOnPublicComputersEnabled WebReadyDocumentViewingOnPrivateComputersEnabled",
        True,
    ),
    *_switches(
        "ForceWebReadyDocumentViewingFirstOnPublicComputers ForceWebReadyDocumentViewingFirstOnPrivateComputers",
        False,
    ),
    *_switches("WacViewingOnPublicComputersEnabled WacViewingOnPrivateComputersEnabled", True),
    *_switches("ForceWacViewingFirstOnPublicComputers ForceWacViewingFirstOnPrivateComputers", False),
)
_FILE_TYPES = (
    Setting("ActionForUnknownFileAndMIMETypes", "AttachmentBlockingActions", "Allow"),
    *_lists(WebReadyFileTypes=_VIEWABLE_TYPES, WebReadyMimeTypes=_VIEWABLE_MIME),
    Setting("WebReadyDocumentViewingForAllSupportedTypes", "Boolean", True),
    *_lists(
        WebReadyDocumentViewingSupportedMimeTypes=_VIEWABLE_MIME,
        WebReadyDocumentViewingSupportedFileTypes=_VIEWABLE_TYPES,
        AllowedFileTypes=(".xlsx", ".pptx", ".docx", ".zip", ".txt", ".png", ".pdf", ".jpg", ".gif", ".csv"),
        AllowedMimeTypes=("image/jpeg", "image/png", "image/gif", "image/bmp"),
        ForceSaveFileTypes=(".svgz", ".html", ".xml", ".swf", ".svg", ".htm"),
        ForceSaveMimeTypes=("Application/octet-stream", "application/xml", "image/svg+xml", "text/html", "text/xml"),
        BlockedFileTypes=(".vsmacros", ".ps1xml", ".gadget", ".jnlp", ".vbs", ".ps1", ".msi", ".exe", ".cmd", ".js"),
        BlockedMimeTypes=("application/x-javascript", "application/javascript", "text/javascript", "application/hta"),
    ),
)
_LANGUAGE = (
    Setting("DefaultClientLanguage", "Int32", 0),
    Setting("LogonAndErrorLanguage", "Int32", 0),
    *_switches("UseGB18030 UseISO885915", False),
    Setting("OutboundCharset", "OutboundCharsetOptions", "AutoDetect"),
)
_FEATURES = (
    *_switches(
        "GlobalAddressListEnabled OrganizationEnabled ExplicitLogonEnabled OWALightEnabled DelegateAccessEnabled "
        "IRMEnabled CalendarEnabled ContactsEnabled TasksEnabled JournalEnabled NotesEnabled "
        "RemindersAndNotificationsEnabled PremiumClientEnabled SpellCheckerEnabled SearchFoldersEnabled "
        "SignaturesEnabled ThemeSelectionEnabled JunkEmailEnabled UMIntegrationEnabled "
        "WSSAccessOnPublicComputersEnabled WSSAccessOnPrivateComputersEnabled ChangePasswordEnabled "
        "UNCAccessOnPublicComputersEnabled UNCAccessOnPrivateComputersEnabled ActiveSyncIntegrationEnabled "
        "AllAddressListsEnabled RulesEnabled PublicFoldersEnabled SMimeEnabled RecoverDeletedItemsEnabled "
        "InstantMessagingEnabled TextMessagingEnabled",
        True,
    ),
    *_switches("ForceSaveAttachmentFilteringEnabled", False),
    *_switches("SilverlightEnabled", True),
)
_DIRECTORY_FEATURES = (
    *_switches("PlacesEnabled", False, settable=False),
    *_switches("WeatherEnabled", True, settable=False),
    *_switches("LocalEventsEnabled", False, settable=False),
    *_switches("InterestingCalendarsEnabled", True, settable=False),
    *_switches("AllowCopyContactsToDeviceAddressBook AnonymousFeaturesEnabled IntegratedFeaturesEnabled", True),
    *_switches("DisplayPhotosEnabled SetPhotoEnabled", True),
    *_switches("PredictedActionsEnabled UserDiagnosticEnabled", False, settable=False),
    *_switches("ReportJunkEmailEnabled", True),
)
_LAST = (
    Setting("WebPartsFrameOptionsType", "WebPartsFrameOptions", "SameOrigin"),
    Setting("AllowOfflineOn", "AllowOfflineOnEnum", "AllComputers"),
    Setting("SetPhotoURL", "String", ""),
    Setting("InstantMessagingType", "InstantMessagingTypeOptions", "None"),
)

DIRECTORY_HEAD: tuple[Setting, ...] = (
    *_ATTACHMENTS,
    Setting("RemoteDocumentsActionForUnknownServers", "RemoteDocumentsActions", "Block"),
    *_FILE_TYPES,
    *_lists(
        RemoteDocumentsAllowedServers=(),
        RemoteDocumentsBlockedServers=(),
        RemoteDocumentsInternalDomainSuffixList=(),
    ),
    Setting("FolderPathname", "String", None, settable=False),
    Setting("Url", "MultiValuedProperty", (), settable=False),
    Setting("LogonFormat", "LogonFormats", "FullDomain"),
    Setting("ClientAuthCleanupLevel", "ClientAuthCleanupLevels", "High"),
    *_switches("LogonPagePublicPrivateSelectionEnabled LogonPageLightSelectionEnabled IsPublic", False),
    Setting("FilterWebBeaconsAndHtmlForms", "WebBeaconFilterLevels", "UserFilterChoice"),
    Setting("NotificationInterval", "Int32", 120),
    Setting("DefaultTheme", "String", ""),
    Setting("UserContextTimeout", "Int32", 60),
    Setting("ExchwebProxyDestination", "ExchwebProxyDestinations", None),
    Setting("VirtualDirectoryType", "VirtualDirectoryTypes", None),
)
"""The settings before OwaVersion and ServerName."""
DIRECTORY_BODY: tuple[Setting, ...] = (
    Setting("InstantMessagingCertificateThumbprint", "String", ""),
    Setting("InstantMessagingServerName", "String", ""),
    Setting("RedirectToOptimalOWAServer", "Boolean", True),
    *_LANGUAGE,
    *_FEATURES,
    *_DIRECTORY_FEATURES,
    *_LAST,
    Setting("Exchange2003Url", "Uri", None),
    Setting("FailbackUrl", "Uri", None),
)
"""The settings after them and before Name."""
DIRECTORY_WEB: tuple[Setting, ...] = (
    *_switches("BasicAuthentication", True),
    *_switches("WindowsAuthentication DigestAuthentication", False),
    *_switches("FormsAuthentication", True),
    *_switches("LiveIdAuthentication", False, settable=False),
    *_switches("AdfsAuthentication OAuthAuthentication", False),
    Setting("DefaultDomain", "String", ""),
    Setting("GzipLevel", "GzipLevel", "Low"),
)
"""What stands in IIS beside the directory, between MetabasePath and WebSite; -ADPropertiesOnly doesn't read it."""
DIRECTORY_PROTECTION: tuple[Setting, ...] = (
    Setting("ExtendedProtectionTokenChecking", "ExtendedProtectionTokenCheckingMode", "None"),
    *_lists(ExtendedProtectionFlags=(), ExtendedProtectionSPNList=()),
)
DIRECTORY_URLS: tuple[Setting, ...] = (
    Setting("InternalUrl", "Uri", None),
    Setting("ExternalUrl", "Uri", None),
    Setting("ExternalAuthenticationMethods", "MultiValuedProperty", ("Fba",)),
)
DIRECTORY: tuple[Setting, ...] = (
    *DIRECTORY_HEAD,
    *DIRECTORY_BODY,
    *DIRECTORY_WEB,
    *DIRECTORY_PROTECTION,
    *DIRECTORY_URLS,
)

POLICY: tuple[Setting, ...] = (
    *_ATTACHMENTS,
    *_FILE_TYPES,
    *_switches("PhoneticSupportEnabled", False),
    Setting("DefaultTheme", "String", ""),
    *_LANGUAGE,
    *_FEATURES,
    *_switches("AllowCopyContactsToDeviceAddressBook DisplayPhotosEnabled SetPhotoEnabled", True),
    *_switches("ReportJunkEmailEnabled GroupCreationEnabled WacExternalServicesEnabled WacOMEXEnabled", True),
    *_switches("SkipCreateUnifiedGroupCustomSharepointClassification", False),
    *_LAST,
)


def directory_defaults(fqdn: str, site: str) -> dict[str, Any]:
    """The settings that setup leaves on the virtual directory of a web site of a server."""
    settings = {one.name: one.default for one in DIRECTORY}
    if site == FRONT_END:
        settings["InternalUrl"] = f"https://{fqdn.lower()}/owa"
    else:
        # Users are authenticated at the front end; the back end trusts what it hands on.
        settings |= {"BasicAuthentication": False, "FormsAuthentication": False, "WindowsAuthentication": True}
    return settings


def policy_defaults() -> dict[str, Any]:
    """The settings of a new mailbox policy, ``Default`` included."""
    return {one.name: one.default for one in POLICY}
