"""Time zones by their names in the settings."""

from datetime import tzinfo


def zone_of(name: str) -> tzinfo | None:
    """The zone of this name [tz database]; None for "", which is the system's own zone.

    Raises zoneinfo.ZoneInfoNotFoundError. What reads zones is loaded by who has one: it takes half
    a megabyte, as it asks how Python was built.
    """
    if not name:
        return None
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)
