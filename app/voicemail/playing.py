"""Playing one message to its owner: paused, three seconds back or ahead, faster, louder.

What a key changes is heard at once: the sound goes on from the same playhead (app/phone/sound).
Speed and volume hold for the rest of the visit.
"""

from collections.abc import Awaitable, Callable, Mapping

from app.phone.sound.sounds import MessageAudio, Pause, Played, Playhead
from app.voicemail.conversation import MENU_TIMES, Conversation
from app.voicemail.menu import Action, Menu, offers
from drivers.buses import SAMPLE_RATE

STEP = 3 * SAMPLE_RATE
"""Samples that "back" and "ahead" move by."""
SPEEDS = (0.5, 0.6, 0.75, 0.87, 1.0, 1.15, 1.33, 1.6, 2.0)
"""Steps of "slower" and "faster"."""
GAIN_STEP_DB = 3.0
GAIN_MOST_DB = 12.0
"""Either way: more is noise, or nothing."""
PAUSED_MS = 20_000
"""Silence until somebody who has paused is reminded; after MENU_TIMES they are gone."""

TRANSPORT = frozenset(
    {
        Action.PAUSE,
        Action.BACK,
        Action.AHEAD,
        Action.SLOWER,
        Action.FASTER,
        Action.QUIETER,
        Action.LOUDER,
        Action.SOUND,
        Action.HELP,
    }
)
"""What is done about the sound, after which it goes on."""
SOUND = frozenset({Action.SLOWER, Action.FASTER, Action.QUIETER, Action.LOUDER})
"""What the menu of speed and volume offers."""


Asides = Mapping[Action, Callable[[], Awaitable[None]]]
"""What is done in the middle of a message, which then goes on."""


class Playing:
    """Plays messages, one after the other, with the same speed and volume."""

    def __init__(self, talk: Conversation, reminds: bool = True) -> None:
        self._talk, self._reminds = talk, reminds
        self._speed, self._gain_db = 1.0, 0.0
        self._head = Playhead()

    @property
    def begun(self) -> bool:
        """Whether any of the last message was heard."""
        return self._head.position > 0

    async def play(self, entry: int, possible: frozenset[Action], asides: Asides) -> Action | None:
        """Play a message, doing what is asked about its sound, and `asides`; then it goes on.

        None: to its end. Else what other thing was asked for, of those that are possible.
        """
        head = self._head = Playhead(speed=self._speed, gain_db=self._gain_db)
        while True:
            await self._talk.play(Played(MessageAudio(entry), head))
            if not self._talk.key:
                return None
            action = await self._talk.pressed(Menu.PLAYING, possible | TRANSPORT)
            if action is Action.PAUSE:
                action = await self._pause(possible)
            if action is None:
                await self._talk.say("vm-sorry", *self._help())
            elif action in TRANSPORT:
                await self._turn(action, head)
            elif action in asides:
                await asides[action]()
            else:
                return action

    async def set(self, head: Playhead | None = None) -> None:
        """Ask how fast and how loud it shall be."""
        action = await self._talk.ask(Menu.SOUND, SOUND)
        if action in SOUND:
            self._change(action, head)

    async def _turn(self, action: Action, head: Playhead) -> None:
        if action is Action.SOUND:
            await self.set(head)
        elif action is Action.HELP:
            await self._talk.say(*self._help())
        elif action is Action.BACK:
            head.position = max(0, head.position - STEP)
        elif action is Action.AHEAD:
            head.position += STEP  # beyond the end: it is over
        elif action in SOUND:
            self._change(action, head)

    async def _pause(self, possible: frozenset[Action]) -> Action | None:
        """Wait for a key; the key of the pause ends it, as any key does that goes on."""
        for _ in range(MENU_TIMES):
            await self._talk.play(Pause(PAUSED_MS))
            if self._talk.key:
                return await self._talk.pressed(Menu.PLAYING, possible | TRANSPORT)
            if self._reminds:
                await self._talk.say(*self._help())
        return Action.LEAVE

    def _change(self, action: Action, head: Playhead | None) -> None:
        if action in (Action.SLOWER, Action.FASTER):
            step = SPEEDS.index(self._speed) + (1 if action is Action.FASTER else -1)
            self._speed = SPEEDS[max(0, min(step, len(SPEEDS) - 1))]
        else:
            more = GAIN_STEP_DB if action is Action.LOUDER else -GAIN_STEP_DB
            self._gain_db = max(-GAIN_MOST_DB, min(self._gain_db + more, GAIN_MOST_DB))
        if head is not None:
            head.speed, head.gain_db = self._speed, self._gain_db

    def _help(self) -> tuple[str, ...]:
        return offers(self._talk.keys, Menu.PLAYING, TRANSPORT)
