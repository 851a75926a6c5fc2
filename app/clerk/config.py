"""What a clerk must know of the settings; values that app/core/records.py can write."""

from dataclasses import dataclass
from pathlib import Path

from app.inbox.limits import Limits


@dataclass(frozen=True, slots=True)
class ClerkConfig:
    """Places, names and limits of the clerk's work. Sizes are octets, times seconds."""

    store: str
    """Path of the store's file."""
    packs: str
    """Folder of the sound packs."""
    cache: str
    """Folder for spoken texts, which may be lost."""
    spool: str
    """Folder for recordings that the store cannot take, and for who is here."""
    spool_memory: str
    """Folder in memory for the same, when the disk cannot be written."""
    greetings: str
    """Folder of people's own greetings: <person>/<kind>.wav."""
    hostname: str
    domains: tuple[str, ...]
    """Our mail domains, the first one first."""
    free_floor: int
    """Free space below which mail is put off."""
    voice_reserve: int
    """The part of that floor that voicemail may use."""
    limits: Limits
    """What an inbox may hold where neither its person nor their template says it."""
    callers_percent: int
    """By how much a caller's voicemail may go beyond it."""
    full_is_permanent: bool
    """Whether mail to a full inbox is refused for good; for the warning's words."""
    host_addresses: tuple[str, ...] = ("127.0.0.1",)
    postmaster: str = ""
    """Login of who gets mail to postmaster."""
    language: str = "en"
    """Language of what is said to callers who have no language of their own."""
    country: str = "us"
    """Whose network the outside lines are on: its tones are no words of a caller."""
    shortest_s: float = 1.0
    """A recording with less than this is a missed call."""
    cleaned: bool = True
    """Whether messages are brought to an even level, without silence around them."""
    hold_music: str = ""
    """Path of the sound file for parties on hold; empty: none."""
    default_mailbox: str = ""
    """Who answers outside lines whose setting names nobody; empty: the first administrator."""
    zone: str = ""
    """Time zone that times are spoken and written in, e.g. Europe/Berlin; empty: the system's."""

    @property
    def known_path(self) -> Path:
        """The file that says who is here."""
        return Path(self.spool) / "known.json"

    @property
    def faxes(self) -> Path:
        """Folder of faxes that come in, until they are delivered."""
        return Path(self.spool) / "faxes"

    @property
    def faxes_out(self) -> Path:
        """Folder of the pages of faxes that are to be sent; they can be made anew."""
        return Path(self.cache) / "faxes"

    @property
    def store_path(self) -> Path:
        """The store's file."""
        return Path(self.store)
