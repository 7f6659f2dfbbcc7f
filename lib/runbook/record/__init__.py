"""Evidence of a run: one folder, signed, that anybody can check.

==========================  ======================================================================
``events.jsonl``            the ledger, as it was written while the run went on
``record.ipynb``            the executed notebook, where the run was started by ``runbook``
``record.html``             the run told to people
``plan.json``               what was to be changed, and what was left
``before/``, ``after/``     every observed object, as JSON and as text
``ro-crate-metadata.json``  what these files are
``statement.dsse.json``     signed statement over the digests of all of them; a record without it is open
==========================  ======================================================================

:func:`close` makes it at the end of a run, :func:`verify` and :mod:`runbook.record.links` check it; docs/records.md.
"""

from runbook.record.bundle import CLOSER_VARIABLE as CLOSER_VARIABLE
from runbook.record.bundle import Closed as Closed
from runbook.record.bundle import close as close
from runbook.record.bundle import is_left_open as is_left_open
from runbook.record.bundle import was_closed as was_closed
from runbook.record.verify import State as State
from runbook.record.verify import Verified as Verified
from runbook.record.verify import verify as verify
from runbook.signing.keys import OwnKey as OwnKey
from runbook.signing.keys import own_key as own_key
