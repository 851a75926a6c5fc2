"""A house with voicemail, and a telephone line on which a script can be held to its every word.

ScriptLine is a whole Line (app/phone/calls/line.py) over virtual time: a sound lasts as long as it
is, the test presses keys at chosen moments, and nothing happens between. Conversations are written
as people would tell them (a prompt in another language than English is written as de:vm-intro):

    hears    vm-password                 these sounds, in this order, to their ends
    presses  739150#                     while the next sound plays, or into the silence
    waits                                lets the sound, or the waiting for a digit, pass
    listens  1.5                         hears so many seconds of the message that is played
    says     2.5                         speaks for so many seconds into a recording
    hangs up                             puts the telephone down
    ends                                 the script is over and has hung up
"""

import math
from array import array
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from app.appliance import default_limits
from app.clerk.client import InProcessClerk
from app.clerk.config import ClerkConfig
from app.clerk.desk import Desk
from app.clerk.jobs import ClerkJobs
from app.clerk.media import InlineMedia
from app.inbox.entries import Entry, Kind
from app.phone.calls.line import ANY, Caller, HungUp, Recorded, RecordingEnd, WhyVoicemail
from app.phone.calls.line import Kind as LineKind
from app.phone.calls.scripting import Script, Wait
from app.phone.fax.link import FaxLink
from app.phone.sound.sounds import (
    CountryTone,
    Draft,
    Greeting,
    HoldMusic,
    MailText,
    MessageAudio,
    Pause,
    Pcm,
    Played,
    Playhead,
    Prompt,
    Sound,
    Spoken,
    Take,
    Tone,
)
from app.voicemail.jobs import VoicemailClerk, WaitingMessages
from drivers.buses import PERIOD
from tests.kit.defaults import SETTINGS
from tests.kit.store import StoreKit, open_store

T = TypeVar("T")

PACKS = Path("/usr/share/asterisk/sounds")
PIN = "739150"
NEVER = 1 << 30
UNKNOWN = Caller()


def tone(seconds: float, hz: float = 440.0, peak: int = 8000) -> bytes:
    """A sine as S16LE at 8 kHz."""
    count = round(seconds * 8000)
    step = 2 * math.pi * hz / 8000
    return array("h", [round(peak * math.sin(step * n)) for n in range(count)]).tobytes()


def silence(seconds: float) -> bytes:
    """Zeros as S16LE at 8 kHz."""
    return bytes(round(seconds * 8000) * 2)


def clerk_config(directory: Path, **changes: Any) -> ClerkConfig:
    """A clerk's configuration with everything below one directory."""
    values: dict[str, Any] = {
        "store": str(directory / "inbox.db"),
        "packs": str(PACKS),
        "cache": str(directory / "spoken"),
        "spool": str(directory / "spool"),
        "spool_memory": str(directory / "memory"),
        "greetings": str(directory / "greetings"),
        "hostname": "box.example.org",
        "domains": ("example.org", "example.net"),
        "cleaned": False,  # tests count samples; test_clerk_cleaning.py has the cleaning
        "zone": "Europe/Berlin",
        "free_floor": 1000,
        "voice_reserve": 500,
        "limits": default_limits(SETTINGS),
        "callers_percent": SETTINGS.keeping.callers_percent,
        "full_is_permanent": SETTINGS.keeping.full_is_permanent,
    }
    return ClerkConfig(**{**values, **changes})


HOUSES: "list[House]" = []
"""Those of the tests of this module, which tests/conftest.py closes after the last of them."""


