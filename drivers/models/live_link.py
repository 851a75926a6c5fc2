"""What an operator's connection has besides commands: it watches the board, hears and speaks.

    →  watch            ←  ok …; from then on, now and whenever something changes:
                        ←  * {"country": "us", "handsets": {"101": {"off_hook": false, …}}, …}
    →  ear 101          ←  ok …; from then on, for each 10 ms that 101 hears something:
                        ←  ~ BASE64
    →  mouth line1      ←  ok …; from then on, without an answer, what line1 says:
                        →  ~ BASE64

Sound is 16-bit linear samples of 8 kHz, low octet first. `ear` and `mouth` with "-" end it; there
is one of each for a connection. drivers/models/view.py says what a view holds.
"""

import binascii
import json
from base64 import b64decode, b64encode
from dataclasses import asdict

import numpy as np

from drivers.buses import PERIODS_PER_SECOND
from drivers.models.box import VirtualBox
from drivers.models.party import Party
from drivers.models.view import BoardView, view

NOBODY = "-"
LATEST = PERIODS_PER_SECOND // 10
"""Periods of sound that are told at once at most; older ones nobody wants to hear any more."""


class LiveLink:
    """One connection's eye, ear and mouth."""

    def __init__(self, box: VirtualBox) -> None:
        self._box = box
        self._watching = False
        self._seen: BoardView | None = None
        self._ear: Party | None = None
        self._heard_to = 0
        self._mouth: Party | None = None

    def command(self, line: str) -> str | None:
        """Carry out one of the three commands; its answer, or None if it is another one."""
        match line.split():
            case ["watch"]:
                self._watching, self._seen = True, None
                return "ok watching"
            case ["ear" | "mouth" as which, name]:
                party = self._box.party(name)
                if party is None and name != NOBODY:
                    there = ", ".join([*self._box.telephones, *self._box.office_lines])
                    return f"failed nobody is at {name!r}; there are: {there}"
                self._place(which, party)
                return f"ok {which} at {name}"
            case _:
                return None

    def _place(self, which: str, party: Party | None) -> None:
        if which == "mouth":
            self._silence()
            self._mouth = party
        else:
            self._ear = party
            self._heard_to = 0 if party is None else party.periods_heard

    def speak(self, text: bytes) -> None:
        """Sound has come for the mouth's line; what is none, or for nobody, is dropped."""
        try:
            octets = b64decode(text, validate=True)
        except binascii.Error:
            return
        if self._mouth is not None:
            self._mouth.live.put(np.frombuffer(octets[: len(octets) // 2 * 2], "<i2"))

    def period(self) -> list[str]:
        """A period has passed: the lines to tell."""
        lines = []
        if self._watching:
            now = view(self._box)
            if now != self._seen:
                self._seen = now
                lines.append("* " + json.dumps(asdict(now)))
        if self._ear is not None:
            rows = self._ear.heard_since(self._heard_to)[-LATEST:]
            self._heard_to = self._ear.periods_heard
            lines += ["~ " + b64encode(row.astype("<i2").tobytes()).decode() for row in rows]
        return lines

    def close(self) -> None:
        """The connection is over."""
        self._silence()

    def _silence(self) -> None:
        if self._mouth is not None:
            self._mouth.live.stop()
