"""The built image on QEMU's Raspberry Pi 3 B: its processor, SD card and USB network."""

import re
from pathlib import Path

import pytest

from tests.kit.guest import NO_WATCHDOG, Guest
from tests.kit.guest_load import LETTER, owner_of

pytestmark = pytest.mark.bootfull


@pytest.mark.parametrize("uboot", [False, True], ids=["kernel", "u-boot"])
def test_a_raspberry_pi_answers_pop3_and_takes_mail(tmp_path: Path, uboot: bool) -> None:
    with Guest(tmp_path, "raspi3b", uboot, append=NO_WATCHDOG) as guest:
        owner = owner_of(guest)
        guest.pop3().quit()
        print(f"POP3 answered {guest.booted_s:.1f} s after the start")
        with guest.smtp() as client:
            assert client.sendmail("carol@y.test", [owner.address], LETTER) == {}
        (fetched,) = guest.fetch(owner.login, owner.password)
        assert fetched.endswith(LETTER)
        guest.log_in(owner.console)
        tested = guest.run("switchhook device selftest; true", within_s=180)
        print(tested)
        assert re.search(r"^pins +ok", tested, re.MULTILINE)
        guest.type("poweroff")
        guest.expect("reboot: Power down|System halted")
