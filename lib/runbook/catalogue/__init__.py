"""What the runbook knows of the procedures and of its own checks, as data: requirements by id, checks by id.

``requirements.yaml`` holds every statement of the procedures, ``checks/*.yaml`` one entry a finding that a section can
yield: what it means, why it matters, how to look by hand, how to mend it. ``runbook explain``, the pages under
``docs/checks/`` and the traceability table are views of them.
"""

from runbook.catalogue.checks import Check, check_named, checks
from runbook.catalogue.page import index, page
from runbook.catalogue.requirements import Requirement, requirement, requirements

__all__ = ["Check", "Requirement", "check_named", "checks", "index", "page", "requirement", "requirements"]