@dataclass
class House:
    """Anna (201 at jack 101, with a PIN), Bob (202 at 102) and Cleo (203), and a clerk."""

    directory: Path
    fresh: bool = True
    """False: the store is there already, as after a power cut."""

    def __post_init__(self) -> None:
        HOUSES.append(self)
        self.config = clerk_config(self.directory)
        if self.fresh:
            self.kit = open_store(self.directory)
            anna = self.kit.person("anna").id
            self.kit.db.now(lambda tx: self.kit.people.set_pin(tx, anna, PIN, by="anna"))
        else:
            self.kit = StoreKit(self.directory / "inbox.db")
        self.pushes: list[WaitingMessages] = []
        self.jobs = self.new_jobs()
        self.clerk = InProcessClerk(self.jobs, self.pushes.append)

    def new_jobs(self) -> Desk:
        """What does the jobs, as after a restart: over the same store, remembering nothing."""
        return Desk(self.config, self.kit.clock, InlineMedia(), self._opened)

    def _opened(self) -> ClerkJobs:
        kit, media = self.kit, InlineMedia()
        return ClerkJobs(
            self.config, kit.db, kit.store, kit.people, kit.aliases, kit.delivery, kit.clock, media
        )

    def restart(self) -> None:
        """The clerk dies and is started again; nothing is recovered yet."""
        self.jobs = self.new_jobs()
        self.clerk = InProcessClerk(self.jobs, self.pushes.append)

    def close(self) -> None:
        """Give back files and sockets: a process may have a thousand."""
        self.jobs.close()
        self.kit.db.close()

    def recover(self, live: frozenset[int] = frozenset()) -> int:
        """What a clerk does at its start; how many recordings it has finished."""
        count = self.jobs.recover(set(live))
        self.clerk.dispatch()
        return count

    def leave(
        self,
        mailbox: str,
        sound: bytes = b"",
        number: str | None = "5551234",
        name: str | None = "CARL CALLER",
    ) -> None:
        """Leave a voicemail, by the clerk's own jobs."""
        recording = self.begin(mailbox, caller=Caller(number, name))
        said = sound or tone(2)
        for seq, start in enumerate(range(0, len(said), 16_000)):
            self.clerk.samples(recording, seq, said[start : start + 16_000]).result()
        self.clerk.end_recording(recording, "hung up").result()

    def begin(self, mailbox: str, line: str = "line1", caller: Caller = UNKNOWN) -> int:
        """Begin a recording; its number."""
        begun = self.clerk.begin_recording(mailbox, line, caller).result()
        assert begun.recording is not None, begun
        return begun.recording

    def voicemails(self, login: str) -> list[Entry]:
        """Somebody's voicemails."""
        return self.kit.store.entries(self.kit.person(login).id, kinds=[Kind.VOICEMAIL])

    def verbs(self) -> list[str]:
        """What was done, from the history."""
        return [row.verb for row in self.kit.store.history()]


@dataclass
class _Now:
    """What the script waits for at this moment."""

    what: str
    wait: Wait[Any]
    stop_on: str = ""
    length: int = 0


