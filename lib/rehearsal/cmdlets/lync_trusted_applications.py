"""Trusted applications: an identity and a port in a trusted application pool.

Stored with the prefix ``urn:application:`` and unique by id and by port within the pool (documented).
"""

from __future__ import annotations

import re
from dataclasses import replace

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.lync_objects import trusted_application
from rehearsal.cmdlets.lync_store import (
    FILTER,
    FORCE,
    command_type,
    not_found,
    publish,
    published,
    refuse,
    selected,
    world_of,
    writable,
)
from rehearsal.lync_topology import (
    APPLICATION_PREFIX,
    TopologyDocument,
    TrustedApplication,
    same,
    stored_application_id,
)

_KIND = "ExternalApplicationIdentity"
_NAMED = "AppIdAndPoolFqdn"
_PORT = Parameter(kind="Int32")
_ID = re.compile(r"[A-Za-z0-9._-]+")
"""What an ApplicationId may hold; that blanks and others are refused is documented, which others is assumed (L38)."""


@cmdlet(
    "Get-CsTrustedApplication",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Get-CsTrustedApplication.md",
    parameters={
        "Identity": Parameter(kind=_KIND, position=0, sets=("Identity",)),
        "Filter": FILTER,
        "ApplicationId": Parameter(sets=("ParentAndRelativeKey",)),
        "TrustedApplicationPoolFqdn": Parameter(sets=("ParentAndRelativeKey",)),
    },
    default_set="Identity",
    command_type=command_type("Get-CsTrustedApplication"),
)
def get_cs_trusted_application(call: Call) -> None:
    document = published(call)
    pool, wanted = call.get("TrustedApplicationPoolFqdn"), call.get("ApplicationId")
    for one in selected(call, document.applications, lambda one: one.identity, _short_identity):
        if pool is not None and not same(one.pool, str(pool)):
            continue
        if wanted is not None and one.application_id != stored_application_id(str(wanted)):
            continue
        call.output(trusted_application(document, one))


@cmdlet(
    "New-CsTrustedApplication",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="New-CsTrustedApplication.md; L36 to L40",
    parameters={
        "Identity": Parameter(kind=_KIND, position=0, sets=("Identity",)),
        "ApplicationId": Parameter(mandatory=True, sets=(_NAMED,)),
        "TrustedApplicationPoolFqdn": Parameter(mandatory=True, sets=(_NAMED,)),
        "Port": replace(_PORT, mandatory=True),
        "EnableTcp": SWITCH,
        "LegacyApplicationName": Parameter(),
        **FORCE,
    },
    should_process=True,
    default_set="Identity",
    remote=False,
    command_type=command_type("New-CsTrustedApplication"),
)
def new_cs_trusted_application(call: Call) -> None:
    with world_of(call).lock:
        document = writable(call)
        name, short = _asked(call)
        pool = document.trusted_pool(name)
        if pool is None:
            refuse(call, f'There is no trusted application pool "{name}".', "PoolNotFound", target=name)
        application = TrustedApplication(
            pool=pool.fqdn,
            application_id=stored_application_id(short),
            port=_port(call),
            legacy_name=str(call.get("LegacyApplicationName", short.lower())),
            tcp=call.switch("EnableTcp"),
        )
        if document.application(application.identity):
            refuse(call, f'A trusted application "{application.identity}" already exists.', "ApplicationExists")
        _check_port_is_free(call, document, application)
        if not call.should_process(application.identity):
            return
        changed = document.with_application(application)
        publish(call, changed)
        call.output(trusted_application(changed, application))


@cmdlet(
    "Set-CsTrustedApplication",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Set-CsTrustedApplication.md",
    parameters={"Identity": Parameter(kind=_KIND, position=0), "Port": _PORT, **FORCE},
    should_process=True,
    remote=False,
    command_type=command_type("Set-CsTrustedApplication"),
)
def set_cs_trusted_application(call: Call) -> None:
    with world_of(call).lock:
        document = writable(call)
        application = _existing(call, document)
        if application is None or not call.given("Port"):
            return
        changed = replace(application, port=_port(call))
        _check_port_is_free(call, document, changed)
        if call.should_process(application.identity):
            publish(call, document.with_application(changed))


@cmdlet(
    "Remove-CsTrustedApplication",
    module="Lync",
    basis=Basis.DOCUMENTED,
    source="Remove-CsTrustedApplication.md; L24",
    parameters={"Identity": Parameter(kind=_KIND, mandatory=True, position=0, by_property_name=True), **FORCE},
    should_process=True,
    remote=False,
    command_type=command_type("Remove-CsTrustedApplication"),
)
def remove_cs_trusted_application(call: Call) -> None:
    with world_of(call).lock:
        document = writable(call)
        application = _existing(call, document)
        if application is not None and call.should_process(application.identity):
            publish(call, document.without_application(application))


def _short_identity(one: TrustedApplication) -> str:
    return f"{one.pool}/{one.application_id.removeprefix(APPLICATION_PREFIX)}"


def _existing(call: Call, document: TopologyDocument) -> TrustedApplication | None:
    identity = str(call.get("Identity") or "")
    application = document.application(identity)
    if application is None:
        not_found(call, identity)
    return application


def _asked(call: Call) -> tuple[str, str]:
    """The pool's FQDN and the application's id, of which an Identity is made, too."""
    if call.parameter_set == _NAMED:
        pool, name = str(call.get("TrustedApplicationPoolFqdn")), str(call.get("ApplicationId"))
    else:
        pool, _, name = str(call.get("Identity") or "").partition("/")
    short = name[len(APPLICATION_PREFIX) :] if name.lower().startswith(APPLICATION_PREFIX) else name
    if not _ID.fullmatch(short):
        refuse(
            call,
            f'"{name}" is not a valid ApplicationId: blanks and other special characters are not allowed.',
            "InvalidApplicationId",
            target=name,
        )
    return pool, short


def _port(call: Call) -> int:
    port = int(call.get("Port"))
    if not 1 <= port <= 65535:
        refuse(call, f"{port} is not a port: it must be between 1 and 65535.", "InvalidPort", target=str(port))
    return port


def _check_port_is_free(call: Call, document: TopologyDocument, application: TrustedApplication) -> None:
    for other in document.applications_of(application.pool):
        if other.port == application.port and other.application_id != application.application_id:
            refuse(
                call,
                f'The port {application.port} is used in the pool "{application.pool}" by "{other.application_id}".',
                "PortInUse",
                target=str(application.port),
            )
