"""The few controls that panels are made of, each with its label, none wider than its cell."""

from __future__ import annotations

from collections.abc import Callable

from ipywidgets import HTML, Button, HBox, Layout, Text, Widget

from runbook.render.templating import environment

_STATUS = environment("runbook.render").from_string(
    '<p role="status" style="margin:.3em 0">{{ sentences | join(" ") }}</p>'
)


def field(label: str, value: str = "", *, told: Callable[[], None], placeholder: str = "") -> Text:
    """A line to type in, its label before it; ``told`` is called at each key."""
    box = Text(
        value=value,
        description=label,
        placeholder=placeholder,
        continuous_update=True,
        style={"description_width": "initial"},
        layout=Layout(width="100%", max_width="46em"),
    )
    box.observe(lambda _: told(), names="value")
    return box


def button(label: str, pressed: Callable[[], None], *, kind: str = "", enabled: bool = True) -> Button:
    """``kind`` is one of ipywidgets' styles: primary, danger, warning or none."""
    control = Button(description=label, button_style=kind, disabled=not enabled, layout=Layout(width="auto"))
    control.on_click(lambda _: pressed())
    return control


def heard_while_busy(control: Button) -> Button:
    """A button that is heard while its kernel runs a cell, where kernel and JupyterLab have subshells for that.

    From 7.4 on ipykernel answers a widget where it was last spoken to from, which is the busy main shell; JupyterLab
    names the subshell, and that is the right one here. Elsewhere the kernel's own interrupt does the same.
    """
    if hasattr(control.comm, "_reply_subshell_for"):
        control.comm._reply_subshell_for = lambda data, named: named
    return control


def row(*widgets: Widget) -> HBox:
    """Side by side, and one under the other where there is no room."""
    return HBox(children=widgets, layout=Layout(flex_flow="row wrap", align_items="center"))


def status(*sentences: str) -> HTML:
    """A line that a screen reader says when it changes."""
    widget = HTML()
    say(widget, *sentences)
    return widget


def say(widget: HTML, *sentences: str) -> None:
    """Change what a status line says; the words are escaped."""
    widget.value = _STATUS.render(sentences=sentences)
