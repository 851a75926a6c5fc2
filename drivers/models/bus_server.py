"""The virtual box as a process of its own: its clock, its bus socket, its operator's socket.

One thread, one loop. A period passes every 10 ms of the monotonic clock, counted from the start so
that nothing drifts; between two periods the sockets are served. A box that plays on a sound card
(snd-aloop, whose other end is the telephone service's) has that card's clock instead.

While a service sets its lines up, nobody hears anything: then a period passes as soon as the one
before was played. The chips' calibrations take as many periods as ever, but hardly a second.
"""

import logging
import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np

from drivers.board_spec import BoardSpec
from drivers.buses import PERIOD, PERIODS_PER_SECOND, InputPin, PcmPort, Samples
from drivers.errors import ChipMissing, HardwareError
from drivers.models.box import VirtualBox
from drivers.models.bus_wire import (
    ANSWER,
    CLOCK,
    CONTROL,
    EDGES,
    HELLO,
    I2C,
    LEVELS,
    MESSAGE_MOST,
    MISSING,
    OK,
    PERIOD_HEAD,
    PIN,
    PREFILL,
    PRESENT,
    SOUND,
    SPI,
    TAKEN,
    VERSION,
    VOICE,
    WELCOME,
    bound,
    failure,
)
from drivers.models.live_link import LiveLink
from drivers.models.operator import Operator
from drivers.models.operator_link import OperatorLink

log = logging.getLogger(__name__)

BEAT_S = 1 / PERIODS_PER_SECOND
SET_UP_PERIODS = 500
"""A service that has not set its lines up by then, does it at the common pace: a line is broken."""
HOPELESS_S = 1.0
"""Later than this (a machine that was asleep) the clock starts anew instead of catching up."""


