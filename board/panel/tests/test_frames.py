"""Frames as they are on the wire."""

import unittest

import frames


class Frames(unittest.TestCase):
    """Octets in, frames out."""

    def test_crc_is_that_of_the_standard(self):
        self.assertEqual(frames.crc16(b"123456789"), 0x29B1)
        self.assertEqual(frames.crc16(b""), 0xFFFF)

    def test_flags_and_escapes_in_a_frame_are_escaped(self):
        octets = frames.frame("L", 0x7E, b"\x7d\x7e\x00")
        self.assertEqual(octets[:7], b"\x7eL\x7d\x5e\x7d\x5d\x7d")
        self.assertEqual(octets.count(b"\x7e"), 2)
        self.assertEqual(frames.Decoder().receive(octets), [("L", 0x7E, b"\x7d\x7e\x00")])

    def test_all_octets_come_back_one_by_one_too(self):
        for start in range(0, 256, 32):
            payload = bytes(range(start, start + 32))
            decoder = frames.Decoder()
            found = []
            for octet in frames.frame("T", start, payload):
                found += decoder.receive(bytes((octet,)))
            self.assertEqual(found, [("T", start, payload)])
            self.assertEqual(decoder.bad, 0)

    def test_a_wrong_crc_is_counted_and_ignored(self):
        octets = bytearray(frames.frame("L", 1, b"\x01"))
        octets[3] ^= 4
        decoder = frames.Decoder()
        self.assertEqual(decoder.receive(octets), [])
        self.assertEqual(decoder.bad, 1)

    def test_after_noise_the_next_frame_is_understood(self):
        decoder = frames.Decoder()
        noise = bytes(range(90)) + b"\x7d"
        self.assertEqual(decoder.receive(noise + frames.frame("P", 9)), [("P", 9, b"")])
        self.assertEqual(decoder.bad, 1)

    def test_half_a_frame_costs_only_itself(self):
        decoder = frames.Decoder()
        whole = frames.frame("P", 1)
        self.assertEqual(decoder.receive(whole[:4] + whole + whole), [("P", 1, b"")] * 2)

    def test_a_frame_without_end_takes_no_memory(self):
        decoder = frames.Decoder()
        decoder.receive(b"\x7e")
        for _ in range(100):
            decoder.receive(b"a" * 100)
        self.assertEqual(len(decoder._body), 64)
        self.assertEqual(decoder.receive(frames.frame("P", 2)), [("P", 2, b"")])


if __name__ == "__main__":
    unittest.main()
