"""Whether somebody sits before the notebook: only then are there widgets."""

from __future__ import annotations

import os
from collections.abc import Mapping

SESSION_VARIABLE = "JPY_SESSION_NAME"
"""Set by Jupyter's server in the kernels that it starts for a notebook; papermill, nbval and nbconvert don't set it."""


def is_interactive(chosen: bool | None = None, environment: Mapping[str, str] = os.environ) -> bool:
    """``chosen`` where it is given, else whether a Jupyter server started this kernel."""
    return bool(environment.get(SESSION_VARIABLE)) if chosen is None else chosen
