"""A handset behind a SLIC and a channel of a codec, as the virtual box has it."""

from collections.abc import Callable

from drivers.buses import Samples
from drivers.codec_spec import CodecSpec, SlicSpec
from drivers.countries.base import CallerIdService, Modem
from drivers.models.ag1171 import Ag1171Model
from drivers.models.codec import CodecModel
from drivers.models.loops import StationLoop
from drivers.models.telephone import Telephone
from drivers.models.wm8731 import Wm8731Model
from drivers.models.wm8960 import Wm8960Model

MODELS: dict[str, type[CodecModel]] = {"wm8960": Wm8960Model, "wm8731": Wm8731Model}


def codec_model(spec: CodecSpec) -> CodecModel:
    """The codec of a board."""
    return MODELS[spec.chip](spec.chip, spec.crystal_hz)


class SlicPin:
    """A pin of the processor at a module: it drives or reads."""

    def __init__(
        self,
        put: Callable[[bool], None] = lambda level: None,
        get: Callable[[], bool] = lambda: True,
    ) -> None:
        self._put, self._get = put, get

    def set(self, level: bool) -> None:
        """Drive RM, F/R or PD."""
        self._put(level)

    def read(self) -> bool:
        """SHK."""
        return self._get()


class SlicJack:
    """A handset, its wires, its module and the codec's channel; its telephone has this modem."""

    def __init__(
        self,
        spec: SlicSpec,
        codec: CodecModel,
        modem: Modem,
        service: CallerIdService | None = None,
    ) -> None:
        self.loop = StationLoop()
        self.slic = Ag1171Model(spec.name, self.loop, spec.power_down_level, spec.on_hook_audio)
        self.party = Telephone(spec.name, self.loop, modem, service)
        self._codec, self._slot = codec, spec.slot
        slic = self.slic
        self.pins = {
            spec.ring_mode: SlicPin(slic.set_ring_mode),
            spec.forward: SlicPin(slic.set_forward),
            spec.hook: SlicPin(get=slic.read_hook),
        }
        if spec.power_down is not None:
            self.pins[spec.power_down] = SlicPin(slic.set_power_down)

    def period(self, played: Samples, heard: Samples, now: int) -> None:
        """10 ms pass; the codec's own time is the box's."""
        phone, slic = self.party, self.slic
        phone.move(now)
        slic.step()
        spoken = phone.speak()
        row = self._codec.from_line(self._slot, slic.to_codec(spoken if phone.off_hook else None))
        if row is not None:
            heard[self._slot] = row
        row = slic.to_handset(self._codec.to_line(self._slot, played[self._slot]))
        if phone.off_hook:
            phone.listen(row)
        elif slic.audio:
            phone.receive_on_hook(row)
