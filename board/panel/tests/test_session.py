"""The panel's side of the conversation."""

import unittest

import buttons
import frames
import leds
import protocol
from test_leds_and_buttons import Pin


class Conversation(unittest.TestCase):
    """What is answered, and what is said unasked."""

    def setUp(self):
        self.lamps = [Pin(), Pin(), Pin()]
        self.keys = [Pin(1), Pin(1)]
        self.panel = protocol.Session(leds.Leds(self.lamps), buttons.Buttons(self.keys), "a panel")
        self.greeting = self.said()

    def said(self):
        octets, self.panel.said = bytes(self.panel.said), bytearray()
        return frames.Decoder().receive(octets)

    def tell(self, kind, sequence=1, payload=b"", now=0):
        self.panel.receive(frames.frame(kind, sequence, payload), now)
        return self.said()

    def pass_time(self, start, end):
        found = []
        for now in range(start, end, 2):
            self.panel.tick(now)
            found += self.said()
        return found

    def test_it_greets_when_it_starts_and_when_asked(self):
        self.assertEqual(self.greeting, [("G", 0, b"\x01\x03\x02a panel")])
        self.assertEqual(self.tell("H", 7, b"\x01"), [("G", 7, b"\x01\x03\x02a panel")])

    def test_leds_are_a_state_that_may_be_said_again(self):
        for sequence in (4, 5):
            self.assertEqual(self.tell("L", sequence, b"\x01\x00\x01"), [("A", sequence, b"")])
            self.pass_time(0, 4)
            self.assertEqual([pin.level for pin in self.lamps], [1, 0, 1])

    def test_a_ping_is_answered_with_buttons_and_bad_frames(self):
        self.panel.receive(b"\x7enoise\x7e", 0)
        self.keys[1].level = 0
        self.pass_time(0, 40)
        self.assertEqual(self.tell("P", 8), [("Q", 8, b"\x00\x02\x00\x01")])

    def test_an_event_is_said_until_it_has_arrived(self):
        self.keys[1].level = 0
        said = self.pass_time(0, 300)
        self.assertEqual([kind for kind, _, _ in said], ["B", "B", "B"])
        self.assertEqual([payload[:2] for _, _, payload in said], [b"\x01\x01"] * 3)
        self.assertEqual([payload[3] for _, _, payload in said], [0, 100, 200])
        self.assertEqual(len(set(sequence for _, sequence, _ in said)), 1)
        self.tell("A", said[0][1])
        self.assertEqual(self.pass_time(300, 600), [])

    def test_an_answer_to_something_else_takes_no_event(self):
        self.keys[0].level = 0
        said = self.pass_time(0, 50)
        self.tell("A", said[0][1] + 1)
        self.assertEqual(len(self.pass_time(50, 150)), 1)

    def test_events_come_in_their_order_and_the_oldest_go(self):
        now = 0
        for _ in range(20):
            for level in (0, 1):
                self.keys[0].level = level
                self.pass_time(now, now + 30)
                now += 30
        said = []
        while True:
            found = [f for f in self.pass_time(now, now + 110) if f[0] == "B"]
            now += 110
            if not found:
                break
            said.append(found[0])
            self.tell("A", found[0][1])
        self.assertEqual(len(said), protocol.MOST_EVENTS)
        sequences = [sequence for _, sequence, _ in said]
        self.assertEqual(sequences, list(range(25, 41)))

    def test_without_its_box_the_first_led_blinks_and_all_others_are_dark(self):
        self.tell("L", 1, b"\x01\x01\x01", now=0)
        self.pass_time(0, 4990)
        self.assertEqual([pin.level for pin in self.lamps], [1, 1, 1])
        self.pass_time(5000, 5400)
        self.assertEqual([pin.level for pin in self.lamps], [1, 0, 0])
        self.pass_time(5400, 5600)
        self.assertEqual([pin.level for pin in self.lamps], [0, 0, 0])

    def test_log_lines_are_cut_to_a_frame(self):
        self.panel.log("x" * 300)
        self.assertEqual(self.said(), [("T", 0, b"x" * 60)])


class Logging(unittest.TestCase):
    """micropython-lib's logging, whose lines go to the box."""

    def test_what_is_logged_becomes_a_frame(self):
        import logging

        panel = protocol.Session(leds.Leds([]), buttons.Buttons([]), "")
        panel.said = bytearray()

        class Line:
            def write(self, text):
                if text.strip():
                    panel.log(text.strip())

        logging.basicConfig(level=logging.INFO, stream=Line(), format="%(message)s", force=True)
        logging.info("started %d", 3)
        self.assertEqual(frames.Decoder().receive(panel.said), [("T", 0, b"started 3")])


if __name__ == "__main__":
    unittest.main()
