"""48 handsets in the menu of a mailbox at once: what the beat and the clerk need.

    python -m scripts.bench_menus           prints the figures as JSON

As scripts/bench_phone.py: chip models, drivers, PBX, scripts and the clerk in its own process, at
free pace; a beat's cost is CPU time of this thread without the models. All dial the same mailbox
within a second, say the PIN and hear how many messages there are and what the keys do, again and
again. Questions for sound are counted where the phone asks them.

Goal: phone and clerk together need less than half of one core.
"""

import json
import os
import tempfile
from array import array
from contextlib import closing
from pathlib import Path

import numpy as np

from app.inbox.people import People, new_pin
from app.phone.calls.caller import Caller
from app.phone.calls.scripting import Wait
from app.phone.jobs import ClerkSound
from app.store.database import Database
from scripts.bench_phone import Figures, House

LINES = 48
MAILBOX = "201"
SPOKEN = array("h", [4000, -4000] * 4000).tobytes()


def figures(seconds: float = 10.0, directory: str | None = None) -> Figures:
    """All figures; `seconds` is the line time in the menus, `directory` lies on the disk."""
    with (
        tempfile.TemporaryDirectory(dir=directory) as place,
        closing(Menus(Path(place))) as house,
    ):
        house.leave_a_message()
        house.all_log_in()
        return house.measured(seconds)


class Menus(House):
    """48 handsets and an outside line."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, LINES, 1)
        self._pin = new_pin()
        with closing(Database(directory / "inbox.db")) as db:
            people = People(db)
            person = people.by_mailbox(MAILBOX)
            assert person is not None
            db.now(lambda tx: people.set_pin(tx, person.id, self._pin))
        self.questions = 0
        ask = self.clerk.sound

        def sound(sound: ClerkSound, start: int, count: int) -> Wait[bytes]:
            self.questions += 1
            return ask(sound, start, count)

        self.clerk.sound = sound  # type: ignore[method-assign]  # counted, and passed on

    def leave_a_message(self) -> None:
        """So that there is something to be offered."""
        begun = self._done(self.clerk.begin_recording(MAILBOX, "line1", Caller("5551234")))
        self._done(self.clerk.samples(begun.recording or 0, 0, SPOKEN))
        self._done(self.clerk.end_recording(begun.recording or 0, "hung up", 1))

    def _done(self, wait: Wait):  # type: ignore[no-untyped-def, type-arg]  # whatever it gives
        self.await_idle()
        return wait.result()

    def all_log_in(self) -> None:
        """Lift every handset, dial the mailbox and the PIN; go on until the menu plays on each."""
        phones = list(self.box.telephones.values())
        for phone in phones:
            phone.lift()
        self.pace.seconds(1)
        for phone in phones:
            phone.dial(MAILBOX)
        self.pace.seconds(3)
        for phone in phones:
            phone.dial(f"{self._pin}#")
        self.pace.seconds(4)
        scripts = self.pbx.status()["scripts"]
        if scripts < LINES:
            raise RuntimeError(f"only {scripts} of {LINES} handsets are in the menu")

    def measured(self, seconds: float) -> Figures:
        """Let `seconds` pass in the menus."""
        asked, clerk = self.questions, _cpu_s(self.clerk.pid or 0)
        ours, _ = self.beats(seconds)
        clerk = _cpu_s(self.clerk.pid or 0) - clerk
        share = float(ours.mean()) / 10_000
        return {
            "menus_lines": LINES,
            "menus_phone_core_percent": round(100 * share, 1),
            "menus_clerk_core_percent": round(100 * clerk / seconds, 1),
            "menus_core_percent": round(100 * (share + clerk / seconds), 1),
            "menus_beat_us_p50": round(float(np.percentile(ours, 50))),
            "menus_beat_us_p99": round(float(np.percentile(ours, 99))),
            "menus_beat_us_max": round(float(ours.max())),
            "menus_questions_for_sound": asked,
            "menus_questions_meanwhile": self.questions - asked,
            "menus_late_sound_periods": self.pbx.status()["late_periods"],
            "menus_scripts": self.pbx.status()["scripts"],
        }


def _cpu_s(pid: int) -> float:
    """Seconds of CPU that a process has had [proc(5)]."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    print(json.dumps(figures(), indent=2))
