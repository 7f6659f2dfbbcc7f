"""Get- and Set-OwaMailboxPolicy."""

from __future__ import annotations

from dataclasses import replace

from rehearsal.cmdlet import SWITCH, Basis, Call, Parameter, cmdlet
from rehearsal.cmdlets.exchange_lookup import (
    DOMAIN_CONTROLLER,
    check_domain_controller,
    command_type,
    fail,
    find,
    identity,
    world_of,
)
from rehearsal.cmdlets.exchange_owa_objects import mailbox_policy
from rehearsal.cmdlets.exchange_settings import changed_settings, setting_parameters, warn_if_unchanged
from rehearsal.exchange_owa import OwaMailboxPolicy
from rehearsal.owa_settings import POLICY


@cmdlet(
    "Get-OwaMailboxPolicy",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Get-OwaMailboxPolicy.md",
    parameters={"Identity": identity("MailboxPolicyIdParameter"), **DOMAIN_CONTROLLER},
    command_type=command_type("Get-OwaMailboxPolicy"),
)
def get_owa_mailbox_policy(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    for policy in find(call, "Identity", world.exchange.owa.policies, _policy_name):
        call.output(mailbox_policy(world, policy))


@cmdlet(
    "Set-OwaMailboxPolicy",
    module="Exchange",
    basis=Basis.DOCUMENTED,
    source="Set-OwaMailboxPolicy.md; L69, L70",
    parameters={
        "Identity": identity("MailboxPolicyIdParameter", mandatory=True),
        **setting_parameters(POLICY),
        "IsDefault": SWITCH,
        "Name": Parameter(),
        **DOMAIN_CONTROLLER,
    },
    should_process=True,
    command_type=command_type("Set-OwaMailboxPolicy"),
)
def set_owa_mailbox_policy(call: Call) -> None:
    check_domain_controller(call)
    world = world_of(call)
    with world.lock:
        for policy in find(call, "Identity", world.exchange.owa.policies, _policy_name):
            if not call.should_process(policy.name):
                continue
            after = replace(
                policy,
                settings=changed_settings(call, POLICY, policy.settings),
                is_default=policy.is_default or call.switch("IsDefault"),
                name=_new_name(call, policy),
            )
            warn_if_unchanged(call, policy.name, after != policy)
            _put(call, policy, after)


def _put(call: Call, before: OwaMailboxPolicy, after: OwaMailboxPolicy) -> None:
    """Only one policy is the default; mailboxes keep the policy that they have, under its new name."""
    world = world_of(call)
    owa = world.exchange.owa
    if after.is_default and not before.is_default:
        for key, other in list(owa.policies.items()):
            if other.is_default:
                world.put(f"mailbox policy {other.name}", owa.policies, key, replace(other, is_default=False))
    if after.name != before.name:
        owa.policies[after.name.lower()] = owa.policies.pop(before.name.lower())
        for upn, mailbox in owa.mailboxes.items():
            if mailbox.policy == before.name:
                owa.mailboxes[upn] = replace(mailbox, policy=after.name)
    world.put(f"mailbox policy {before.name}", owa.policies, after.name.lower(), after)


def _new_name(call: Call, policy: OwaMailboxPolicy) -> str:
    """-Name, which nobody else may have."""
    name = str(call.get("Name") or policy.name)
    if name.lower() != policy.name.lower() and name.lower() in world_of(call).exchange.owa.policies:
        fail(
            call,
            f"The name '{name}' is already in use by another OWA mailbox policy.",
            "ADObjectAlreadyExistsException",
            namespace="Microsoft.Exchange.Data.Directory",
        )
    return name


def _policy_name(text: str) -> str:
    """A policy's name from its name or distinguished name."""
    return text.partition(",")[0][3:] if text.upper().startswith("CN=") else text
