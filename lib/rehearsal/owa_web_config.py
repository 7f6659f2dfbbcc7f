"""OWA's web.config on a server of Exchange 2013 and later, and on one of 2010.

The shape is that of recorded files (CSS-Exchange, Exchange 2016 back end and front end): UTF-8 with a byte order mark,
CRLF line ends, comments, a carriage return written as a character reference, assembly bindings with a namespace of
their own, ``location`` elements. The words are ours and the length is cut.
"""

from __future__ import annotations

_BACK_END = """<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <configSections>
    <section name="overrideList" type="System.Configuration.NameValueSectionHandler" />
  </configSections>
  <!-- Outlook Web App: how the application behaves on this server. A cumulative update puts a new file here. -->
  <runtime>
    <gcServer enabled="true" />
    <assemblyBinding xmlns="urn:schemas-microsoft-com:asm.v1">
      <dependentAssembly>
        <!-- lets the instant messaging provider, built for an older version, load into this one -->
        <assemblyIdentity name="Microsoft.Exchange.InstantMessaging" culture="neutral" />
        <bindingRedirect oldVersion="14.0.0.0-14.16.65535.65535" newVersion="15.0.0.0" />
      </dependentAssembly>
      <probing privatePath="bin;bin\\auth" />
    </assemblyBinding>
  </runtime>
  <appSettings>
    <add key="aspnet:MaxHttpCollectionKeys" value="100000" />
    <!-- how long a mailbox session is kept -->
    <add key="MailboxSessionTimeoutInMinutes" value="15" />
    <add key="LogFormat" value="time,user,&#xD;action" />
    <add key="ClientSideLogging" value="true" />
    <add key="HealthProbeMaximumAge" value="00:05:00" />
  </appSettings>
  <system.net>
    <defaultProxy>
      <proxy usesystemdefault="True" bypassonlocal="True" />
      <bypasslist>
        <add address=".*" />
      </bypasslist>
    </defaultProxy>
  </system.net>
  <system.web>
    <httpRuntime maxRequestLength="35000" requestPathInvalidCharacters="" enableVersionHeader="false" />
    <compilation defaultLanguage="c#" debug="false" />
    <customErrors mode="Off" />
  </system.web>
  <system.webServer>
    <modules runAllManagedModulesForAllRequests="false" />
    <httpProtocol>
      <customHeaders>
        <add name="X-Content-Type-Options" value="nosniff" />
      </customHeaders>
    </httpProtocol>
  </system.webServer>
  <location path="auth">
    <appSettings>
      <add key="MailboxSessionTimeoutInMinutes" value="5" />
    </appSettings>
    <system.web>
      <authorization>
        <allow users="*" />
      </authorization>
    </system.web>
  </location>
</configuration>
"""

_FRONT_END = """<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <appSettings>
    <add key="HttpProxy.ProtocolType" value="Owa" />
    <add key="HttpProxy.RequestBufferInKB" value="64" />
  </appSettings>
  <system.web>
    <customErrors mode="Off" />
  </system.web>
</configuration>
"""

_EXCHANGE_2010 = """<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <appSettings>
    <add key="MailboxSessionTimeoutInMinutes" value="15" />{keys}
  </appSettings>
  <system.web>
    <httpRuntime maxRequestLength="35000" enableVersionHeader="false" />
    <customErrors mode="Off" />
  </system.web>
</configuration>
"""
_KEYS_OF_RTM = "".join(
    f'\n    <add key="{key}" value="" />' for key in ("IMPoolName", "IMCertificateIssuer", "IMCertificateSerialNumber")
)


def exchange_2010(*, with_keys: bool) -> bytes:
    """The file of Exchange 2010 on a client access server; RTM's comes with three empty keys (B1). *Assumed* else."""
    return _windows(_EXCHANGE_2010.format(keys=_KEYS_OF_RTM if with_keys else ""))


def back_end() -> bytes:
    """The file that Outlook Web App itself reads, on a mailbox server (L53, L55)."""
    return _windows(_BACK_END)


def back_end_with_keys(server_name: str, thumbprint: str) -> bytes:
    """The same with the two keys in it, as the procedure for Exchange 2013 leaves it (L56, L57)."""
    keys = "".join(
        f'    <add key="{key}" value="{value}" />\n'
        for key, value in (("IMCertificateThumbprint", thumbprint), ("IMServerName", server_name))
    )
    head, end, tail = _BACK_END.partition("  </appSettings>\n")
    return _windows(head + keys + end + tail)


def front_end() -> bytes:
    """The other file of that name, of the proxy on a client access server: the wrong one to edit (B3)."""
    return _windows(_FRONT_END)


def _windows(text: str) -> bytes:
    return b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
