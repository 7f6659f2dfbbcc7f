"""Who runs this process, and on which computer, as every line of a ledger says."""

from __future__ import annotations

import os
import socket
import sys


def actor() -> str:
    """The account of the operating system that this process runs as, not what an environment variable claims."""
    if sys.platform == "win32":
        domain = os.environ.get("USERDOMAIN", "")
        return "\\".join(filter(None, (domain, os.getlogin())))
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container's user that has no name
        return f"uid {os.geteuid()}"


def host() -> str:
    """This computer's own name."""
    return socket.gethostname()
