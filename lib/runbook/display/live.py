"""One output of a cell: a widget while its kernel lives, and the same as HTML and text wherever it doesn't."""

from __future__ import annotations

from collections.abc import Sequence

from IPython.display import DisplayHandle
from ipywidgets import HTML, VBox, Widget

from runbook.display.saving import WIDGET
from runbook.render.view import View


class Live:
    """Shown as the result of a cell. ``show`` may be called from any thread; ``view`` is what is saved."""

    def __init__(self, view: View, *children: Widget) -> None:
        self.view = view
        self.box = VBox(children=children or (html(view),))
        self.box.add_class("runbook")
        self._handles: list[DisplayHandle] = []

    def show(self, view: View, *children: Widget) -> None:
        """Replace what is shown: the widgets, else the view itself, and what a saved notebook keeps."""
        self.view = view
        self.box.children = children or (html(view),)
        for handle in self._handles:
            handle.update(self._bundle(), raw=True)  # type: ignore[no-untyped-call]

    def keep(self, view: View) -> None:
        """Replace only what a saved notebook keeps: the widgets show it already."""
        self.view = view
        for handle in self._handles:
            handle.update(self._bundle(), raw=True)  # type: ignore[no-untyped-call]

    def _ipython_display_(self) -> None:
        handle = DisplayHandle()  # type: ignore[no-untyped-call]
        self._handles.append(handle)
        handle.display(self._bundle(), raw=True)  # type: ignore[no-untyped-call]

    def _bundle(self) -> dict[str, object]:
        widget = {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id}
        return {WIDGET: widget, **self.view._repr_mimebundle_()}

    def __str__(self) -> str:
        return str(self.view)


def html(view: View) -> HTML:
    """A view as a widget. Its HTML is escaped by the templates: ipywidgets doesn't sanitise any (invariant 8)."""
    return HTML(value=framed(view))


def framed(view: View) -> str:
    """The HTML of a view as JupyterLab lays out other outputs; a widget's own lines stand far apart."""
    shown = view._repr_mimebundle_()["text/html"]
    return f'<div class="jp-RenderedHTMLCommon" style="padding-right:0">{shown}</div>'


def joined(views: Sequence[View]) -> View:
    """Several views as one, one under the other."""
    return View(html="\n".join(view.html for view in views), text="\n\n".join(view.text for view in views))
