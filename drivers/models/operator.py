"""Commands of a person at the virtual board: one command line, one thing done.

A verb is a generator that yields once a period until it is done and returns what happened; so the
same code serves the free pace of tests and the real pace of the box.
"""

import re
from collections.abc import Callable, Generator
from pathlib import Path

from drivers.buses import PERIODS_PER_SECOND
from drivers.models.box import VirtualBox
from drivers.models.exchange import OfficeError, OfficeLine, OfficeState
from drivers.models.operator_faults import NoFault, fault
from drivers.models.operator_verbs import VERBS, OperatorError, WaitFailed, words_of
from drivers.models.panel import PanelModel
from drivers.models.party import Party
from drivers.models.recognizer import SOUNDS, SoundRecognizer
from drivers.models.sound import NotPlayable
from drivers.models.subscribers import Reaction, Subscriber
from drivers.models.telephone import Telephone
from drivers.panel_spec import LOUDSPEAKER

Doing = Generator[None, None, str]

DEFAULT_LIMIT_S = 60.0
"""A call rings for 20 s before voicemail takes it, and a greeting lasts 10 s."""
HANG_UP_S = 1.5
"""A handset on its hook for so long has hung up; shorter would be a flash [1250 ms, US]."""
LET_GO_S = 3.0
"""How long a far end that has hung up waits for our side to let the line go."""
SETTLE_LIMIT_S = 30.0
PRESS_S = 0.15
"""A finger on a button."""
LONGEST_S = 86_400.0
"""The longest duration: nobody waits for more than a day."""
DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m)?")
UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, None: 1.0}


def seconds(text: str) -> float:
    """A duration such as "5s", "500ms", "2m" or "5" (seconds). Raises OperatorError."""
    found = DURATION.fullmatch(text)
    if not found:
        raise OperatorError(f"{text!r} is no duration; write 5s, 500ms or 2m")
    duration = float(found[1]) * UNIT_S[found[2]]
    if duration > LONGEST_S:
        raise OperatorError(f"{text[:20]}… is too long; 1440m (a day) is the most")
    return duration


