"""The phone side's settings of faxes as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FaxRoute:
    """What happens to faxes that come in on one trunk."""

    mailbox: str
    """Whose inbox they come into."""
    only: bool = False
    """Whether all calls on it are faxes: no handset rings."""


@dataclass(frozen=True, slots=True)
class FaxConfig:
    """Settings of faxes."""

    station: str = ""
    """What other fax machines show of this one: digits, "+" and spaces, 20 at most."""
    sending: bool = False
    """Whether faxes are sent."""
    lines: Mapping[str, FaxRoute] = field(default_factory=dict)
    """By trunk name; on a trunk that is not named a fax tone means nothing."""
