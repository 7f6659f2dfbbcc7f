"""A topology document as XML and as an exported configuration.

The namespace and the element names follow Topology Builder's files as far as they are known (assumed); nothing here
reads them back.
"""

from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree

from rehearsal.lync_topology import LyncPool, TopologyDocument, TrustedPool

NAMESPACE = "urn:schema:Microsoft.Rtc.Management.Deploy.Topology.2008"


def topology_xml(document: TopologyDocument) -> str:
    """The whole document, indented."""
    root = ElementTree.Element("Topology", {"xmlns": NAMESPACE, "Signature": "Lync Server 2013"})
    domains = ElementTree.SubElement(root, "InternalDomains", {"DefaultDomain": document.sip_domains[0]})
    for domain in document.sip_domains:
        ElementTree.SubElement(domains, "InternalDomain", {"Name": domain, "Default": str(len(domains) == 0).lower()})
    sites = ElementTree.SubElement(root, "Sites")
    for site in document.sites:
        element = ElementTree.SubElement(sites, "CentralSite", {"SiteId": site.site_id, "Identity": site.identity})
        ElementTree.SubElement(element, "Name").text = site.display_name
    clusters = ElementTree.SubElement(root, "Clusters")
    for pool in document.all_pools:
        _cluster(clusters, pool)
    services = ElementTree.SubElement(root, "Services")
    for lync in document.pools:
        for role in lync.services:
            ElementTree.SubElement(services, "Service", {"RoleName": role, "Pool": lync.fqdn})
    for trusted in document.trusted_pools:
        _external_server(services, document, trusted)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode")


def configuration_archive(document: TopologyDocument) -> bytes:
    """What Export-CsConfiguration gives: a ZIP file; equal documents give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (("Header.xml", "<Header />"), ("DocItemSet.xml", topology_xml(document))):
            entry = zipfile.ZipInfo(name, date_time=(2013, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0
            archive.writestr(entry, content)
    return buffer.getvalue()


def _cluster(parent: ElementTree.Element, pool: LyncPool | TrustedPool) -> None:
    element = ElementTree.SubElement(parent, "Cluster", {"Fqdn": pool.fqdn, "Site": pool.site})
    machines = ElementTree.SubElement(element, "Machines")
    for number, fqdn in enumerate(pool.computers, start=1):
        ElementTree.SubElement(machines, "Machine", {"OrdinalInCluster": str(number), "Fqdn": fqdn})


def _external_server(parent: ElementTree.Element, document: TopologyDocument, pool: TrustedPool) -> None:
    attributes = {
        "RoleName": "ExternalServer",
        "Pool": pool.fqdn,
        "Registrar": pool.registrar or "",
        "Instance": str(pool.service_number),
        "RequiresReplication": str(pool.requires_replication).lower(),
    }
    element = ElementTree.SubElement(parent, "Service", attributes)
    for application in document.applications_of(pool.fqdn):
        ElementTree.SubElement(
            element,
            "TrustedApplication",
            {"ApplicationId": application.application_id, "Port": str(application.port)},
        )
