"""Everything that listens to the lines of one board, and to the scripts in conferences.

A period is prepared once for all detectors (tone_bank.py); each then looks at all places at once
and tells whoever has asked about the place where it has found something.
"""

from collections.abc import Callable, Sequence

from app.phone.sound.data_carrier import DataReceivers
from app.phone.sound.dial_tone import DialToneWatch
from app.phone.sound.dtmf import DtmfDetector
from app.phone.sound.end_tones import EndTones
from app.phone.sound.far_end import FarEndWatch
from app.phone.sound.fax_tone import FaxToneDetector
from app.phone.sound.information_tone import InformationToneDetector
from app.phone.sound.tone_bank import ToneBank
from drivers.buses import Samples
from drivers.countries.base import Modem

Digit = Callable[[str], None]


class Detectors:
    """The detectors of `slots` lines; scripts have places from `slots` on."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._bank = ToneBank(slots)
        self._dtmf = DtmfDetector(self._bank)
        self._digits: dict[int, Digit] = {}
        self._far_ends: dict[EndTones, FarEndWatch] = {}
        self._dial_tone: DialToneWatch | None = None
        self._data: DataReceivers | None = None
        self._messages: dict[int, Callable[[bytes], None]] = {}
        self._fax_tone: FaxToneDetector | None = None
        self._fax_calls: dict[int, Callable[[], None]] = {}
        self._information: InformationToneDetector | None = None
        self._no_numbers: dict[int, Callable[[], None]] = {}
        self._scripts: list[int] = []

    def script_place(self) -> int:
        """A place for a script; given back with leave()."""
        place = self._slots
        while place in self._scripts:
            place += 1
        self._scripts.append(place)
        self._bank.grow(place + 1)
        return place

    def leave(self, place: int) -> None:
        """A script's place is free again."""
        self._scripts.remove(place)

    def quiet(self, place: int) -> int:
        """For how many periods a place has been silent."""
        return self._bank.quiet(place)

    def hear(self, heard: Samples, scripts: Sequence[tuple[int, Samples]] = ()) -> None:
        """Take one period of all slots, (slots, 80), and of the scripts' places, (80,) each."""
        self._bank.hear(heard, scripts)
        if self._digits and self._dtmf.awake:
            for place, key in self._dtmf.hear():
                digit = self._digits.get(place)
                if digit is not None:  # the digit of another line may just have ended this one
                    digit(key)
        if self._messages and self._data is not None and self._data.awake:
            for place, message in self._data.hear():
                if (arrived := self._messages.get(place)) is not None:
                    arrived(message)
        if self._fax_calls and self._fax_tone is not None and self._fax_tone.awake:
            _tell(self._fax_calls, self._fax_tone.hear())
        if self._no_numbers and self._information is not None:
            _tell(self._no_numbers, self._information.hear())

    def watch(self) -> None:
        """Notice far ends that have gone in the period heard last."""
        for far_end in self._far_ends.values():
            if far_end.awake:
                far_end.hear()
        if self._dial_tone is not None and self._dial_tone.awake:
            self._dial_tone.hear()

    def listen(self, place: int, digit: Digit | None, dial_tone: bool) -> None:
        """See Channel.listen."""
        if digit is None:
            self._digits.pop(place, None)
        else:
            self._digits[place] = digit
        self._dtmf.listen(place, digit is not None, dial_tone)

    def listening(self, place: int) -> bool:
        """Whether digits are reported."""
        return place in self._digits

    def receive(self, slot: int, message: Callable[[bytes], None] | None, modem: Modem) -> None:
        """See Channel.receive."""
        if message is None:
            self._messages.pop(slot, None)
        else:
            self._messages[slot] = message
        if self._data is None and message is not None:
            self._data = DataReceivers(self._bank)
        if self._data is not None:
            self._data.receive(slot, None if message is None else modem)

    def listen_for_fax(self, slot: int, calls: Callable[[], None] | None) -> None:
        """See Channel.listen_for_fax."""
        if calls is None:
            self._fax_calls.pop(slot, None)
        else:
            self._fax_calls[slot] = calls
        if self._fax_tone is None and calls is not None:
            self._fax_tone = FaxToneDetector(self._bank)
        if self._fax_tone is not None:
            self._fax_tone.listen(slot, calls is not None)

    def listen_for_information(self, slot: int, no_number: Callable[[], None] | None) -> None:
        """See Channel.listen_for_information."""
        if no_number is None:
            self._no_numbers.pop(slot, None)
        else:
            self._no_numbers[slot] = no_number
        if self._information is None and no_number is not None:
            self._information = InformationToneDetector(self._bank)
        if self._information is not None:
            self._information.listen(slot, no_number is not None)

    def waits_for_information(self, slot: int) -> bool:
        """Whether the office's information tone is listened for."""
        return slot in self._no_numbers

    def watch_end(self, slot: int, tones: EndTones | None, gone: Callable[[], None] | None) -> None:
        """See Channel.watch."""
        if tones is not None and tones not in self._far_ends:
            self._far_ends[tones] = FarEndWatch(self._bank, tones)
        for known, watch in self._far_ends.items():
            watch.watch(slot, gone if known == tones else None)

    def watch_dial_tone(
        self,
        slot: int,
        hertz: tuple[float, ...] | None,
        periods: int,
        heard: Callable[[], None] | None,
    ) -> None:
        """See Channel.watch_dial_tone; all lines of a board have the dial tone of one country."""
        if self._dial_tone is None and hertz is not None:
            self._dial_tone = DialToneWatch(self._bank, hertz)
        if self._dial_tone is not None:
            self._dial_tone.watch(slot, periods, None if hertz is None else heard)

    def dial_tone_periods(self, slot: int) -> int:
        """See Channel.dial_tone_periods."""
        return 0 if self._dial_tone is None else self._dial_tone.lasted(slot)


def _tell(asked: dict[int, Callable[[], None]], places: list[int]) -> None:
    """Tell who asked about these places, and still does."""
    for place in places:
        if (found := asked.get(place)) is not None:
            found()
