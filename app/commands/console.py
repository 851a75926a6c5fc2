"""`python -m app console`: log in at this terminal, then a shell of the commands."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.config.paths import Paths, PathsError, here
from app.core.errors import SwitchhookError

if TYPE_CHECKING:
    from app.appliance import Inbox
    from app.console.login import Logins
    from app.console.shell import Doings
    from app.inbox.people import Person
    from app.operations.actor import Actor
    from app.operations.recovery import Recovered
    from app.panel.button import PanelButton
    from drivers.panel import Panel

IDLE_MINUTES = 10
"""Where the settings cannot be read."""


@click.command()
@click.argument("name", required=False)
@click.option("--terminal", type=click.Path(path_type=Path), help="Open this terminal first.")
def console(name: str | None, terminal: Path | None) -> None:
    """Log in as NAME with a password, then type commands without `switchhook` before them.

    `recover` for a NAME gives a new password to whoever holds the panel's button.
    """
    # Whoever has started us in the background may have had it ignored, and so it would stay.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_IGN)
    if terminal is not None:
        _open(terminal)
    from app.console.session import Console
    from app.console.terminal import Terminal

    paths = here()
    with suppress(PathsError):  # logins cannot be counted then, which is said at the first one
        paths.make()
    here_is = Console(
        Terminal(os.environ),
        lambda: _logins(paths),
        lambda: _doings(paths),
        lambda: _idle_s(paths),
        lambda: _button(paths),
        lambda: _renew(paths),
        lambda: _language(paths),
    )
    try:
        with suppress(KeyboardInterrupt):
            here_is.serve(name)
    except (OSError, SwitchhookError) as problem:  # getty then goes on with the system's login
        raise click.ClickException(f"nobody can log in by this console: {problem}") from problem


def _open(terminal: Path) -> None:
    """Make a terminal this process's own: it leads a session that has none [tty_ioctl(4)]."""
    fd = os.open(terminal, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(fd, standard)
    os.close(fd)


def _logins(paths: Paths) -> "Logins":
    from app.console.login import Logins

    return Logins(paths, StoreJudge(paths), time.monotonic)


def _doings(paths: Paths) -> "Doings":
    from app.__main__ import main
    from app.console.shell import Doings
    from app.operations.status import notices

    return Doings(main, _act_as, lambda: notices(paths), lambda who: as_of_now(paths, who))


def as_of_now(paths: Paths, who: "Actor") -> "Actor | None":
    """Who is logged in with the rights that they have now; None if the console is not theirs.

    Where the store cannot be asked, they keep those of their login: it may be they who repair it.
    """
    from app.commands.common import existing
    from app.console.login import DOOR, may_log_in
    from app.operations.actor import actor_of

    if who.person is None:
        return who  # by the console's own password
    try:
        box = existing(paths, paths.settings())
        try:
            person = box.people.by_id(who.person)
        finally:
            box.db.close()
    except SwitchhookError:
        return who
    actor = None if person is None else actor_of(person, DOOR)
    return actor if actor is not None and may_log_in(actor) else None


def _act_as(who: "Actor", shows: Callable[[str], None], language: str) -> None:
    from app.commands import common, output

    common.act_as(who)
    output.show_by(shows)
    output.speak(language)


def _language(paths: Paths) -> str:
    """Of the box; English if its settings cannot be read. Their checks would take too long here."""
    from app.config.toml_file import read

    try:
        site = read(paths.settings_file)[1].get("site", {})
    except SwitchhookError:
        return "en"
    said = site.get("language", "en") if isinstance(site, dict) else "en"
    return said if isinstance(said, str) else "en"


class StoreJudge:
    """Asks the store, which is opened at once and closed after the password was looked at."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._box: Inbox | None = None
        self._why = SwitchhookError("")
        try:
            self._box = self._opened()
        except SwitchhookError as problem:
            self._why = problem

    def _opened(self) -> "Inbox":
        from app.commands.common import existing

        return existing(self._paths, self._paths.settings())

    def person(self, login: str, password: str) -> "tuple[Person, bool] | None":
        """The person with this login and password, and whether a code is asked for, too.

        Raises SwitchhookError.
        """
        from app.operations.second_factor import needs_code

        if self._box is None:
            raise self._why
        try:
            person = self._box.people.check_password(login, password)
            return None if person is None else (person, needs_code(self._box, person.id))
        finally:
            self._box.db.close()

    def code_fits(self, person: "Person", code: str) -> bool:
        """Whether this code, or recovery code, is theirs. Raises SwitchhookError."""
        from app.operations.second_factor import check_code

        box = self._opened()
        try:
            return check_code(box, person.id, code, door="console")
        finally:
            box.db.close()


def _idle_s(paths: Paths) -> float:
    """After how many seconds without a key a session ends."""
    try:
        settings = paths.settings()
        return settings.console.idle_minutes * 60.0
    except SwitchhookError:
        return IDLE_MINUTES * 60.0


def _button(paths: Paths) -> "PanelButton":
    from app.appliance import board_spec, has_box
    from app.panel.button import open_button
    from app.panel.thread import panel_driver

    spec = board_spec(paths.settings())

    def opened() -> "Panel":
        assert spec.panel is not None
        return panel_driver(spec.panel, has_box(spec.name), paths)

    return open_button(paths, spec, opened)


def _renew(paths: Paths) -> "Recovered":
    """A new password for the administrator; for the console itself if the store cannot take it."""
    from app.commands.common import existing
    from app.operations.actor import Actor
    from app.operations.recovery import recover_console, recover_password

    try:
        box = existing(paths, paths.settings())
    except SwitchhookError:
        return recover_console(paths)
    try:
        return recover_password(box, Actor("recover", "console", frozenset()))
    except SwitchhookError:
        return recover_console(paths)
    finally:
        box.db.close()
