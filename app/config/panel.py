"""Settings of the front panel."""

from pydantic import Field

from app.config.section import Section


class FrontPanel(Section):
    """The front panel, if the board has one (docs/panel.md)."""

    enabled: bool = Field(
        True, description="Whether the panel that the board's file names is looked for."
    )
    mailbox: str = Field(
        "",
        pattern=r"^[0-9]*$",
        description="Mailbox whose voicemail the panel's buttons play and its LED shows. Whoever"
        " stands at the panel hears it without a PIN. Empty: the buttons do nothing, the LED shows"
        " everybody's.",
    )
    handset: str = Field(
        "",
        description="Handset on which it is played: it rings, and plays when it is lifted. Empty:"
        " the board's first. Of no meaning with a loudspeaker.",
    )
    loudspeaker: str = Field(
        "",
        pattern=r"^[!-~]*$",
        max_length=100,
        description="ALSA's name of the sound output on which it is played at once, such as"
        " plughw:CARD=Device for a USB loudspeaker (aplay -L lists them). On the virtual board any"
        " name is its loudspeaker. Empty: there is none, and a handset rings.",
    )
