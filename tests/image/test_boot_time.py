"""How long a start takes until POP3 answers: the first, which makes keys and people, and others.

An emulator on a busy machine may take many times as long, so the goals of docs/image.md are told,
and only what no machine explains fails.
"""

from pathlib import Path

import pytest

from scripts.image.machine import MachineName
from tests.kit.guest import NO_WATCHDOG, Guest
from tests.kit.guest_load import owner_of

pytestmark = pytest.mark.bootfull

STARTS = 3
FAR_TOO_LONG_S = 90


@pytest.mark.parametrize("uboot", [False, True], ids=["kernel", "u-boot"])
@pytest.mark.parametrize("machine", ["virt", "raspi3b"])
def test_a_start_is_soon_over(tmp_path: Path, machine: MachineName, uboot: bool) -> None:
    guest = Guest(tmp_path, machine, uboot, append=NO_WATCHDOG, own_time=False)
    seconds = []
    for start in range(STARTS):
        guest.booted_s = 0.0
        with guest:
            guest.pop3().quit()
            seconds.append(guest.booted_s)
            if not start:
                password = owner_of(guest).console
            guest.log_in(password)
            guest.type("poweroff")
            guest.expect("reboot: Power down|System halted")
    told = ", ".join(f"{second:.1f}" for second in seconds)
    print(f"{machine}, {'U-Boot' if uboot else 'kernel'}: POP3 after {told} s")
    assert max(seconds) < FAR_TOO_LONG_S
