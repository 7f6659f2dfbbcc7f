"""How a form looks: in JupyterLab's own colours, light and dark; a state is a sign and a word as well."""

from __future__ import annotations

import html

from runbook.render.templating import visible

STYLE = """
.runbook-form { overflow: hidden; padding: 2px; }
.runbook-form h4 { margin: 1em 0 .2em; border-bottom: 1px solid var(--jp-border-color2, currentColor); }
.runbook-form .widget-label { text-align: left; }
.runbook-help { margin: 0 0 .4em 13.6em; line-height: 1.35; color: var(--jp-ui-font-color2, inherit); max-width: 46em; }
.runbook-help .widget-html-content { line-height: 1.35; }
.runbook-form select { appearance: auto; background-image: none; }
.runbook-unseen { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
.runbook-said { line-height: 1.35; max-width: 60em; overflow-wrap: anywhere; }
.runbook-help .runbook-help .widget-html-content { line-height: 1.35; }
.runbook-form select { appearance: auto; background-image: none; }
.runbook-unseen { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
.runbook-said { margin: .1em 0; }
.runbook-wrong { color: var(--jp-error-color1, inherit); font-weight: 600; }
.runbook-fine { color: var(--jp-ui-font-color1, inherit); }
.runbook-quiet { color: var(--jp-ui-font-color2, inherit); }
.runbook-form :focus-visible { outline: 2px solid var(--jp-brand-color1, currentColor); outline-offset: 1px; }
@media (max-width: 900px) { .runbook-help { margin-left: 0; } }
"""


def message(sign: str, words: str, kind: str, *, role: str = "") -> str:
    """One sentence or several, escaped, line by line; ``role`` makes a screen reader tell it as it comes up."""
    if not words:
        return ""
    lines = "<br>".join(html.escape(visible(line)) for line in words.splitlines())
    named = f' role="{role}"' if role else ""
    return f'<div class="runbook-said runbook-{kind}"{named}>{html.escape(sign)} {lines}</div>'
