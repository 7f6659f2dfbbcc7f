"""What JupyterLab saves of a notebook: what it showed, without widgets, which mean nothing once their kernel is gone.

JupyterLab would show *model not found* in the place of each when the notebook is opened again. An output that has HTML
beside its widget keeps that; one that was a widget and nothing else is left out.
"""

from __future__ import annotations

from typing import Any

WIDGET = "application/vnd.jupyter.widget-view+json"
STATE = "widgets"
"""The notebook's metadata in which widgets would keep their state, with whatever was typed into them."""


def without_widgets(model: dict[str, Any], **_: object) -> None:
    """A pre-save hook of Jupyter's contents manager: changes ``model`` in place, where it is a notebook's."""
    content = model.get("content")
    if model.get("type") != "notebook" or not isinstance(content, dict):
        return
    content.get("metadata", {}).pop(STATE, None)
    for cell in content.get("cells", []):
        if "outputs" in cell:
            cell["outputs"] = [output for output in cell["outputs"] if _is_left(output)]


def _is_left(output: dict[str, Any]) -> bool:
    data = output.get("data")
    if not isinstance(data, dict) or data.pop(WIDGET, None) is None:
        return True
    return bool(data.get("text/html"))
