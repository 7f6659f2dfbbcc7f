"""The papermill engine of this project's notebooks, found by papermill through its entry point.

Importing this module imports nothing heavy: papermill does so for every notebook of everybody. Our engine runs only
notebooks that carry ``metadata.runbook``; all others go to papermill's own.
"""

from __future__ import annotations

import sys
from typing import Any


class Dispatcher:
    """Chooses the engine by the notebook. Registered as papermill's default, and by the name ``runbook``."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **options: Any) -> Any:
        if "runbook" not in nb.metadata:
            from papermill.engines import NBClientEngine

            return NBClientEngine.execute_notebook(nb, kernel_name, **options)
        from runbook.notebook_engine.engine import execute

        return execute(nb, kernel_name, **options)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> Any:
        from papermill.utils import nb_kernel_name

        return nb_kernel_name(nb, name)

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> Any:
        from papermill.utils import nb_language

        return nb_language(nb, language)


def _become_default() -> None:
    """papermill loads entry points while it is being imported: its register of engines is there already."""
    engines = getattr(sys.modules.get("papermill.engines"), "papermill_engines", None)
    if engines is not None:
        engines.register(None, Dispatcher)


_become_default()
