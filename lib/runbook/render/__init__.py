"""Findings, plans and outcomes as HTML and as text.

Pure: values in, strings out. Every word that came from a server or a file is escaped by the template
engine (invariant 8), and the same HTML is shown live, in the saved notebook and in the report.
"""

from runbook.render.view import View as View
from runbook.render.views import BoundServer as BoundServer
from runbook.render.views import binding as binding
from runbook.render.views import findings as findings
from runbook.render.views import message as message
from runbook.render.views import outcomes as outcomes
from runbook.render.views import plan as plan
