"""Every known way that the integration fails, each as one thing that is wrong in an organisation that works.

Sources: requirements.md and real-world.md B1 to B6. ``FAULTS`` is in the order in which several are brought about
together: a certificate that is replaced is named in the settings anew, so what is wrong with those comes after it.
"""

from __future__ import annotations

from rehearsal.faults import (
    certificates,
    hybrid,
    outlook_web_app,
    overrides,
    people,
    provider,
    symptoms,
    topology,
    way,
    web_config,
)
from rehearsal.faults.fault import Fault
from rehearsal.faults.healthy import healthy_world
from rehearsal.topologies import TOPOLOGIES

FAULTS: dict[str, Fault] = {
    one.id: one
    for module in (
        provider,
        topology,
        certificates,
        web_config,
        overrides,
        outlook_web_app,
        people,
        way,
        hybrid,
        symptoms,
    )
    for one in module.FAULTS
}


def catalogue() -> list[dict[str, object]]:
    """All of them as JSON values, with the topologies that each fits."""
    worlds = {name: healthy_world(name) for name in TOPOLOGIES}
    return [
        {
            "id": one.id,
            "meaning": one.meaning,
            "requirements": list(one.requirements),
            "topologies": [name for name, world in worlds.items() if one.fits(world)],
            "repair": one.repair.value,
        }
        for one in FAULTS.values()
    ]
