"""What numbers of a country's network mean to whoever pays for the call, and which call for help.

A number is what is dialled on an outside line, without any access digit of ours. No standard lists
what calls cost: the tables name what national plans [ITU-T E.164 country plans] set aside for
international, premium and free numbers; the setting numbers.number_classes says the rest.
Emergency numbers are those of libphonenumber 9.0.43's short numbers (`emergency` of each region),
and where a source stands beside a line, from there too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class CallClass(StrEnum):
    """What a call is, from the cheapest to the dearest; who may call one may call those before."""

    INTERNAL = "internal"
    LOCAL = "local"
    NATIONAL = "national"
    INTERNATIONAL = "international"
    PREMIUM = "premium"

    @property
    def rank(self) -> int:
        """0 is the cheapest."""
        return list(CallClass).index(self)


VISITORS = ("112", "911")
"""What visitors dial for help anywhere [ITU-T E.161.1]; the country's own first number is sent."""


@dataclass(frozen=True, slots=True)
class Numbering:
    """The numbers of one country.

    Patterns are the first digits of a number; X is any digit.
    """

    emergency: tuple[str, ...]
    """Numbers for help, the general one first; no other number begins with one of them."""
    helplines: tuple[str, ...] = ()
    """Further numbers for help, with which others may begin: they are known by the pause after."""
    classes: Mapping[str, CallClass] = field(default_factory=dict)
    """By pattern; the longest that fits holds. The pattern "" is every number."""
    whole: tuple[str, ...] = ()
    """Patterns of numbers that are complete at their length; for others a pause is waited for."""

    def emergency_for(self, number: str) -> str:
        """What is sent on a line for this emergency number; "" if it is none."""
        if number in self.emergency or number in self.helplines:
            return number
        return self.emergency[0] if number in VISITORS else ""

    def class_of(self, number: str, own: Mapping[str, CallClass] | None = None) -> CallClass:
        """The class of a number; `own` patterns go before the country's of the same length."""
        found = CallClass.NATIONAL
        best = (-1, -1, -1)
        for place, patterns in enumerate((self.classes, own or {})):
            for pattern, kind in patterns.items():
                weight = len(pattern), -pattern.count("X"), place
                if weight > best and begins(number, pattern):
                    found, best = kind, weight
        return found

    def is_whole(self, number: str) -> bool:
        """Whether no digit can follow."""
        return any(len(one) == len(number) and begins(number, one) for one in self.whole)


def begins(number: str, pattern: str) -> bool:
    """Whether a number begins as the pattern says."""
    return len(number) >= len(pattern) and all(
        wanted in ("X", digit) for wanted, digit in zip(pattern, number, strict=False)
    )


_DEAR_ABROAD = ("979", "870", "881", "882", "883")
"""International premium rate, and satellite networks [ITU-T E.164 country codes]."""


def toll(
    international: str,
    national: str = "",
    free: str = "",
    premium: str = "",
) -> dict[str, CallClass]:
    """A country's classes; each argument has patterns with spaces between.

    `national` is what numbers of other places begin with: the rest is local. Without it no number
    says whether it is local, and all are national.
    """
    classes = {"": CallClass.LOCAL if national else CallClass.NATIONAL}
    classes.update(dict.fromkeys(national.split(), CallClass.NATIONAL))
    classes.update(dict.fromkeys(free.split(), CallClass.LOCAL))
    for prefix in international.split():
        classes[prefix] = CallClass.INTERNATIONAL
        classes.update({f"{prefix}{code}": CallClass.PREMIUM for code in _DEAR_ABROAD})
    classes.update(dict.fromkeys(premium.split(), CallClass.PREMIUM))
    return classes


_ABROAD = "242 246 264 268 284 345 441 473 649 658 664 721 758 767 784 809 829 849 868 869 876"
"""Area codes of the plan that are other countries [NANPA]."""


def north_america() -> dict[str, CallClass]:
    """1+ is national, and the islands that share the plan are abroad [NANPA; 47 CFR 64.1504].

    Numbers of ten digits without a 1 are local: where they are not, the network refuses them. A
    carrier's access code (101XXXX) hides where a call goes.
    """
    free = ("800", "833", "844", "855", "866", "877", "888")
    classes = toll(
        "011 01",
        national="1",
        free=" ".join((*free, *(f"1{code}" for code in free))),
        premium="900 1900 976XXXX XXX976XXXX 1XXX976XXXX 101XXXX",
    )
    for code in _ABROAD.split():
        classes[f"{code}XXXXXXX"] = classes[f"1{code}"] = CallClass.INTERNATIONAL
    return {**classes, "0": CallClass.INTERNATIONAL}  # an operator connects anywhere
