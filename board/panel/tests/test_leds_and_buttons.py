"""Patterns of LEDs and contacts of buttons, with time handed in."""

import unittest

import buttons
import leds


class Pin:
    """A pin that counts how often it is driven."""

    def __init__(self, level=0):
        self.level = level
        self.driven = 0

    def value(self, level=None):
        if level is None:
            return self.level
        self.level = level
        self.driven += 1
        return None


class Patterns(unittest.TestCase):
    """Lit or dark."""

    def flanks(self, pattern):
        levels = [leds.lit(pattern, now) for now in range(0, 2000, 10)]
        return sum(1 for n in range(1, len(levels)) if levels[n] and not levels[n - 1])

    def test_each_pattern_is_another(self):
        seen = [tuple(leds.lit(p, now) for now in range(0, 2000, 50)) for p in range(5)]
        self.assertEqual(len(set(seen)), 5)

    def test_rhythms(self):
        self.assertEqual([self.flanks(p) for p in range(5)], [0, 0, 1, 9, 1])
        self.assertTrue(leds.lit(leds.ON, 999))
        self.assertFalse(leds.lit(leds.SLOW, 500))

    def test_a_pin_is_driven_only_when_it_changes(self):
        pins = [Pin(), Pin()]
        lights = leds.Leds(pins)
        lights.show(bytes((leds.ON, leds.SLOW)))
        for now in range(0, 1000, 2):
            lights.tick(now)
        self.assertEqual([pin.driven for pin in pins], [1, 2])

    def test_what_is_not_said_or_not_known_is_dark(self):
        pins = [Pin(1), Pin(1), Pin(1)]
        lights = leds.Leds(pins)
        lights.show(bytes((leds.ON, 77)))
        lights.tick(0)
        self.assertEqual([pin.level for pin in pins], [1, 0, 0])
        lights.show(bytes([leds.ON] * 9))
        lights.tick(1)
        self.assertEqual([pin.level for pin in pins], [1, 1, 1])


class Contacts(unittest.TestCase):
    """Pressed or not."""

    def test_a_press_counts_after_20_ms_of_rest(self):
        pin = Pin(1)
        keys = buttons.Buttons([Pin(1), pin])
        self.assertEqual(keys.tick(0), [])
        pin.level = 0
        self.assertEqual(keys.tick(2), [])
        self.assertEqual(keys.tick(20), [])
        self.assertEqual(keys.tick(22), [(1, True)])
        self.assertEqual(keys.mask, 2)
        self.assertEqual(keys.tick(24), [])

    def test_bouncing_contacts_are_one_press(self):
        pin = Pin(1)
        keys = buttons.Buttons([pin])
        seen = []
        for now in range(0, 100, 2):
            pin.level = (now // 2) % 2 if now < 30 else 0
            seen += keys.tick(now)
        self.assertEqual(seen, [(0, True)])

    def test_a_spike_is_nothing(self):
        pin = Pin(1)
        keys = buttons.Buttons([pin])
        pin.level = 0
        keys.tick(0)
        pin.level = 1
        self.assertEqual(keys.tick(10) + keys.tick(40), [])


if __name__ == "__main__":
    unittest.main()
