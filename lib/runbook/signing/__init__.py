"""Keys and signed statements: what records and approvals are signed with, and checked by.

:mod:`~runbook.signing.keys` holds a user's own key, :mod:`~runbook.signing.statement` the in-toto statement in its DSSE
envelope, :mod:`~runbook.signing.strict` the one spelling of the JSON files that are signed.
"""