class ScriptLine:
    """A line on which one script runs; it waits at every sound until the test lets it end."""

    def __init__(
        self,
        clerk: VoicemailClerk,
        name: str = "line1",
        kind: LineKind = "trunk",
        caller: Caller | None = None,
    ) -> None:
        self.name, self.kind = name, kind
        self.caller = caller or Caller()
        self.why = WhyVoicemail.NO_ANSWER
        self.language: str | None = None
        self.periods = 0
        self.heard: list[str] = []
        self.audio: dict[str, bytes] = {}
        self.hung_up = False
        self.onward = ""
        self.may_call: frozenset[str] = frozenset()
        """Numbers that it may call back."""
        self.failure: BaseException | None = None
        self.sink: Callable[[bytes], None] | None = None
        self.recorded = 0
        self._clerk = clerk
        self.head: Playhead | None = None
        self._now: _Now | None = None
        self._ahead = ""
        self._gone = False
        self._script: Script | None = None

    # ---- what scripts call

    async def play(self, *sounds: Sound, stop_on: str = "") -> str:
        """See app.phone.calls.line.Line."""
        for sound in sounds:
            self._check()
            self.head = sound.head if isinstance(sound, Played) else None
            if self._ahead and self._ahead[0] in stop_on:
                return self._take_ahead()
            if self.head is not None:
                self.head.position += PERIOD
            key = await self._for(_Now(self._named(sound), Wait(), stop_on, self._length(sound)))
            if key:
                return str(key)
        return ""

    async def digits(
        self, most: int, end: str = "#", first_s: float = 6, between_s: float = 4
    ) -> str:
        """See app.phone.calls.line.Line."""
        dialled = ""
        while len(dialled) < most:
            self._check()
            if not self._ahead:
                key = await self._for(_Now("digits", Wait(), ANY, round(first_s * 100)))
            else:
                key = self._take_ahead()
            if not key or key in end:
                break
            dialled += key
        return dialled

    async def record(
        self,
        sink: Callable[[bytes], None],
        limit_s: float,
        silence_s: float,
        stop_on: str = ANY,
        ending_s: float = 0,
    ) -> Recorded:
        """See app.phone.calls.line.Line."""
        self._check()
        self._ahead, self.sink, self.recorded = "", sink, 0
        self.limits = (limit_s, silence_s)
        why = await self._for(_Now("record", Wait(), stop_on))
        self.sink = None
        digit = why if len(why) == 1 else ""
        reason: RecordingEnd = "digit" if digit else why
        return Recorded(self.recorded, reason, digit)

    async def exchange(self, link: FaxLink) -> None:
        """See Line; no fax calls here."""
        raise AssertionError("a fax call on a line that is a script's alone")

    async def pause(self, seconds: float) -> None:
        """See app.phone.calls.line.Line."""
        self._check()
        await self._for(_Now("pause", Wait(), "", round(seconds * 100)))

    async def answer_of(self, job: Wait[T]) -> T:
        """See app.phone.calls.line.Line."""
        return await job

    def tone(self, tone: Tone | None) -> None:
        """See app.phone.calls.line.Line."""
        self._check()

    def go_on_to(self, number: str) -> None:
        """See app.phone.calls.line.Line."""
        self._check()
        self.onward = number

    def call_back(self, number: str) -> bool:
        """See app.phone.calls.line.Line."""
        self._check()
        if number not in self.may_call:
            return False
        self.onward = number
        return True

    async def hang_up(self) -> None:
        """See app.phone.calls.line.Line."""
        self._check()
        self.hung_up = self._gone = True

    def _check(self) -> None:
        if self._gone:
            raise HungUp

    async def _for(self, now: _Now) -> Any:
        self._now = now
        return await now.wait

    def _take_ahead(self) -> str:
        key, self._ahead = self._ahead[0], self._ahead[1:]
        return key

    def _named(self, sound: Sound) -> str:
        if isinstance(sound, Played):
            sound = sound.sound
        name = _name(sound)
        if isinstance(sound, MessageAudio | Greeting | Draft | Take):
            self.audio[name] = self._fetch(sound)
        return name

    def _fetch(self, sound: MessageAudio | Greeting | Draft | Take) -> bytes:
        whole = b""
        while True:
            start = len(whole) // 2
            piece = self._clerk.sound(sound, start, 16_000).result()
            whole += piece
            if len(piece) < 32_000:
                return whole

    def _length(self, sound: Sound) -> int:
        if isinstance(sound, Played):
            rest = len(self.audio[_name(sound.sound)]) // 2 - sound.head.position
            return max(0, round(rest / PERIOD / sound.head.speed))
        if isinstance(sound, MessageAudio | Greeting | Draft | Take):
            return len(self.audio[_name(sound)]) // 160
        if isinstance(sound, Prompt | Spoken | MailText):
            piece = self._clerk.sound(sound, 0, NEVER).result()
            assert piece, f"{sound} is silent"
            return len(piece) // 160
        return sound.ms // 10 if isinstance(sound, Pause) else 41

    # ---- what the test does

    def runs(self, script: Coroutine[Any, Any, None]) -> "ScriptLine":
        """Start a script on this line."""
        self._script = Script(script, self._ended)
        self._script.start()
        return self

    @property
    def now(self) -> str:
        """What is being heard, or waited for; "" when the script is over."""
        return self._now.what if self._now is not None else ""

    def talk(self, conversation: str) -> None:
        """Hold the conversation; see the module's head. Fails with what was heard instead."""
        for line in conversation.strip().splitlines():
            verb, _, rest = line.strip().partition(" ")
            if verb:
                self._DO[f"{verb} {rest.strip()}" if verb == "hangs" else verb](self, rest.split())

    def _hears(self, names: list[str]) -> None:
        for name in names:
            assert self._now is not None, f"expected {name}, but the script is over: {self.heard}"
            assert self._now.what == name, (
                f"expected {name}, heard {self._now.what} after {self.heard[-8:]}"
            )
            self._pass()

    def _presses(self, keys: list[str]) -> None:
        for key in "".join(keys):
            now = self._now
            if now is not None and key in now.stop_on and not (self._ahead and now.what == "play"):
                self._happens(key)
            else:
                self._ahead += key

    def _waits(self, _: list[str]) -> None:
        assert self._now is not None, "the script is over"
        self._pass()

    def _says(self, seconds: list[str]) -> None:
        self.speaks(tone(float(seconds[0])))

    def speaks(self, sound: bytes) -> None:
        """Speak into the recording that is under way."""
        assert self._now is not None and self._now.what == "record", "nobody records"
        assert self.sink is not None
        for start in range(0, len(sound), 16_000):
            self.sink(sound[start : start + 16_000])
        self.recorded += len(sound) // 160
        self.periods += len(sound) // 160

    def _listens(self, seconds: list[str]) -> None:
        """Let so many seconds of a message pass."""
        assert self.head is not None, f"no message is played, but {self._now}"
        self.head.position += round(float(seconds[0]) * self.head.speed * 100) * PERIOD
        self.periods += round(float(seconds[0]) * 100)

    def _stops(self, why: list[str]) -> None:
        self._happens(" ".join(why))

    def _hangs_up(self, _: list[str]) -> None:
        self._gone = True
        now = self._now
        assert now is not None, "the script is over"
        if now.what == "record":
            self._happens("hung up")
        else:
            self._now = None
            now.wait.failed(HungUp())

    def _ends(self, _: list[str]) -> None:
        assert self._script is not None and self._script.finished, f"still at {self._now}"
        assert self.failure is None, self.failure

    _DO: ClassVar[dict[str, Callable[["ScriptLine", list[str]], None]]] = {
        "hears": _hears,
        "presses": _presses,
        "waits": _waits,
        "says": _says,
        "listens": _listens,
        "stops": _stops,
        "hangs up": _hangs_up,
        "ends": _ends,
    }

    def _pass(self) -> None:
        """Let what is going on come to its end by itself."""
        assert self._now is not None
        assert self._now.what != "record", "a recording ends by a key, a hang-up or its limits"
        self._happens("")

    def _happens(self, result: str) -> None:
        now, self._now = self._now, None
        assert now is not None
        self.periods += now.length if not result else 0
        if now.what not in ("digits", "pause", "record"):
            self.heard.append(now.what)
        now.wait.happened(result)

    def _ended(self, failure: BaseException | None) -> None:
        self.failure, self._now = failure, None


def _name(sound: Sound) -> str:
    assert not isinstance(sound, Played)
    match sound:
        case Prompt(name, language):
            return f"{language}:{name}" if language not in (None, "en") else name
        case Spoken(text, language):
            said = f"spoken:{text.replace(' ', '_')}"
            return f"{language}:{said}" if language not in (None, "en") else said
        case MessageAudio(entry):
            return f"message:{entry}"
        case MailText(entry, section, _):
            return f"mail:{entry}:{section}"
        case Greeting(person, kind):
            return f"greeting:{person}:{kind}"
        case Take(_, piece):
            return f"take:{piece}"
        case Tone(hz):
            return "beep" if hz == (1000.0,) else "a tone"
        case CountryTone(name):
            return f"{name}-tone"
        case _:
            return _PLAIN[type(sound)]


_PLAIN: dict[type[Sound], str] = {
    Draft: "draft", HoldMusic: "music", Pause: "silence", Pcm: "samples"
}  # fmt: skip
