"""Caller ID on all lines at once: a watch for its carrier, and the receiver only where one is.

Both modems send 1200 bit/s, at 1200 and 2200 Hz [GR-30, Bell 202] or 1300 and 2100 Hz [ETSI EN 300
659, V.23], with nearly all of their power from 1000 to 2450 Hz. A line whose sound lies there for
40 ms gets a receiver, which is fed with what the line sounded just before, too: what begins with
its first bit loses none. It is taken away when the carrier has been gone for a while.
"""

from dataclasses import dataclass

import numpy as np

from app.phone.sound.dsp import FskReceiver
from app.phone.sound.tone_bank import KEPT, Floats, ToneBank, band_vectors, places_in
from drivers.countries.base import Modem
from drivers.sampling import PERIOD, amplitude

BAND = (1000.0, 2450.0)
"""Hz."""
SHARE = 0.8
"""Part of a period's power in the band: noise of 12 dB below leaves nine tenths there."""
FLOOR = PERIOD * amplitude(-50.0) ** 2 / 2
"""Messages are received down to -45 dBm0; in half a period that begins they have 3 dB less."""
_BEGINS = 4
"""Periods in a row: speech hardly has them. KEPT covers them, and as many that are spoilt."""
_ENDS = 15
"""Periods without carrier: no message has so long a pause."""


@dataclass(slots=True)
class _Carrier:
    receiver: FskReceiver
    missing: int = 0


class DataReceivers:
    """The on-hook data messages of all places where somebody waits for them."""

    def __init__(self, bank: ToneBank) -> None:
        self._bank = bank
        self._carrier = bank.judge(band_vectors(*BAND), SHARE, FLOOR)
        self._receivers: dict[int, FskReceiver] = {}
        self._lasted = [0] * (_BEGINS - 1)
        """Where the carrier was in the latest period, in both of the latest two, and so on."""
        self._carriers: dict[int, _Carrier] = {}

    def receive(self, place: int, modem: Modem | None) -> None:
        """Receive what this modem sends on a line from now on; None: nothing."""
        self._bank.ask([self._carrier], place, modem is not None)
        self._lasted = [places & ~(1 << place) for places in self._lasted]
        self._receivers.pop(place, None)
        self._carriers.pop(place, None)
        if modem is not None:
            self._receivers[place] = FskReceiver(modem)

    @property
    def carriers(self) -> int:
        """On how many lines a receiver is at work."""
        return len(self._carriers)

    @property
    def awake(self) -> bool:
        """Whether hear() has something to do in the bank's latest period."""
        found = self._bank.sounding >> self._carrier & 1
        return bool(found or self._carriers or self._lasted[0])

    def hear(self) -> list[tuple[int, bytes]]:
        """The messages that the bank's latest period completed, with their places."""
        carrier = self._bank.found(self._carrier)
        found = self._go_on(carrier) if self._carriers else []
        begins = carrier & self._lasted[-1]
        self._lasted = [carrier, *(carrier & places for places in self._lasted[:-1])]
        for place in places_in(begins):
            if place not in self._carriers:
                found += self._begin(place)
        return found

    def _begin(self, place: int) -> list[tuple[int, bytes]]:
        receiver = self._receivers[place]
        receiver.begin_again()  # a new one each time would be garbage that has to be searched for
        self._carriers[place] = _Carrier(receiver)
        before = self._bank.latest([place], KEPT)[0]
        return [
            (place, message)
            for row in before.reshape(-1, PERIOD)
            for message in _fed(receiver, row)
        ]

    def _go_on(self, carrier: int) -> list[tuple[int, bytes]]:
        found = []
        for place, one in list(self._carriers.items()):
            one.missing = 0 if carrier >> place & 1 else one.missing + 1
            if one.missing == _ENDS:
                del self._carriers[place]
                continue
            row = self._bank.latest([place], 1)[0]
            found += [(place, message) for message in _fed(one.receiver, row)]
        return found


def _fed(receiver: FskReceiver, row: Floats) -> list[bytes]:
    return receiver.hear(row.astype(np.int16))
