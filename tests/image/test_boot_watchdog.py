"""A box that hangs is started again by its watchdog: the kernel's own, on the machine `virt`."""

from pathlib import Path

import pytest

from app.device.watchdog import TIMEOUT_S
from tests.kit.guest import SLOW, Guest
from tests.kit.guest_load import owner_of
from tests.kit.running import until

pytestmark = pytest.mark.bootfull

WATCHDOG = "/run/switchhook/services/watchdog"


def test_a_watchdog_that_is_not_fed_resets_the_machine(tmp_path: Path) -> None:
    with Guest(tmp_path) as guest:
        owner = owner_of(guest)
        guest.log_in(owner.console)
        until(lambda: " ready" in guest.run(f"s6-svstat {WATCHDOG}"), within_s=60 * SLOW)
        guest.run(f"s6-svc -p {WATCHDOG}")  # it hangs
        guest.wait_off(2 * TIMEOUT_S + 10)
