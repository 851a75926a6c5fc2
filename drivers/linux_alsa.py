"""Sound cards of Linux: the PCM port's two streams, and loudspeakers.

alsaaudio is imported where it is needed.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

from drivers.buses import Samples
from drivers.errors import BusClosed, HardwareError
from drivers.library import library
from drivers.pcm import AlsaPcm
from drivers.sampling import PERIOD, SAMPLE_RATE
from drivers.slot_map import Stream

ALSA_PERIODS = 4
"""Periods in ALSA's ring: 40 ms, of which playback holds two."""
OUTPUT_PERIODS = 6
"""Periods in the ring of a loudspeaker, which is kept full: 60 ms against late beats."""


class _CardStream:
    """An AlsaStream whose device may vanish. Raises BusClosed then."""

    def __init__(self, stream: Any, device: str, error: type[Exception]) -> None:
        self._stream, self._device, self._error = stream, device, error
        self.polldescriptors, self.close = stream.polldescriptors, stream.close

    def read(self) -> tuple[int, bytes]:
        return cast(tuple[int, bytes], self._tried(self._stream.read))

    def write(self, data: bytes) -> int:
        return int(self._tried(self._stream.write, data))

    def drop(self) -> None:
        self._tried(self._stream.drop)

    def _tried(self, call: Callable[..., object], *values: object) -> Any:
        try:
            return call(*values)
        except self._error as error:
            raise BusClosed(f"PCM port: ALSA device {self._device}: {error}") from error


def open_pcm(played: str, stream: Stream, heard: str = "") -> AlsaPcm:
    """The two streams of a sound card at 8 kHz, 10 ms periods.

    `heard` is the device of the capture, if it is another one. Raises HardwareError.
    """
    with library("pyalsaaudio", "the PCM port"):
        import alsaaudio

    opened: list[_CardStream] = []
    ways = ((alsaaudio.PCM_PLAYBACK, played), (alsaaudio.PCM_CAPTURE, heard or played))
    for direction, device in ways:
        try:
            card = alsaaudio.PCM(
                type=direction,
                mode=alsaaudio.PCM_NONBLOCK,
                rate=SAMPLE_RATE,
                channels=stream.channels,
                format=getattr(alsaaudio, f"PCM_FORMAT_{stream.format}"),
                periodsize=PERIOD,
                periods=ALSA_PERIODS,
                device=device,
            )
        except alsaaudio.ALSAAudioError as error:
            _close_all(opened)
            raise HardwareError(
                f"PCM port: ALSA device {device}: {error}; {_card_advice(str(error))}"
            ) from error
        opened.append(_CardStream(card, device, alsaaudio.ALSAAudioError))
        try:
            _refuse_rounding(device, stream, card.info())
        except HardwareError:
            _close_all(opened)
            raise
    return AlsaPcm(playback=opened[0], capture=opened[1], stream=stream)


def _close_all(streams: Sequence[_CardStream]) -> None:
    for stream in streams:
        stream.close()


def _card_advice(text: str) -> str:
    """What to do, by the text of ALSA."""
    if "busy" in text.lower():
        return "another program plays or records on it: end that one"
    return "check the sound card's overlay and that the service's user is in the group audio"


def _refuse_rounding(device: str, stream: Stream, info: dict[str, Any]) -> None:
    """ALSA gives what it has instead of what was asked for, without a word.

    Of the buffer it may give more: that only allows more of a delay, which nobody fills.
    """
    wanted: dict[str, object] = {
        "rate": SAMPLE_RATE,
        "channels": stream.channels,
        "format_name": stream.format,
        "period_size": PERIOD,
    }
    for key, value in wanted.items():
        if info.get(key, value) != value:
            raise HardwareError(
                f"PCM port: ALSA device {device}: {key} is {info[key]} instead of {value}; "
                f"name the card itself (hw:...), not a plug or mixer"
            )
    least = ALSA_PERIODS * PERIOD
    if info.get("buffer_size", least) < least:
        raise HardwareError(
            f"PCM port: ALSA device {device}: buffer_size is {info['buffer_size']} frames, fewer "
            f"than {least}; each late beat would be heard: take another card or driver"
        )


class AlsaOutput:
    """SoundOutput over ALSA's playback stream of one device, such as a USB loudspeaker.

    The device may convert the rate (plughw:...): few of them play 8 kHz. Raises HardwareError.
    """

    def __init__(self, device: str) -> None:
        """Open the device of this name of ALSA. Raises HardwareError."""
        with library("pyalsaaudio", "the loudspeaker"):
            import alsaaudio

        self._device, self._error = device, alsaaudio.ALSAAudioError
        try:
            self._stream: Any = alsaaudio.PCM(
                type=alsaaudio.PCM_PLAYBACK,
                mode=alsaaudio.PCM_NONBLOCK,
                rate=SAMPLE_RATE,
                channels=1,
                format=alsaaudio.PCM_FORMAT_S16_LE,
                periodsize=PERIOD,
                periods=OUTPUT_PERIODS,
                device=device,
            )
        except alsaaudio.ALSAAudioError as error:
            raise HardwareError(
                f"loudspeaker: ALSA device {device}: {error}; check that it is plugged in, that"
                " nothing else plays on it, and its name (aplay -L lists them)"
            ) from error
        info = self._stream.info()
        if info.get("rate", SAMPLE_RATE) != SAMPLE_RATE or info.get("channels", 1) != 1:
            self._stream.close()
            raise HardwareError(
                f"loudspeaker: ALSA device {device} does not play one channel at {SAMPLE_RATE} Hz;"
                " name it plughw:... instead of hw:..., which converts"
            )

    def write(self, samples: Samples) -> int:
        """How many samples were taken, see SoundOutput. Raises HardwareError."""
        try:
            return int(self._stream.write(samples.astype("<i2").tobytes()))
        except self._error as error:
            raise HardwareError(f"loudspeaker: ALSA device {self._device}: {error}") from error

    def close(self) -> None:
        """Let the device go."""
        self._stream.close()
