"""The checks of a slot on trial, over the running services."""

import logging
import time
from functools import partial
from pathlib import Path

from app.appliance import Inbox, board_spec, has_box
from app.commands.board import settle
from app.commands.common import inbox
from app.config.paths import Paths
from app.core.clock import SystemClock
from app.core.control import NotRunning, ask
from app.core.records import parse_json
from app.core.sentences import N_, sentence
from app.device.health import Health
from app.device.update import checks as update_checks
from app.device.update.checks import TestOperator
from app.device.update.confirm import Check
from app.device.update.errors import CheckFailed
from app.device.update.guest import Inside, guest, sweep
from drivers.errors import HardwareError
from drivers.models.operator_verbs import OperatorError
from drivers.models.remote_operator import RemoteOperator

log = logging.getLogger(__name__)

WELL_WITHIN_S = 240.0
"""A start on slow hardware, with a check of a large data partition, fits in here."""
LOOK_S = 1.0
WELL_TIMES = 3
"""Looks in a row that must find everything well."""
OWN = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
"""Where we reach a service that listens everywhere."""


def checks(paths: Paths, lines_before: Path) -> list[Check]:
    """What is checked, in order; the first one waits until the services are up."""
    return [
        Check(N_("services"), partial(_well, paths)),
        Check(N_("mail"), partial(_mail, paths)),
        Check(N_("lines"), partial(_lines, paths, lines_before)),
        Check(N_("call"), partial(_call, paths)),
    ]


def left_file(paths: Paths) -> Path:
    """Whom and what the checks have brought in; it is there while they are at work."""
    return paths.etc / "check-left"


def sweep_up(paths: Paths) -> int:
    """Take away what checks have left that had no end; how many messages that were."""
    return sweep(_inside(paths, inbox()), left_file(paths))


def _well(paths: Paths) -> str:
    """Wait until all services are well, several times in a row. Raises CheckFailed."""
    patient = Health(paths, time.monotonic)
    said: str = sentence("nothing was asked")
    last, well = time.monotonic() + WELL_WITHIN_S, 0
    while time.monotonic() < last:
        bad = [f"{found.name}: {found.says}" for found in patient.look() if not found.ok]
        well, said = (0, "; ".join(bad)) if bad else (well + 1, sentence("all well"))
        if well >= WELL_TIMES:
            return said
        time.sleep(LOOK_S)
    text = N_("not well within %(seconds)s s: %(what)s")
    raise CheckFailed(sentence(text, seconds=round(WELL_WITHIN_S), what=said))


def _mail(paths: Paths) -> str:
    inside = _inside(paths, inbox())
    with guest(inside, left_file(paths)) as someone:
        return update_checks.self_mail(inside, someone)


def _lines(paths: Paths, lines_before: Path) -> str:
    """Also on a real board: nothing rings, no line is taken. Raises CheckFailed."""
    try:
        status = ask(paths.phone_control, {"ask": "status"})
    except NotRunning as problem:
        raise CheckFailed(problem.text) from problem
    return update_checks.lines_as_before(status, _broken(lines_before), _settle)


def _broken(lines_before: Path) -> frozenset[str]:
    """Lines that were broken before; none if nothing usable was written down about them."""
    try:
        return frozenset(parse_json(lines_before.read_text()))
    except (OSError, ValueError) as problem:
        log.warning("nothing is known of lines that were broken before: %s", problem)
        return frozenset()


def _call(paths: Paths) -> str:
    """On the virtual board only: somebody is called there without disturbing anybody."""
    box = inbox()
    if not has_box(box.settings.phone.board):
        return sentence("none on a real board: it would ring")
    if not box.people.all():
        return sentence("none: nobody has a mailbox yet")
    line = next(line.name for line in board_spec(box.settings).lines if line.kind == "trunk")
    inside = _inside(paths, box)
    try:
        remote = RemoteOperator(paths.operator)
    except HardwareError as problem:
        text = N_("the virtual board does not answer: %(why)s")
        raise CheckFailed(sentence(text, why=problem)) from problem
    try:
        operator = TestOperator(partial(_operate, remote), _settle)
        words = paths.run / "check.wav"
        with guest(inside, left_file(paths)) as someone:
            return update_checks.self_call(inside, someone, line, operator, words)
    finally:
        remote.close()


def _operate(remote: RemoteOperator, command: str) -> None:
    try:
        done, text = remote.run(command)
    except (OperatorError, HardwareError) as problem:
        done, text = False, str(problem)
    if not done:
        raise CheckFailed(f"{command}: {text}")


def _settle() -> None:
    done, text = settle()
    if not done:
        raise CheckFailed(
            sentence("the phone service does not know the store's last change: %(why)s", why=text)
        )


def _inside(paths: Paths, box: Inbox) -> Inside:
    try:
        ports = parse_json(paths.mail_ports.read_text())
    except (OSError, ValueError) as problem:
        text = N_("the mail service tells no ports: %(why)s")
        raise CheckFailed(sentence(text, why=problem)) from problem
    host = ports.pop("host", "")
    domains = box.settings.site.domains or (box.settings.site.hostname,)
    clock = SystemClock()
    return Inside(box.db, box.store, box.people, clock, OWN.get(host, host), ports, domains[0])
