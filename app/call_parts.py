"""Joins what decides where calls go: routes and groups of the settings, the attendant, the news."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.config.settings import Settings
    from app.phone.calls.calls import Calls
    from app.phone.calls.context import CallScript
    from app.phone.calls.loudspeaker import LoudspeakerParty
    from app.phone.config import IncomingRoute
    from app.phone.groups import AttendantConfig, RingGroup
    from app.phone.pbx import Pbx
    from app.voicemail.config import RecordingLimits
    from app.voicemail.jobs import VoicemailClerk, WaitingMessages
    from drivers.board import Hardware


def incoming_routes(settings: Settings) -> dict[str, IncomingRoute]:
    """Where the calls of each outside line go, by its jack."""
    from app.phone.config import IncomingRoute

    return {
        jack: IncomingRoute(line.handsets, line.mailbox, line.to, line.night_to, line.language)
        for jack, line in settings.phone.incoming.items()
    }


def ring_groups(settings: Settings) -> dict[str, RingGroup]:
    """The ring groups, by their numbers."""
    from app.phone.groups import RingGroup

    return {
        number: RingGroup(group.handsets, group.order, group.seconds, group.then)
        for number, group in settings.phone.groups.items()
    }


def attendant_config(settings: Settings) -> AttendantConfig:
    """What the attendant says and knows."""
    from app.phone.groups import AttendantConfig

    given = settings.attendant
    return AttendantConfig(given.operator, given.welcome, given.tries, given.by_name)


def call_scripts(clerk: VoicemailClerk, limits: RecordingLimits) -> tuple[CallScript, CallScript]:
    """What callers talk to, and what a handset talks to that dials a mailbox or a service."""
    from app.voicemail.answer import answer
    from app.voicemail.internal import internal

    return (
        lambda line, mailbox: answer(line, clerk, mailbox, limits),
        lambda line, number: internal(line, clerk, number),
    )


def receptionist(
    clerk: VoicemailClerk, config: AttendantConfig, numbers: tuple[str, ...]
) -> CallScript:
    """What asks callers whom they want; `numbers` are those of handsets and groups."""
    from app.voicemail.attendant import attendant_script

    return attendant_script(clerk, config, numbers)


def on_news(
    lamps: Callable[[WaitingMessages], None], pbx: Callable[[], Pbx]
) -> Callable[[WaitingMessages], None]:
    """What is done when the clerk says that the store has changed."""

    def changed(news: WaitingMessages) -> None:
        lamps(news)
        pbx().store_changed(news.faxes, news.directory)
        pbx().calls.call_outs.wanted(news.calls)

    return changed


def loudspeaker(
    calls: Calls, hardware: Hardware, clerk: VoicemailClerk, device: str
) -> LoudspeakerParty | None:
    """What plays messages by itself, on the sound output of this name; None without a name."""
    from app.phone.calls.loudspeaker import LoudspeakerParty
    from app.voicemail.listening import loudspeaker_script
    from drivers.loudspeaker import Loudspeaker

    if not device:
        return None
    speaker = Loudspeaker(lambda: hardware.sound_output(device))
    return LoudspeakerParty(calls, speaker, loudspeaker_script(clerk))
