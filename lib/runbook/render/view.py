"""One thing to show, as HTML and as text, in one MIME bundle."""

from __future__ import annotations

from dataclasses import dataclass

from runbook.secrecy import scrubbed


@dataclass(frozen=True, slots=True)
class View:
    """What a notebook cell shows: HTML for the browser, text for everything else."""

    html: str
    text: str

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": scrubbed(self.html), "text/plain": scrubbed(self.text)}

    def __str__(self) -> str:
        return str(scrubbed(self.text))