class Operator:
    """Carries out command lines on one box."""

    def __init__(self, box: VirtualBox, settled: Callable[[], bool] | None = None) -> None:
        self._box = box
        self._settled = settled
        self._heard_to: dict[str, int] = {}
        """Per party, the row up to which earlier commands have heard: waits look from there."""
        self._do: dict[str, Callable[[list[str]], Doing]] = {
            "ring": self._ring,
            "lift": self._lift,
            "dial": self._dial,
            "pulse": self._pulse,
            "number": self._number,
            "dialled": self._dialled,
            "say": self._say,
            "hear": self._hear,
            "flash": self._flash,
            "hangup": self._hangup,
            "wait-for": self._wait_for,
            "echo": self._echo,
            "lamps": self._lamps,
            "press": self._press,
            "leds": self._leds,
            "unplug": self._unplug,
            "plug": self._plug,
            "break": lambda words: self._fault(words, "break"),
            "mend": lambda words: self._fault(words, "mend"),
            "time": self._time,
            "settle": self._settle,
            "help": self._help,
        }

    def run(self, command_line: str) -> Doing:
        """Carry out one line: yields once a period, returns what happened. Raises OperatorError."""
        words = words_of(command_line)
        if not words:
            return ""
        do = self._do.get(words[0])
        if do is None:
            raise OperatorError(f"no verb {words[0]!r}; there are: {', '.join(VERBS)}")
        try:
            return (yield from do(words[1:]))
        except (OfficeError, NotPlayable, NoFault) as error:
            raise OperatorError(str(error)) from error

    # ------------------------------------------------------------------ parties

    def _party(self, name: str) -> Party:
        party = self._box.party(name)
        if party is None:
            there = ", ".join([*self._box.telephones, *self._box.office_lines])
            raise OperatorError(f"nobody is at {name!r}; there are: {there}")
        return party

    def _caller(self, name: str) -> Party:
        """A party that can do more than listen."""
        party = self._party(name)
        if party is self._box.loudspeaker:
            raise OperatorError(f"{name} can only be listened to: hear, wait-for, plug, unplug")
        return party

    def _telephone(self, name: str) -> Telephone:
        party = self._caller(name)
        if not isinstance(party, Telephone):
            there = ", ".join(self._box.telephones)
            raise OperatorError(f"{name} is an outside line; handsets are: {there}")
        return party

    def _office_line(self, name: str) -> OfficeLine:
        party = self._caller(name)
        if not isinstance(party, OfficeLine):
            there = ", ".join(self._box.office_lines)
            raise OperatorError(f"{name} is a handset; outside lines are: {there}")
        return party

    def _speaker(self, name: str) -> Party:
        """A party that can be heard by somebody."""
        party = self._caller(name)
        if isinstance(party, Telephone) and not party.off_hook:
            raise OperatorError(f"{name} lies on its hook; `lift {name}` first")
        if isinstance(party, OfficeLine) and not party.answered:
            raise OperatorError(f"{name} is {party.state.value}; a call must be answered first")
        return party

    def _moved_on(self, party: Party) -> None:
        self._heard_to[party.name] = party.periods_heard

    @staticmethod
    def _expect(words: list[str], count: int, verb: str) -> None:
        if len(words) != count:
            raise OperatorError(f"write: {VERBS[verb].usage}")

    # ------------------------------------------------------------------ verbs

    def _ring(self, words: list[str]) -> Doing:
        if len(words) not in (1, 3, 4) or (len(words) > 1 and words[1] != "from"):
            raise OperatorError(f"write: {VERBS['ring'].usage}")
        line = self._office_line(words[0])
        number, name, *_ = [*words[2:], None, None]
        line.ring(number, name)
        self._moved_on(line)
        yield
        caller = " ".join(part for part in (number, name) if part) or "an unknown caller"
        return f"{line.name} rings: {caller}"

    def _lift(self, words: list[str]) -> Doing:
        self._expect(words, 1, "lift")
        party = self._caller(words[0])
        self._moved_on(party)
        if isinstance(party, Telephone | OfficeLine):
            party.lift()
        yield
        return f"{party.name} is lifted"

    def _dial(self, words: list[str]) -> Doing:
        self._expect(words, 2, "dial")
        party = self._speaker(words[0])
        try:
            party.dial(words[1])
        except ValueError as error:
            raise OperatorError(str(error)) from error
        while party.speaking:
            yield
        self._moved_on(party)
        return f"{party.name} dialled {words[1]}"

    def _pulse(self, words: list[str]) -> Doing:
        self._expect(words, 2, "pulse")
        phone = self._telephone(words[0])
        self._speaker(phone.name)
        try:
            phone.dial_pulses(words[1])
        except ValueError as error:
            raise OperatorError(str(error)) from error
        while phone.handling:
            yield
        self._moved_on(phone)
        return f"{phone.name} dialled {words[1]} by pulses"

    def _number(self, words: list[str]) -> Doing:
        number, what, *more = [*words, "", ""][: max(len(words), 2)]
        reactions = {reaction.value: reaction for reaction in Reaction}
        reversal = more[-1:] == ["reversal"]
        more = more[:-1] if reversal else more
        if not number.isdecimal() or what not in reactions or len(more) not in (0, 2):
            raise OperatorError(f"write: {VERBS['number'].usage}")
        if more[:1] not in ([], ["after"]):
            raise OperatorError(f"write: {VERBS['number'].usage}")
        after_ms = round(1000 * seconds(more[1])) if more else 0
        self._box.subscribers.by_number[number] = Subscriber(reactions[what], after_ms, reversal)
        return f"{number}: {' '.join(words[1:])}"
        yield

    def _dialled(self, words: list[str]) -> Doing:
        self._expect(words, 1, "dialled")
        line = self._office_line(words[0])
        return f"on {line.name} was dialled: {line.dialled or 'nothing'}"
        yield

    def _say(self, words: list[str]) -> Doing:
        self._expect(words, 2, "say")
        party = self._speaker(words[0])
        party.say(Path(words[1]))
        periods = 0
        while party.speaking:
            periods += 1
            yield
        self._moved_on(party)
        return f"{party.name} said {words[1]} ({periods / PERIODS_PER_SECOND:.1f} s)"

    def _hear(self, words: list[str]) -> Doing:
        self._expect(words, 2, "hear")
        party = self._party(words[0])
        party.close_recordings()
        try:
            party.hear(Path(words[1]))
        except OSError as error:
            raise OperatorError(f"{words[1]}: {error.strerror}") from error
        return f"what {party.name} hears goes to {words[1]}"
        yield

    def _flash(self, words: list[str]) -> Doing:
        self._expect(words, 1, "flash")
        phone = self._telephone(words[0])
        self._speaker(phone.name)
        phone.flash()
        while phone.handling:
            yield
        self._moved_on(phone)
        return f"{phone.name} flashed"

    def _hangup(self, words: list[str]) -> Doing:
        self._expect(words, 1, "hangup")
        party = self._caller(words[0])
        if isinstance(party, Telephone):
            party.hang_up()
            yield from self._pass(HANG_UP_S)
        elif isinstance(party, OfficeLine):
            party.hang_up()
            for _ in range(round(LET_GO_S * PERIODS_PER_SECOND)):
                yield
                if party.state is OfficeState.IDLE:
                    break
        self._moved_on(party)
        return f"{party.name} hung up"

    def _echo(self, words: list[str]) -> Doing:
        self._expect(words, 2, "echo")
        party = self._caller(words[0])
        hybrid = self._box.hybrid(party.name)
        if hybrid is None:
            raise OperatorError(f"{party.name}: the echo of this line is not modelled")
        try:
            hybrid.loss_db = None if words[1] == "none" else float(words[1].removesuffix("dB"))
        except ValueError as error:
            raise OperatorError(f"write: {VERBS['echo'].usage} ({error})") from error
        return f"{party.name}: echo return loss {words[1]}"
        yield

    def _lamps(self, words: list[str]) -> Doing:
        self._expect(words, 0, "lamps")
        phones = self._box.telephones.values()
        return "\n".join(f"{p.name} {'lit' if p.lit else 'dark'}" for p in phones)
        yield

    def _panel(self) -> PanelModel:
        if self._box.panel is None:
            raise OperatorError("this board has no front panel")
        return self._box.panel

    def _press(self, words: list[str]) -> Doing:
        if len(words) not in (2, 4) or words[0] != "panel" or words[2:3] not in ([], ["for"]):
            raise OperatorError(f"write: {VERBS['press'].usage}")
        panel, name = self._panel(), words[1]
        if name not in panel.buttons:
            raise OperatorError(f"no button {name!r}; there are: {', '.join(panel.buttons)}")
        held_s = seconds(words[3]) if len(words) == 4 else PRESS_S
        panel.press(name, True)
        try:
            yield from self._pass(held_s)
        finally:
            panel.press(name, False)
        yield from self._pass(PRESS_S)  # so that two presses are two
        return f"{name} was pressed for {held_s:g} s"

    def _leds(self, words: list[str]) -> Doing:
        self._expect(words, 0, "leds")
        return "\n".join(f"{name} {seen}" for name, seen in self._panel().leds().items())
        yield

    def _unplug(self, words: list[str]) -> Doing:
        return (yield from self._plugged(words, "unplug"))

    def _plug(self, words: list[str]) -> Doing:
        return (yield from self._plugged(words, "plug"))

    def _plugged(self, words: list[str], verb: str) -> Doing:
        if words not in (["panel"], [LOUDSPEAKER]):
            raise OperatorError(f"write: {VERBS[verb].usage}")
        plugged = self._box.loudspeaker if words == [LOUDSPEAKER] else self._panel()
        plugged.plug(verb == "plug")
        return f"the {words[0]} is " + {"plug": "plugged in", "unplug": "unplugged"}[verb]
        yield

    def _fault(self, words: list[str], verb: str) -> Doing:
        if len(words) != 2:
            raise OperatorError(f"write: {VERBS[verb].usage}")
        return fault(self._box, words[0], words[1], verb == "break")
        yield

    def _time(self, words: list[str]) -> Doing:
        self._expect(words, 1, "time")
        yield from self._pass(seconds(words[0]))
        return f"{words[0]} passed"

    @staticmethod
    def _pass(duration_s: float) -> Generator[None, None, None]:
        for _ in range(round(duration_s * PERIODS_PER_SECOND)):
            yield

    def _settle(self, words: list[str]) -> Doing:
        self._expect(words, 0, "settle")
        if self._settled is None:
            raise OperatorError("settle: nobody here knows the telephone side's state")
        for _ in range(round(SETTLE_LIMIT_S * PERIODS_PER_SECOND)):
            if self._settled():
                return "settled"
            yield
        raise WaitFailed(f"not settled within {SETTLE_LIMIT_S:g} s of line time")

    def _help(self, words: list[str]) -> Doing:
        return "\n".join(f"{verb.usage}\n    {verb.meaning}" for verb in VERBS.values())
        yield

    # ------------------------------------------------------------------ waiting

    def _wait_for(self, words: list[str]) -> Doing:
        if len(words) not in (2, 4) or (len(words) == 4 and words[2] != "within"):
            raise OperatorError(f"write: {VERBS['wait-for'].usage}")
        party = self._party(words[0])
        limit = seconds(words[3]) if len(words) == 4 else DEFAULT_LIMIT_S
        what = words[1]
        if what in SOUNDS:
            return (yield from self._wait_for_sound(party, what, limit))
        return (yield from self._wait_for_state(party, what, limit))

    def _wait_for_sound(self, party: Party, sound: str, limit: float) -> Doing:
        recognizer = SoundRecognizer(self._box.country.code)
        heard_to = self._heard_to.get(party.name, 0)
        for period in range(round(limit * PERIODS_PER_SECOND) + 1):
            rows = party.heard_since(heard_to)
            heard_to = party.periods_heard - len(rows)
            for row in rows:
                heard_to += 1
                recognizer.hear(row)
                if sound in recognizer.heard:
                    self._heard_to[party.name] = heard_to
                    return f"{party.name} hears {sound} after {period / PERIODS_PER_SECOND:.2f} s"
            yield
        self._heard_to[party.name] = heard_to
        raise WaitFailed(
            f"{party.name} heard no {sound} within {limit:g} s; heard: {recognizer.describe()}"
        )

    def _wait_for_state(self, party: Party, what: str, limit: float) -> Doing:
        tests = self._tests(party)
        if what not in tests:
            there = ", ".join([*tests, *SOUNDS])
            raise OperatorError(f"{party.name} cannot be waited for {what!r}; there are: {there}")
        for period in range(round(limit * PERIODS_PER_SECOND) + 1):
            if tests[what]():
                self._moved_on(party)
                return f"{party.name} {what} after {period / PERIODS_PER_SECOND:.2f} s"
            yield
        is_now = self._state_of(party)
        raise WaitFailed(f"{party.name} not {what} within {limit:g} s; it is {is_now}")

    @staticmethod
    def _tests(party: Party) -> dict[str, Callable[[], bool]]:
        if isinstance(party, OfficeLine):
            line = party
            return {
                "answered": lambda: line.answered,
                "ringing": lambda: line.ringing,
                "hung-up": lambda: line.hung_up,
            }
        if not isinstance(party, Telephone):
            return {}
        phone = party
        return {"ringing": lambda: phone.ringing}

    @staticmethod
    def _state_of(party: Party) -> str:
        if isinstance(party, OfficeLine):
            return party.state.value
        if isinstance(party, Telephone) and party.off_hook:
            return "lifted"
        return "on its hook"
