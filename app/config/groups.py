"""Settings of where calls go: ring groups and the attendant."""

from typing import Annotated, Literal

from pydantic import Field

from app.config.section import Section

GroupNumber = Annotated[str, Field(pattern=r"^[0-9]{1,10}$")]
Target = Annotated[str, Field(pattern=r"^$|^[0-9]{1,10}$|^attendant$")]
"""A number of ours, or the attendant."""


class Group(Section):
    """Several handsets that are called by one number."""

    handsets: tuple[str, ...] = Field((), description="Jacks of the group, in their order.")
    order: Literal["all", "in turn", "round"] = Field(
        "all",
        description="Whether they ring all at once, one after the other, or so beginning after the"
        " one that was rung last.",
    )
    seconds: int = Field(
        20, ge=4, le=120, description="Seconds that each of them rings, or all together."
    )
    then: Target = Field(
        "",
        description="Where a call goes that nobody has answered: the number of a mailbox, a handset"
        " or another group, or attendant; empty: to the mailbox of the outside line.",
    )


class Attendant(Section):
    """The attendant: it answers lines that lead to it, and asks callers whom they want."""

    operator: Annotated[str, Field(pattern=r"^$|^[0-9]{1,10}$")] = Field(
        "",
        description="Number that 0 calls, and who dials nothing; empty: that of who answers outside"
        " lines. If it is set, 0 calls it also during the greeting of a mailbox.",
    )
    welcome: str = Field(
        "",
        max_length=500,
        description="What is said to callers instead of the usual words, in the language of the box"
        ' (site.language); or record it: `prompts import` with the name "switchhook/attendant".',
    )
    tries: int = Field(
        3, ge=1, le=9, description="Wrong numbers, or menus without a key, before the operator."
    )
    by_name: bool = Field(True, description="Whether 9 finds people by the letters of their names.")
