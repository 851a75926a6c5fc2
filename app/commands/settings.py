"""`python -m app settings …`: what can be set, what is set, and setting it."""

from collections.abc import Mapping
from typing import Any

import click
from rich.table import Table

from app.appliance import open_inbox
from app.commands.common import actor, console, inbox
from app.commands.errors import reports_errors
from app.config.paths import here
from app.config.services import PLANS
from app.config.settings import Settings, SettingsError, annotated
from app.operations import settings as operations
from app.operations.running import Restarts


@click.group("settings", invoke_without_command=True)
@click.pass_context
def settings_(context: click.Context) -> None:
    """Settings with their meaning; without a command, a settings file that shows all of them."""
    if context.invoked_subcommand is None:
        click.echo(annotated(), nl=False)


@settings_.command("list")
@reports_errors
def list_() -> None:
    """Every setting: its value, and what it means."""
    table = Table("setting", "value", "meaning", box=None)
    for line in operations.list_settings(actor(), here().settings()):
        value = f"{line.shown or '-'}{' (default)' if line.by_default else ''}"
        table.add_row(
            line.setting.name, value, f"{line.setting.meaning} {line.setting.allowed}".strip()
        )
    console.print(table, markup=False)


@settings_.command("get")
@click.argument("name")
@reports_errors
def get(name: str) -> None:
    """The value of the setting NAME, such as site.country, and nothing else."""
    click.echo(operations.get_setting(actor(), here().settings(), name).shown)


@settings_.command("set")
@click.argument("name")
@click.argument("value", required=False)
@click.option("--default", "clear", is_flag=True, help="Take it out: its default holds again.")
@click.option("--now", is_flag=True, help="Restart the telephones, too, if a call goes on.")
@reports_errors
def set_(name: str, value: str | None, clear: bool, now: bool) -> None:
    """Give the setting NAME the VALUE; lists with commas: 101,102.

    Comments in the settings file stay. Services that need it are started again, the telephones
    only if nobody is on the line.
    """
    if (value is None) is not clear:
        raise click.UsageError("either a VALUE or --default is needed")
    paths = here()
    paths.make()
    try:
        known = paths.settings()
    except SettingsError:
        known = Settings()  # this very change may mend it
    box = open_inbox(paths, known)

    def plans(settings: Settings) -> Mapping[str, Any]:
        return {service: work(paths, settings) for service, work in PLANS.items()}

    changed = operations.set_setting(box, actor(), paths, name, value, plans, now)
    allowed = f" {changed.setting.allowed}" if changed.setting.allowed else ""
    console.print(f"{name}: {changed.old or '-'} → {changed.new or '-'}", markup=False)
    console.print(f"  {changed.setting.meaning}{allowed}", markup=False)
    _show_restarts(changed.restarts)
    for problem in changed.problems:
        console.print(f"ATTENTION: {problem}", markup=False)


@settings_.command("apply")
@click.option("--now", is_flag=True, help="Restart the telephones, too, if a call goes on.")
@reports_errors
def apply(now: bool) -> None:
    """Start the services again, so that they take up the settings as they are."""
    paths = here()
    _show_restarts(operations.apply_settings(actor(), paths, paths.settings(), now))


def _show_restarts(restarts: Restarts) -> None:
    if restarts.done:
        console.print(f"  started again: {', '.join(restarts.done)}")
    for pending in restarts.pending:
        console.print(f"  not yet: {pending.what}: {pending.why}", markup=False)
    if not restarts.done and not restarts.pending:
        console.print("  nothing that runs had to be started again")


@settings_.command("check")
@reports_errors
def check() -> None:
    """Whether the settings can be used, and everything they and people name is there."""
    box = inbox()
    problems = operations.check_settings(actor(), box.settings, box)
    for problem in problems:
        console.print(str(problem), markup=False)
    if problems:
        raise SystemExit(1)
    console.print("the settings can be used, and everything they name is there")