class BoxServer:
    """Serves one box to one telephone service and to any number of operators."""

    def __init__(
        self,
        box: VirtualBox,
        bus_path: Path,
        operator_path: Path,
        monotonic: Callable[[], float] = time.monotonic,
        pcm: PcmPort | None = None,
        set_up_periods: int = 0,
    ) -> None:
        """`pcm`: the samples of all lines go over this port, not over the bus.

        `set_up_periods`: as many pass quickly while a service sets its lines up.
        """
        self._box, self._monotonic = box, monotonic
        self._operator = Operator(box)
        self._selector = selectors.DefaultSelector()
        self._pins = self._interrupt_pins()
        self._silence = np.zeros((box.spec.slots, PERIOD), np.int16)
        self._voice: socket.socket | None = None
        self._set_up_periods = set_up_periods
        self._quick = 0
        """Periods that may yet pass quickly."""
        self._watching: list[socket.socket] = []
        """Who gets the levels alone."""
        self._panels: list[socket.socket] = []
        """Who gets them when they have changed."""
        self._told_levels = 0
        self._played: deque[Samples] = deque(maxlen=PREFILL)
        """What waits to be played. A service that was late writes more than fits when it catches
        up: then the oldest go, whose time has passed, and the delay stays what it was."""
        self.lost_periods = 0
        """Periods in which a connected service was too late, or too slow to take what it heard."""
        self._links: list[OperatorLink] = []
        self._stopping = False
        self._paths = (bus_path, operator_path)
        self._wake, self._woken = socket.socketpair()
        self._listen(self._woken, self._drain)
        self._bus = bound(bus_path, socket.SOCK_SEQPACKET)
        self._listen(self._bus, self._accept_bus)
        self._operator_socket = bound(operator_path, socket.SOCK_STREAM)
        self._listen(self._operator_socket, self._accept_operator)
        self._pcm = pcm
        if pcm is not None:
            pcm.start()
            self._selector.register(pcm.fileno(), selectors.EVENT_READ, self._card_beats)
        self._next = monotonic() + BEAT_S

    def _interrupt_pins(self) -> list[tuple[int, InputPin]]:
        panel = () if self._box.panel is None else self._box.panel.inputs
        spec = self._box.spec
        lines = {line.interrupt for line in spec.lines} | {slic.hook for slic in spec.slics}
        pins = sorted({*lines, *panel})
        return [(1 << pin, self._box.input_pin(pin)) for pin in pins]

    # ------------------------------------------------------------------ the loop

    def run(self) -> None:
        """Serve until stop()."""
        while not self._stopping:
            self.turn()

    def turn(self) -> None:
        """One turn: serve the sockets until the next period is due, then let it pass."""
        if self._pcm is not None:
            for key, _ in self._selector.select():
                key.data()
            return
        wait = max(self._next - self._monotonic(), 0.0)
        for key, _ in self._selector.select(0.0 if self._is_quick() else wait):
            key.data()
        if self._is_quick():
            self._quick -= 1
            self._next = self._monotonic() + BEAT_S
            self._beat()
            return
        late = self._monotonic() - self._next
        if late > HOPELESS_S:
            log.warning("virtual box: %.1f s late, the clock starts anew", late)
            self._next += late
        if late >= 0:
            self._next += BEAT_S
            self._beat()

    def _is_quick(self) -> bool:
        """Whether the next period need not wait: no line is set up yet, and this one was played."""
        if self._quick and self._box.set_up:
            self._quick = 0
        return self._quick > 0 and len(self._played) > 0

    def stop(self) -> None:
        """End run() soon; may be called from a signal handler or another thread."""
        self._stopping = True
        self.poke()

    def poke(self) -> None:
        """Make a waiting turn() look at the clock again."""
        self._wake.send(b"\0")

    def close(self) -> None:
        """Close all connections and remove the sockets."""
        for link in list(self._links):
            self._end_link(link)
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()
        if self._pcm is not None:
            self._pcm.close()
        self._wake.close()
        for path in self._paths:
            path.unlink(missing_ok=True)

    def _listen(self, sock: socket.socket, ready: Callable[[], None]) -> None:
        sock.setblocking(False)
        self._selector.register(sock, selectors.EVENT_READ, ready)

    def _forget(self, sock: socket.socket) -> None:
        self._selector.unregister(sock)
        sock.close()

    def _drain(self) -> None:
        self._woken.recv(4096)

    # ------------------------------------------------------------------ a period

    def _card_beats(self) -> None:
        """The sound card has a period for us, or several if we were late."""
        assert self._pcm is not None
        while (played := self._pcm.read()) is not None:
            self._pcm.write(self._box.period(played))
            self.lost_periods = self._pcm.lost_periods
            self._tell_period(None)

    def _beat(self) -> None:
        self._tell_period(self._box.period(self._next_played()))

    def _tell_period(self, heard: Samples | None) -> None:
        """A period has passed; its samples go out with it unless a sound card has them."""
        levels = self._levels()
        head = PERIOD_HEAD.pack(levels, self._box.now, self.lost_periods)
        if self._voice is not None and heard is not None:
            self._send_period(self._voice, head + heard.tobytes())
        for watcher in list(self._watching):
            self._send_levels(watcher, head)
        self._tell_edges(levels)
        for link in list(self._links):
            link.period()
            if link.closed:
                self._end_link(link)

    def _next_played(self) -> Samples:
        if self._played:
            return self._played.popleft()
        if self._voice is not None:
            self.lost_periods += 1
        return self._silence

    def _send_period(self, voice: socket.socket, message: bytes) -> None:
        try:
            voice.send(message)
        except BlockingIOError:
            self.lost_periods += 1
        except OSError:
            self._end_voice()

    def _send_levels(self, watcher: socket.socket, head: bytes) -> None:
        try:
            watcher.send(head)
        except BlockingIOError:
            return  # it does not look at the moment, and finds older ones when it does
        except OSError:
            self._end_watching(watcher)

    def _tell_edges(self, levels: int) -> None:
        """A panel is told when its pins have changed, and need not ask for that."""
        if levels != self._told_levels:
            self._told_levels = levels
            for panel in list(self._panels):
                self._send_levels(panel, levels.to_bytes(8, "little"))

    def _end_watching(self, watcher: socket.socket) -> None:
        for clients in (self._watching, self._panels):
            if watcher in clients:
                clients.remove(watcher)
        self._forget(watcher)

    def _levels(self) -> int:
        levels = 0
        for bit, pin in self._pins:
            if pin.read():
                levels |= bit
        return levels

    # ------------------------------------------------------------------ the bus

    def _accept_bus(self) -> None:
        client, _ = self._bus.accept()
        self._listen(client, lambda: self._greet(client))

    def _receive(self, client: socket.socket) -> bytes | None:
        """The next message; None when the other end is gone."""
        try:
            return client.recv(MESSAGE_MOST) or None
        except BlockingIOError:
            return b""
        except OSError:
            return None

    def _greet(self, client: socket.socket) -> None:
        hello = self._receive(client)
        self._selector.unregister(client)
        try:
            self._welcome(client, hello)
        except OSError:  # it has gone meanwhile
            client.close()

    def _welcome(self, client: socket.socket, hello: bytes | None) -> None:
        if hello is None or len(hello) != HELLO.size:
            client.close()
            return
        role, version = HELLO.unpack(hello)
        if version != VERSION or role not in (CONTROL, VOICE, LEVELS, EDGES):
            client.send(failure(f"the box speaks version {VERSION}, the service {version}"))
            client.close()
            return
        client.send(WELCOME.pack(OK, self._box.spec.slots))
        if role == VOICE:
            self._start_voice(client)
        elif role in (LEVELS, EDGES):
            self._start_watching(client, self._watching if role == LEVELS else self._panels)
        else:
            self._listen(client, lambda: self._control(client))

    def _control(self, client: socket.socket) -> None:
        request = self._receive(client)
        if request is None:
            self._forget(client)
        elif request:
            try:
                client.send(self._answer(request))
            except OSError:
                self._forget(client)

    def _answer(self, request: bytes) -> bytes:
        read = b""
        try:
            if request[0] == SPI and len(request) >= 3:
                read = bytes(self._box.spi(request[1], request[2]).transfer(request[3:]))
            elif request[0] == PIN and len(request) == 3:
                self._box.output_pin(request[1]).set(bool(request[2]))
            elif request[0] == CLOCK and len(request) == 2:
                self._box.clock(self._box.spec.pclk_hz if request[1] else 0)
            elif request[0] == I2C and len(request) in (4, 5):
                read = self._on_i2c(request)
            elif request[0] == SOUND and len(request) % 2:
                read = self._on_sound(np.frombuffer(request, np.int16, offset=1))
            else:
                return failure(f"no such request: {request[:8].hex(' ')}")
        except HardwareError as error:
            return failure(str(error))
        return ANSWER.pack(OK, self._levels()) + read

    def _on_i2c(self, request: bytes) -> bytes:
        try:
            device = self._box.i2c(request[1], request[2])
            if len(request) == 4:
                return bytes((PRESENT, device.read_register(request[3])))
            device.write_register(request[3], request[4])
        except ChipMissing:
            return bytes((MISSING,))
        return bytes((PRESENT, 0))

    def _on_sound(self, samples: Samples) -> bytes:
        if len(samples):
            return TAKEN.pack(self._box.loudspeaker.write(samples))
        self._box.loudspeaker.open()
        return TAKEN.pack(0)

    # ------------------------------------------------------------------ voice

    def _start_voice(self, client: socket.socket) -> None:
        """A service begins to play; one that was there before is let go."""
        self._end_voice()
        self._voice = client
        self._quick = self._set_up_periods
        self._played.extend([self._silence] * PREFILL)
        self._listen(client, lambda: self._hear_service(client))

    def _start_watching(self, client: socket.socket, clients: list[socket.socket]) -> None:
        """It says nothing more, so what can be read is its end."""
        clients.append(client)
        self._listen(client, lambda: self._end_watching(client))

    def _end_voice(self) -> None:
        """The service is gone: lines hear silence, everything else goes on."""
        if self._voice is not None:
            self._forget(self._voice)
        self._voice = None
        self._quick = 0
        self._played.clear()

    def _hear_service(self, client: socket.socket) -> None:
        """Take all periods that have arrived."""
        if client is not self._voice:  # let go in this very turn
            return
        while message := self._receive(client):
            if len(message) != self._silence.nbytes:
                message = None
                break
            self._played.append(np.frombuffer(message, np.int16).reshape(self._silence.shape))
        if message is None:
            self._end_voice()

    # ------------------------------------------------------------------ operators

    def _accept_operator(self) -> None:
        client, _ = self._operator_socket.accept()
        link = OperatorLink(client, self._operator, LiveLink(self._box))
        self._links.append(link)
        self._listen(client, lambda: self._serve_link(link))

    def _serve_link(self, link: OperatorLink) -> None:
        link.receive()
        if link.closed:
            self._end_link(link)

    def _end_link(self, link: OperatorLink) -> None:
        self._links.remove(link)
        link.close()
        self._forget(link.socket)


def serve(
    spec: BoardSpec,
    bus_path: Path,
    operator_path: Path,
    ready: Callable[[], None],
    pcm: PcmPort | None = None,
) -> None:
    """The `box` process: serve a virtual board until SIGTERM or SIGINT.

    `ready` is called once both sockets listen. `pcm` is the far end of the sound card that carries
    the lines, if one does. Raises HardwareError if the sockets cannot listen.
    """
    box = VirtualBox(spec, spec.country, started=datetime.now())
    server = BoxServer(box, bus_path, operator_path, pcm=pcm, set_up_periods=SET_UP_PERIODS)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    try:
        ready()
        server.run()
    finally:
        server.close()
