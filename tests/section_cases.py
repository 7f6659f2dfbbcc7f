"""Decision cases: small YAML files that change a healthy organisation and say what must be found and planned.

Keys of ``set`` are paths with ``/`` into the healthy file (``facts/back_ends/0/listeners``); a value ``@name`` is the
thumbprint of a certificate, and ``@{name}`` within a text too. A fact ``{healthy: folder}`` stands for all facts of
that folder's healthy file. ``findings`` are those
above *info*, in any order, each with what it should say of itself; ``also`` are ids of further, informative ones,
``never`` of those (with or without a server) that must not be there.
``changes`` are ``[command, object]`` in order.
"""

from __future__ import annotations

import copy
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from ruamel.yaml import YAML

from certificate_factory import Recipe
from runbook.certificate import Certificate
from runbook.estate import Estate
from runbook.facts.windows import StoredCertificate

CASES = Path(__file__).parent / "cases"


def load(path: Path) -> Any:
    return YAML(typ="safe").load(path)


@cache
def certificates() -> dict[str, Certificate]:
    described = load(CASES / "prerequisites" / "_certificates.yaml")
    recipes: dict[str, Recipe] = {}
    for name, words in described.items():
        issuer = recipes[words["issuer"]] if "issuer" in words else None
        dates = {end: datetime.fromisoformat(words[end]) for end in ("start", "end") if end in words}
        more = {key: words[key] for key in ("ca", "serial") if key in words}
        recipes[name] = Recipe(words["cn"], issuer=issuer, san=tuple(words.get("san", ())), **dates, **more)
    return {name: recipe.make() for name, recipe in recipes.items()}


def estate(document: Any = None) -> Estate:
    return Estate.model_validate(load(CASES / "_estate.yaml") if document is None else document)


def merged(folder: str, changes: dict[str, Any]) -> dict[str, Any]:
    """The healthy document of a folder, its own estate or the common one included, with the case's changes."""
    document: dict[str, Any] = copy.deepcopy(load(CASES / folder / "_healthy.yaml"))
    document.setdefault("estate", load(CASES / "_estate.yaml"))
    for name, fact in document["facts"].items():
        if isinstance(fact, dict) and list(fact) == ["healthy"]:
            document["facts"][name] = load(CASES / fact["healthy"] / "_healthy.yaml")["facts"]
    document = _unshared(document)
    for path, value in changes.items():
        if isinstance(value, str) and value.startswith("@"):
            value = certificates()[value[1:]].thumbprint
        *parents, last = path.split("/")
        place: Any = document
        for part in parents:
            place = place[int(part)] if isinstance(place, list) else place[part]
        if isinstance(place, list):
            place[int(last)] = value
        else:
            place[last] = value
    return document


def facts(kind: Any, document: Any) -> Any:
    """Facts of a dataclass from plain YAML; ``{cert: name, key: true}`` stands for an entry of a store."""
    return TypeAdapter(kind).validate_python(_with_certificates(document))


def _with_certificates(node: Any) -> Any:
    if isinstance(node, list):
        return [_with_certificates(item) for item in node]
    if isinstance(node, str):
        return re.sub(r"@\{([a-z0-9-]+)\}", lambda found: certificates()[found[1]].thumbprint, node)
    if not isinstance(node, dict):
        return node
    if "cert" in node:
        found = certificates()[node["cert"]]
        return StoredCertificate(thumbprint=found.thumbprint, has_private_key=node.get("key", False), certificate=found)
    if isinstance(node.get("certificate"), str) and node["certificate"] in certificates():
        node = {**node, "certificate": certificates()[node["certificate"]].thumbprint}
    return {key: _with_certificates(value) for key, value in node.items()}


def _unshared(node: Any) -> Any:
    """YAML's anchors make one object of two places; a case changes only the one that it names."""
    if isinstance(node, dict):
        return {key: _unshared(value) for key, value in node.items()}
    return [_unshared(item) for item in node] if isinstance(node, list) else node
