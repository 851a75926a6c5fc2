"""What box and panel say to each other, without the line: octets in, octets out. Time in ms.

    box    H  version                           who are you?              answered by G
    box    L  one octet an LED: its pattern     the whole state           answered by A
    box    P                                    are you there?            answered by Q
    box    A                                    that event has arrived
    panel  G  version, LEDs, buttons, name      also unasked, when it has started
    panel  A                                    the LEDs show it
    panel  Q  pressed buttons (2), bad frames (2)
    panel  B  button, 1 or 0, age in ms (2)     again and again until A has come
    panel  T  text                              for the box's log

An answer bears the sequence number of what it answers; numbers of two octets have the high one
first. The panel decides nothing: without its box for ALONE_MS, which also is so while the box
starts, the first LED blinks slowly and all others are dark.
"""

import frames
import leds

VERSION = 1
ALONE_MS = 5000
AGAIN_MS = 100
"""After so long without an answer an event is sent again."""
MOST_EVENTS = 16
"""Events that wait for the box; of more the oldest go."""


class Session:
    """One panel's side of the conversation; `said` is what is to be sent."""

    def __init__(self, lights, buttons, name):
        self._lights, self._buttons, self._name = lights, buttons, name
        self._decoder = frames.Decoder()
        self._events = []
        self._sequence = 0
        self._sent_at = None
        self._heard_at = None
        self.said = bytearray()
        self._greet(0)
        self._alone()

    def receive(self, octets, now):
        """Take what has come from the box."""
        for kind, sequence, payload in self._decoder.receive(octets):
            self._heard_at = now
            if kind == "H":
                self._greet(sequence)
            elif kind == "L":
                self._lights.show(payload)
                self._say("A", sequence)
            elif kind == "P":
                bad = self._decoder.bad & 0xFFFF
                self._say("Q", sequence, _two(self._buttons.mask) + _two(bad))
            elif kind == "A":
                self._arrived(sequence)

    def tick(self, now):
        """Look at buttons and LEDs, and send what is due."""
        for button, pressed in self._buttons.tick(now):
            self._events = self._events[-MOST_EVENTS + 1 :]
            self._events.append((self._next(), button, pressed, now))
        if self._events and (self._sent_at is None or now - self._sent_at >= AGAIN_MS):
            sequence, button, pressed, at = self._events[0]
            age = min(now - at, 0xFFFF)
            self._say("B", sequence, bytes((button, pressed)) + _two(age))
            self._sent_at = now
        if self._heard_at is not None and now - self._heard_at >= ALONE_MS:
            self._heard_at = None
            self._alone()
        self._lights.tick(now)

    def log(self, text):
        """Send a line to the box's log."""
        self._say("T", 0, text.encode()[: frames.LONGEST])

    def _arrived(self, sequence):
        if self._events and self._events[0][0] == sequence:
            self._events.pop(0)
            self._sent_at = None

    def _greet(self, sequence):
        counts = bytes((VERSION, len(self._lights), len(self._buttons)))
        self._say("G", sequence, counts + self._name.encode())

    def _alone(self):
        self._lights.show(bytes((leds.SLOW,)))

    def _next(self):
        self._sequence = (self._sequence + 1) & 0xFF
        return self._sequence

    def _say(self, kind, sequence, payload=b""):
        self.said.extend(frames.frame(kind, sequence, payload))


def _two(number):
    return bytes((number >> 8, number & 0xFF))
