"""The settings of dialled numbers: sections numbers and codes of app/config/settings.py."""

from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator, model_validator

from app.config.section import Section
from app.core.sentences import sentence

Access = Annotated[str, Field(pattern=r"^[0-9]{1,3}$")]
Pattern = Annotated[str, Field(pattern=r"^[0-9X]{1,20}$")]
Code = Annotated[str, Field(pattern=r"^\*[0-9]{1,4}$")]
Jacks = tuple[str, ...]
Class = Literal["internal", "local", "national", "international", "premium"]

CLASSES = ", ".join(get_args(Class))


class Numbers(Section):
    """What handsets dial to reach outside lines, and who may call what there."""

    access_digits: dict[Access, Jacks] = Field(
        {"9": ()},
        description="Digits that lead to an outside line, each with its lines by their jacks, of"
        " which the first free one is taken; no lines: all, in the board's order. The default is 9"
        " because 0 begins most national numbers: 9 is read as nothing else anywhere.",
    )
    direct: bool = Field(
        False,
        description="Whether a number that is nobody's here is dialled on an outside line without"
        " those digits.",
    )
    pulse_lines: Jacks = Field(
        (), description="Outside lines, by their jacks, that are dialled on by pulses, not tones."
    )
    person_class: Class = Field(
        "national",
        description="The dearest calls that people may make outside who have no class of their own;"
        f" in this order: {CLASSES}. Emergency numbers can always be called.",
    )
    handset_class: Class = Field(
        "local",
        description="The dearest calls that may be made outside from a handset that is nobody's.",
    )
    number_classes: dict[Pattern, Class] = Field(
        default_factory=dict,
        description="What numbers cost, by their first digits (X is any): besides, and before, what"
        " is known of the country.",
    )

    @field_validator("access_digits")
    @classmethod
    def _apart(cls, outside: dict[str, Jacks]) -> dict[str, Jacks]:
        for digits in outside:
            for other in outside:
                if digits != other and other.startswith(digits):
                    raise ValueError(
                        sentence(
                            "%(other)s begins with %(digits)s, which is a number of its own",
                            other=other,
                            digits=digits,
                        )
                    )
        return outside


class Codes(Section):
    """What handsets dial for what the box does: * (on a rotary dial 11) and one to four digits."""

    own_mailbox: Code = Field("*97", description="The mailbox of the handset's owner, by its PIN.")
    any_mailbox: Code = Field("*98", description="Any mailbox: its number is asked for.")
    pick_up: Code = Field(
        "*8",
        description="Answers a telephone that rings elsewhere: the one whose number follows, or any"
        " (then # or a pause of 4 s).",
    )
    park: Code = Field(
        "*5",
        description="After a flash: parks who is on hold, and says the number to fetch them by.",
    )
    fetch: Code = Field("*4", description="And that number: connects with who is parked there.")
    flash: Code = Field(
        "*6",
        description="After a flash, with an outside line on hold: goes back to it and gives its"
        " exchange a flash, which asks for call waiting, a third party or transfer there.",
    )

    @model_validator(mode="after")
    def _different(self) -> "Codes":
        seen: dict[str, str] = {}
        for name, code in self:
            for other, known in seen.items():
                if code.startswith(known) or known.startswith(code):
                    raise ValueError(
                        sentence(
                            "%(name)s is %(code)s, which %(other)s (%(known)s) is taken for",
                            name=name,
                            code=code,
                            other=other,
                            known=known,
                        )
                    )
            seen[name] = code
        return self
