"""Numbers that no mailbox may have, because a handset dials them for something else."""

from collections.abc import Iterable, Mapping

from app.inbox.claim import SERVICE_NUMBER

EVERYWHERE = ("112", "911")
"""What visitors dial, and what a country without a number of its own takes [ITU-T E.161.1]."""

EMERGENCY: Mapping[str, tuple[str, ...]] = {
    "us": ("911", "988"),  # [47 U.S.C. 251(e)(3), (4)]
    "uk": ("112", "999"),  # [Ofcom, General Conditions of Entitlement A3]
    "de": ("110", "112"),  # [TKG §164, NotrufV]
    "fr": (
        "112",
        "114",
        "115",
        "119",
        "15",
        "17",
        "18",
        "191",
        "196",
    ),  # [ARCEP decision 2018-0881]
    "au": ("000", "106", "112"),  # [Telecommunications (Emergency Call Service) Determination 2019]
    "jp": ("110", "118", "119"),  # [Telecommunications Number Plan, MIC notice 6 of 2019]
}
"""Emergency numbers by the country of the setting site.country."""

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
