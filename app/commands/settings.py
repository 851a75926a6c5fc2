"""`python -m app settings …`: what can be set, what is set, and setting it."""

import hashlib
import secrets
from functools import partial
from pathlib import Path

import click

from app.commands.account import asked_password
from app.commands.common import actor, existing, inbox
from app.commands.errors import reports_errors
from app.commands.output import Listing, say, say_text
from app.config.annotated import annotated
from app.config.paths import here
from app.config.services import plans
from app.config.settings import Settings, SettingsError
from app.operations import settings as operations
from app.operations.kept_secrets import KEPT_SECRETS, kept_in, take_in
from app.operations.running import Restarts


@click.group("settings", invoke_without_command=True)
@click.pass_context
def settings_(context: click.Context) -> None:
    """Settings with their meaning; without a command, a settings file that shows all of them."""
    if context.invoked_subcommand is None:
        say_text(annotated())


@settings_.command("list")
@reports_errors
def list_() -> None:
    """Every setting: its value, and what it means."""
    table = Listing("setting", "value", "meaning")
    for line in operations.list_settings(actor(), here().settings(), _kept()):
        value = f"{line.shown or '-'}{' (default)' if line.by_default else ''}"
        table.row(
            line.setting.name, value, f"{line.setting.meaning} {line.setting.allowed}".strip()
        )
    table.show()


@settings_.command("get")
@click.argument("name")
@reports_errors
def get(name: str) -> None:
    """The value of the setting NAME, such as site.country, and nothing else."""
    say(operations.get_setting(actor(), here().settings(), name, _kept()).shown)


def _kept() -> frozenset[str]:
    """The names of passwords that lie in the store."""
    return kept_in(here(), existing)


@settings_.command("set")
@click.argument("name")
@click.argument("value", required=False)
@click.option("--default", "clear", is_flag=True, help="Take it out: its default holds again.")
@click.option("--now", is_flag=True, help="Restart the telephones, too, if a call goes on.")
@click.option("--password-file", type=click.Path(path_type=Path), help="Its first line.")
@reports_errors
def set_(name: str, value: str | None, clear: bool, now: bool, password_file: Path | None) -> None:
    """Give the setting NAME the VALUE; lists with commas: 101,102.

    Comments in the settings file stay. Services that need it are started again, the telephones
    only if nobody is on the line. A password of the box's own accounts is asked for, and kept
    encrypted in the store.
    """
    if name in KEPT_SECRETS and value is not None:
        raise click.UsageError(f"{name} is asked for: what is typed here stays in the history")
    if name in KEPT_SECRETS and not clear:
        value = asked_password(password_file)
    if (value is None) is not clear:
        raise click.UsageError("either a VALUE or --default is needed")
    paths = here()
    try:
        known = paths.settings()
    except SettingsError:
        known = Settings()  # this very change may mend it
    box = existing(paths, known)

    changed = operations.set_setting(box, actor(), paths, name, value, partial(plans, paths), now)
    allowed = f" {changed.setting.allowed}" if changed.setting.allowed else ""
    say(f"{name}: {changed.old or '-'} → {changed.new or '-'}")
    say(f"  {changed.setting.meaning}{allowed}")
    _show_restarts(changed.restarts)
    for problem in changed.problems:
        say(f"ATTENTION: {problem}")


@settings_.command("metrics-token")
@reports_errors
def metrics_token() -> None:
    """A fresh token for /metrics, shown once; an earlier one is good no more."""
    paths = here()
    box = existing(paths, paths.settings())
    token = secrets.token_urlsafe(24)
    told = hashlib.sha256(token.encode()).hexdigest()

    operations.set_setting(box, actor(), paths, "web.metrics_token", told, partial(plans, paths))
    say(f"token: {token}   (not shown again; Prometheus: authorization, credentials)")
    if not box.settings.web.metrics:
        say("`settings set web.metrics true` has them told at all")


@settings_.command("apply")
@click.option("--now", is_flag=True, help="Restart the telephones, too, if a call goes on.")
@reports_errors
def apply(now: bool) -> None:
    """Start the services again, so that they take up the settings as they are."""
    paths = here()
    take_in(actor(), paths, existing)
    _show_restarts(operations.apply_settings(actor(), paths, paths.settings(), now))


def _show_restarts(restarts: Restarts) -> None:
    if restarts.done:
        say(f"  started again: {', '.join(restarts.done)}")
    for pending in restarts.pending:
        say(f"  not yet: {pending.what}: {pending.why}")
    if not restarts.done and not restarts.pending:
        say("  nothing that runs had to be started again")


@settings_.command("check")
@reports_errors
def check() -> None:
    """Whether the settings can be used, and everything they and people name is there."""
    box = inbox()
    problems = operations.check_settings(actor(), box.settings, box)
    for problem in problems:
        say_text(str(problem))
    if problems:
        raise SystemExit(1)
    say("the settings can be used, and everything they name is there")
