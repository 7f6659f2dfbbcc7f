"""What comes over the wire, and what of it may be believed: pypsrp carries it, these judge it."""
