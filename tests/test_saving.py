"""What JupyterLab saves of a notebook with widgets: their HTML, and nothing of the widgets themselves."""

from __future__ import annotations

from typing import Any

from runbook.display.saving import STATE, WIDGET, without_widgets


def _saved(*outputs: dict[str, Any]) -> dict[str, Any]:
    cells = [{"cell_type": "markdown", "source": "x"}, {"cell_type": "code", "source": "y", "outputs": list(outputs)}]
    model = {"type": "notebook", "content": {"metadata": {STATE: {"secret": "typed"}}, "cells": cells}}
    without_widgets(model=model, path="x.ipynb", contents_manager=None)
    return model["content"]


def _shown(**data: object) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": data}


def test_what_stands_beside_a_widget_is_kept():
    kept = {"text/html": "<table></table>", "text/plain": "table"}
    content = _saved(_shown(**kept, **{WIDGET: {"model_id": "1"}}))
    assert content["cells"][1]["outputs"] == [_shown(**kept)]


def test_a_widget_alone_leaves_nothing():
    assert _saved(_shown(**{WIDGET: {"model_id": "1"}, "text/plain": "VBox(…)"}))["cells"][1]["outputs"] == []


def test_the_state_of_widgets_is_never_kept():
    assert STATE not in _saved()["metadata"]


def test_all_other_outputs_stay():
    others = [
        {"output_type": "stream", "name": "stdout", "text": "x"},
        {"output_type": "error", "ename": "E", "evalue": "x", "traceback": []},
        _shown(**{"text/plain": "3"}),
    ]
    assert _saved(*others)["cells"][1]["outputs"] == others


def test_what_is_no_notebook_is_left_alone():
    for model in ({"type": "file", "content": "text"}, {"type": "directory"}, {"type": "notebook"}):
        before = dict(model)
        without_widgets(model=model)
        assert model == before
