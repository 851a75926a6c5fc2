"""The settings of what the store keeps: section keeping of app/config/settings.py."""

from pydantic import Field

from app.config.section import Section


class Keeping(Section):
    """What the store keeps, and what it leaves free."""

    quota_mb: int = Field(
        1000,
        ge=1,
        le=1_000_000,
        description="Size of an inbox, in MB, where neither its person nor their template says it.",
    )
    voicemails: int = Field(
        0, ge=0, le=100_000, description="Number of voicemails in an inbox, likewise; 0: any."
    )
    callers_percent: int = Field(
        10,
        ge=0,
        le=100,
        description="By how many percent callers' voicemail may go beyond size and number.",
    )
    full_is_permanent: bool = Field(
        False,
        description="Whether mail to a full inbox is refused for good (552) and comes back to its"
        " sender at once; if not, it is put off (452) and tried again for days.",
    )
    heard_voicemail_days: int = Field(
        0, ge=0, le=3650, description="Days that heard voicemail is kept; 0: for ever."
    )
    unheard_voicemail_days: int = Field(
        0, ge=0, le=3650, description="Days that unheard voicemail is kept; 0: for ever."
    )
    fetched_mail_days: int = Field(
        0,
        ge=0,
        le=3650,
        description="Days that mail is kept which a mail program has fetched; 0: for ever.",
    )
    unfetched_mail_days: int = Field(
        0, ge=0, le=3650, description="Days that other mail is kept; 0: for ever."
    )
    grace_days: float = Field(
        14, ge=0, le=3650, description="Days a removed message can be restored."
    )
    bin_share: float = Field(
        0.2, ge=0.01, le=0.9, description="Largest share of the disk that removed messages hold."
    )
    free_floor_mb: int = Field(
        200, ge=1, le=1_000_000, description="Free space below which mail is put off (452), in MB."
    )
    voice_reserve_mb: int = Field(
        100,
        ge=1,
        le=1_000_000,
        description="Part of that floor that voicemail may still use, in MB.",
    )
