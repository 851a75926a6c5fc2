"""Settings of faxes."""

from pydantic import Field

from app.config.section import Section


class FaxLine(Section):
    """What happens to faxes on one outside line."""

    mailbox: str = Field(
        "",
        pattern=r"^[0-9]{0,15}$",
        description="Mailbox number whose inbox faxes come into; empty: the line takes no faxes.",
    )
    only: bool = Field(
        False,
        description="Whether the line is for faxes alone: each call is answered at once as a fax,"
        " and no handset rings.",
    )


class Fax(Section):
    """Faxes."""

    station: str = Field(
        "",
        max_length=20,
        pattern=r"^[0-9+ ]*$",
        description="What fax machines show of this one: digits, + and spaces; empty: nothing.",
    )
    sending: bool = Field(
        False,
        description="Whether people may send faxes: a PDF mailed to fax+NUMBER at this box, the"
        " number as it is dialled on an outside line. What they may call they may fax.",
    )
    receiving: dict[str, FaxLine] = Field(
        default_factory=dict,
        description="For each outside line that takes faxes, by its jack: into whose inbox.",
    )
