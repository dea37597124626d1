"""`rag users`: who may ask, where the chat asks for a login."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from rag.config import Settings, load_settings

users_app = typer.Typer(
    help="Who may ask: with at least one user the chat and its API ask for a login.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="The user's name.")]


@users_app.command()
def add(
    name: Name,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
) -> None:
    """Add a user and print an API key, this once."""
    from rag.users import Users

    settings = load_settings()
    users = Users.load(settings.users)
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    if users.get(name) is None:  # one of the same name may have gone some other way
        _forget(settings, name)
    key = users.add(name, password)
    typer.echo(f"added {name} to {users.path}; the API key, shown this once:", err=True)
    typer.echo(key)


@users_app.command("list")
def list_users() -> None:
    """Print the names, one a line."""
    from rag.users import Users

    for name in Users.load(load_settings().users).names():
        typer.echo(name)


@users_app.command()
def remove(name: Name) -> None:
    """Remove a user, with the conversations; what is open under the name is closed."""
    from rag.users import Users

    settings = load_settings()
    users = Users.load(settings.users)
    users.require(name)
    _forget(settings, name)  # first: where that fails the user is still there to be removed
    users.remove(name)
    left = "" if users.names() else "; nobody is left, so from the next start no login is asked for"
    typer.echo(f"removed {name} from {users.path}{left}", err=True)


@users_app.command()
def key(name: Name) -> None:
    """Print a new API key, this once; the one before ends."""
    from rag.users import Users

    users = Users.load(load_settings().users)
    new = users.new_key(name)
    typer.echo(f"the new API key of {name}, shown this once:", err=True)
    typer.echo(new)


def _forget(settings: Settings, name: str) -> None:
    """Delete what a user of the name had kept, so that a later one does not find it."""
    from rag.talks import Talks
    from rag.users import NAME, kept_as

    if NAME.fullmatch(kept := kept_as(name)):  # of any other `Users` says what is wrong
        Talks(settings.conversations).forget(kept)
