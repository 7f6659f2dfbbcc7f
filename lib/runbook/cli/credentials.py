"""``runbook credentials``: accounts in the platform's keyring, never in a file."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer
from rich.console import Console

from runbook import credentials
from runbook.cli.sentences import in_sentences
from runbook.errors import InputError

Name = Annotated[str, typer.Argument(help="The reference's name: exchange-admin for cred:exchange-admin.")]

app = typer.Typer(no_args_is_help=True, help="Accounts behind cred:NAME, kept in the platform's keyring.")


def add_to(parent: typer.Typer) -> None:
    """Register the commands."""
    parent.add_typer(app, name="credentials")


@app.command("set")
@in_sentences
def set_command(
    name: Name, username: Annotated[str, typer.Option("--username", help="The account; asked for otherwise.")] = ""
) -> None:
    """Ask for a password and keep it with its user name in the keyring."""
    chosen = username or input("User name: ").strip()
    password = getpass.getpass("Password (not shown): ")
    if not chosen or not password:
        raise InputError("Nothing was kept: an account has a user name and a password.")
    credentials.store(_reference(name), chosen, password)
    Console().print(f"{_reference(name)} is in the keyring.")


@app.command("check")
@in_sentences
def check_command(name: Name) -> None:
    """Say whether an account is known, and as whom; the password is never shown."""
    found = credentials.default_broker().resolve(_reference(name))
    Console().print(f"{_reference(name)} is {found.username}.", markup=False)


@app.command("forget")
@in_sentences
def forget_command(name: Name) -> None:
    """Take an account out of the keyring."""
    if not credentials.forget(_reference(name)):
        raise InputError(f"{_reference(name)} isn't in the keyring.")
    Console().print(f"{_reference(name)} is forgotten.")


def _reference(name: str) -> str:
    return name if name.startswith("cred:") else f"cred:{name}"
