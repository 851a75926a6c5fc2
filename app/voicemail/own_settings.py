"""What owners set for themselves by telephone: greetings, PIN, presence, language, keys,
follow-me.

The keys are the same in every key map, since one of them chooses the key map.
"""

from collections.abc import Awaitable, Callable

from app.core.presence import Presence
from app.voicemail.choices import Choice, chosen, dialled
from app.voicemail.common import Voice
from app.voicemail.conversation import Conversation
from app.voicemail.key_maps import KEY_MAPS, key_map
from app.voicemail.own_follow_me import own_follow_me
from app.voicemail.own_greetings import greetings
from app.voicemail.own_pin import choose_pin
from app.voicemail.owner_jobs import OwnSetting

PRESENCES = {
    "1": Presence.IN,
    "2": Presence.OUT,
    "3": Presence.MEETING,
    "4": Presence.AWAY,
    "5": Presence.DND,
}
SPOKEN_LANGUAGES = ("en", "de", "es", "fr", "it", "ru")
"""Those whose names there are prompts for (app/phone/sound/owner_words.py)."""
DATE_TRIES = 3


async def own_settings(talk: Conversation) -> None:
    """The menu, until the owner goes back."""
    choices = [Choice(key, f"switchhook/to-{words}") for key, (words, _) in _MENU.items()]
    while key := await chosen(talk, choices):
        await _MENU[key][1](talk)


async def _pin(talk: Conversation) -> None:
    await choose_pin(talk)


async def presence(talk: Conversation) -> None:
    """Say whether one can be reached; who is away says until when."""
    choices = [Choice(key, f"switchhook/presence-{one.value}") for key, one in PRESENCES.items()]
    key = await chosen(talk, choices)
    if not key:
        return
    wanted = PRESENCES[key]
    for _ in range(DATE_TRIES):
        until = ""
        if wanted is Presence.AWAY:
            day = await dialled(talk, "switchhook/away-until", most=4)
            until = f"{day[:2]}-{day[2:]}" if day else ""
        if await talk.line.answer_of(talk.clerk.set_presence(talk.person, wanted, until)):
            await talk.say("switchhook/is-changed")
            return
        await talk.say("switchhook/no-such-day")


async def _language(talk: Conversation) -> None:
    there = await talk.line.answer_of(talk.clerk.languages())
    languages = [language for language in SPOKEN_LANGUAGES if language in there]
    choices = [Choice(str(n), f"switchhook/language-{one}") for n, one in enumerate(languages, 1)]
    key = await chosen(talk, choices)
    if key:
        language = languages[int(key) - 1]
        await _set(talk, OwnSetting.LANGUAGE, language)
        talk.voice = Voice(language)
        await talk.say("switchhook/is-changed")


async def _keys(talk: Conversation) -> None:
    names = list(KEY_MAPS)
    choices = [Choice(str(n), f"switchhook/keys-{name}") for n, name in enumerate(names, 1)]
    key = await chosen(talk, choices)
    if key:
        name = names[int(key) - 1]
        await _set(talk, OwnSetting.KEY_MAP, name)
        talk.keys = key_map(name)
        await talk.say("switchhook/is-changed")


async def _set(talk: Conversation, setting: OwnSetting, value: str) -> None:
    await talk.line.answer_of(talk.clerk.set_own(talk.person, setting, value))


_MENU: dict[str, tuple[str, Callable[[Conversation], Awaitable[None]]]] = {
    "1": ("greetings", greetings),
    "2": ("pin", _pin),
    "3": ("presence", presence),
    "4": ("language", _language),
    "5": ("keys", _keys),
    "6": ("follow-me", own_follow_me),
}
"""Key, what it is for (the prompt switchhook/to-...), and what it does."""
