"""Ringback is for who waits: it ends with the answer."""

from tests.kit.phone import CALLS, Bench, hears_tone


def test_ringback_ends_when_the_called_handset_is_lifted() -> None:
    bench = Bench(CALLS)
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "102")
    assert hears_tone(bench, "101", 440, 480)
    bench.station("102").lift()
    bench.run(3)
    assert not bench.hears("101", 650).any()  # one cadence is 2 s and 4 s of silence
