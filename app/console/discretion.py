"""What of a typed line may be remembered: nothing that was given as a secret."""

import shlex

import click

from app.config.toml_file import SECRETS as SECRET_SETTINGS
from app.console.offered import find

SECRET_PARAMETERS = frozenset({"password", "pin", "code", "passphrase", "secret", "token"})
"""Parameters of commands whose value is one."""


def memorable(group: click.Group, line: str) -> str:
    """The line as the history may keep it, or as much of it as names a command; "" is nothing.

    A line that cannot be understood is kept up to what is wrong with it: a secret may stand behind.
    """
    try:
        words = shlex.split(line)
    except ValueError:
        return ""
    context, rest = find(group, words)
    known = words[: len(words) - len(rest)]
    if isinstance(context.command, click.Group) and rest and not rest[0].startswith("-"):
        return shlex.join([*known, rest[0]])
    try:
        given = _given(context, rest)
    except click.ClickException:
        return shlex.join(known)
    return line if given is not None and not (given & SECRET_PARAMETERS) else shlex.join(known)


def _given(context: click.Context, rest: list[str]) -> set[str] | None:
    """Names of the parameters that these words give a value to; None: a secret setting's.

    Raises ClickException for words that the command would not take.
    """
    parser = context.command.make_parser(context)
    values, left, _ = parser.parse_args(list(rest))
    if left:
        raise click.UsageError("words too many")
    # What is not given has no value, or one that says so, as the version of click wants it.
    named = {
        name for name, value in values.items() if isinstance(value, str | tuple | list) and value
    }
    key = values.get("name") or values.get("key") or values.get("setting")
    secret = isinstance(key, str) and key.rpartition(".")[2] in SECRET_SETTINGS
    return None if secret else named
