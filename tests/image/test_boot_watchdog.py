"""A box that hangs is started again by its watchdog: the kernel's own, on the machine `virt`."""

from pathlib import Path

import pytest

from app.device.watchdog import TIMEOUT_S
from tests.kit.guest import READY_S, Guest
from tests.kit.guest_load import owner_of

pytestmark = pytest.mark.bootfull

SERVICES = "/run/switchhook/services"
WATCHDOG = f"{SERVICES}/watchdog"


def test_a_watchdog_that_is_not_fed_resets_the_machine(tmp_path: Path) -> None:
    with Guest(tmp_path) as guest:
        owner = owner_of(guest)
        guest.log_in(owner.console)
        guest.run(f"s6-svwait -U -t {READY_S * 1000} {WATCHDOG}", READY_S)
        guest.run(f"s6-svc -d {SERVICES}/phone; s6-svc -d {SERVICES}/box")  # a minute of beats less
        guest.run(f"s6-svc -p {WATCHDOG}")  # it hangs
        guest.wait_off(2 * TIMEOUT_S + 10)
