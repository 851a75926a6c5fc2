"""Numbers that no mailbox may have, because a handset dials them for something else."""

from collections.abc import Iterable, Mapping

from app.inbox.claim import SERVICE_NUMBER

EVERYWHERE = ("112", "911")
"""What visitors dial, and what a country without a number of its own takes [ITU-T E.161.1]."""

EMERGENCY: Mapping[str, tuple[str, ...]] = {
    "at": ("122", "133", "144"),
    "au": ("000", "106"),
    "be": ("100", "101"),
    "br": ("128", "190", "192", "193"),
    "ca": ("988",),  # [CRTC 2022-234]
    "ch": ("117", "118", "144"),
    "cl": ("131", "132", "133"),
    "cn": ("110", "119", "120"),
    "cz": ("150", "155", "156", "158"),
    "de": ("110",),
    "dk": ("114",),
    "es": ("061", "062", "080", "085", "088", "091", "092"),
    "fi": (),
    "fr": ("114", "115", "119", "15", "17", "18", "191", "196"),  # [ARCEP 2018-0881]
    "gb": ("999",),
    "gr": ("100", "166", "199"),
    "il": ("100", "101", "102"),
    "in": ("100", "101", "102", "108", "1298", "2611"),
    "it": ("113", "115", "118"),
    "jp": ("110", "118", "119"),
    "mx": ("060", "065", "066", "068", "080"),
    "my": ("999",),
    "nl": (),
    "no": ("110", "113"),
    "nz": ("111",),
    "ph": ("117",),
    "pl": ("997", "998", "999"),
    "pt": ("115",),
    "ru": ("01", "02", "03", "101", "102", "103"),
    "se": ("90000",),
    "th": ("1669", "191", "199"),
    "tw": ("110", "119"),
    "us": ("988",),  # [47 U.S.C. 251(e)(4)]
    "za": ("10111", "10177"),
}
"""Emergency numbers besides those, by the country of the setting site.country.

From libphonenumber 9.0.43's short numbers (`emergency` of each region), and where a source stands
beside a line, from there too.
"""

SERVICES = (SERVICE_NUMBER,)
"""Numbers that a handset dials for the box's own services."""


def emergency_numbers(country: str) -> frozenset[str]:
    """Every number that may be dialled for help in this country."""
    return frozenset((*EVERYWHERE, *EMERGENCY.get(country, ())))


def why_no_mailbox(number: str, country: str, handsets: Iterable[str]) -> str | None:
    """Why this number cannot be a mailbox, in words; None if it can. `handsets` are the jacks."""
    if number in emergency_numbers(country):
        return f"{number} is an emergency number; whoever dials it needs help, not a mailbox"
    if number in SERVICES:
        return f"{number} is a service of the box"
    if number in handsets:
        return f"{number} is the number of a handset; another one, such as 2{number[1:]}, will do"
    return None
