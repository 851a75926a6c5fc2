"""What a clerk must know of the settings; values that app/core/records.py can write."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ClerkConfig:
    """Places, names and limits of the clerk's work. Sizes are octets, times seconds."""

    store: str
    """Path of the store's file."""
    packs: str
    """Folder of the sound packs."""
    cache: str
    """Folder for spoken texts, which may be lost."""
    greetings: str
    """Folder of people's own greetings: <person>/<kind>.wav."""
    hostname: str
    domains: tuple[str, ...]
    """Our mail domains, the first one first."""
    free_floor: int
    """Free space below which mail is put off."""
    voice_reserve: int
    """The part of that floor that voicemail may use."""
    host_addresses: tuple[str, ...] = ("127.0.0.1",)
    postmaster: str = ""
    """Login of who gets mail to postmaster."""
    language: str = "en"
    """Language of what is said to callers who have no language of their own."""
    shortest_s: float = 1.0
    """A recording with less than this is a missed call."""
    default_mailbox: str = ""
    """Who answers outside lines whose setting names nobody; empty: the first administrator."""
    zone: str = ""
    """Time zone that times are spoken and written in, e.g. Europe/Berlin; empty: the system's."""

    @property
    def store_path(self) -> Path:
        """The store's file."""
        return Path(self.store)
