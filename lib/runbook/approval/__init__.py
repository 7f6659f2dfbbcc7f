"""Approval of a plan by a second person: the plan file, the signed approval, and whether a run may apply it.

:mod:`~runbook.approval.planfile` writes and reads ``plan.json``, :mod:`~runbook.approval.statement` signs and reads
``approval.json``, :mod:`~runbook.approval.judge` compares both with a run. docs/approval.md tells how it is used.
"""
