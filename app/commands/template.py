"""`python -m app template …`: what inboxes may hold and for how long, for many people at once."""

from typing import Any

import click

from app.commands.common import actor, inbox, size
from app.commands.errors import reports_errors
from app.commands.output import Listing, say
from app.core.units import MB
from app.operations import templates as operations

DEFAULT = "default"
"""What is typed where the template, or the settings, are to say it."""


class Limit(click.ParamType[Any]):
    """A whole number, or `default`, which becomes None."""

    name = "number|default"

    def __init__(self, least: int = 0, unit: int = 1) -> None:
        self._least, self._unit = least, unit

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> "Chosen":
        """The chosen number, in octets where megabytes were typed."""
        if isinstance(value, Chosen):
            return value
        if str(value).lower() == DEFAULT:
            return Chosen(None)
        if not str(value).isascii() or not str(value).isdigit() or int(value) < self._least:
            self.fail(f"{value!r} is neither {DEFAULT!r} nor a number from {self._least} on")
        return Chosen(int(value) * self._unit)


class Chosen:
    """What was typed for a limit: a number, or None for `default`; not naming it is neither."""

    def __init__(self, value: int | None) -> None:
        self.value = value


MEGABYTES, COUNT = Limit(1, MB), Limit()


def chosen(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were typed, limits as numbers or None."""
    given = {name: value for name, value in options.items() if value is not None}
    return {name: v.value if isinstance(v, Chosen) else v for name, v in given.items()}


@click.group()
def template() -> None:
    """Templates: limits of inboxes that people are assigned to (`people change --template`)."""


@template.command("set")
@click.argument("name")
@click.option("--quota-mb", "quota", type=MEGABYTES, help="Size of the inbox, in MB.")
@click.option("--voicemails", type=COUNT, help="Number of voicemails; 0: any.")
@click.option("--heard-days", type=COUNT, help="Days that heard voicemail is kept; 0: for ever.")
@click.option("--unheard-days", type=COUNT, help="Days that unheard voicemail is kept.")
@click.option("--fetched-days", type=COUNT, help="Days that fetched mail is kept.")
@click.option("--unfetched-days", type=COUNT, help="Days that other mail is kept.")
@click.option("--grace-days", type=COUNT, help="Days that what was removed can be restored.")
@reports_errors
def set_(name: str, **limits: Chosen | None) -> None:
    """Make the template NAME, or change what is named; "default" is as the settings say.

    It holds at once for everybody who is assigned to it and has no limit of their own.
    """
    line = operations.set_template(inbox(), actor(), name, chosen(limits))
    say(f"{line.template.name} is set; it holds for {', '.join(line.members) or 'nobody yet'}")


@template.command("list")
@reports_errors
def list_() -> None:
    """Every template, with who is assigned to it."""
    table = Listing(
        "template", "size", "voicemails", "heard", "unheard", "fetched", "other", "bin", "people"
    )
    for line in operations.list_templates(inbox(), actor()):
        one = line.template
        days = (one.heard_days, one.unheard_days, one.fetched_days, one.unfetched_days)
        table.row(
            one.name,
            "-" if one.quota is None else size(one.quota),
            _shown(one.voicemails, "any"),
            *(_shown(value, "for ever") for value in days),
            _shown(one.grace_days, "0"),
            ", ".join(line.members) or "-",
        )
    table.show()


def _shown(value: int | None, at_0: str) -> str:
    if value is None:
        return "-"
    return str(value) if value else at_0


@template.command("rm")
@click.argument("name")
@reports_errors
def rm(name: str) -> None:
    """Remove a template that nobody is assigned to."""
    operations.remove_template(inbox(), actor(), name)
    say(f"the template {name} is removed")
