"""What an inbox may hold, and for how long: of the person, of their template, or of the settings.

A person's own value goes before the template's, that before the settings'. So a template that is
changed changes all who are assigned to it, but for what they have of their own.
"""

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Protocol


@dataclass(frozen=True)
class Limits:
    """The limits that hold for one inbox. Days count from the last change of a message's state."""

    quota: int
    """Octets, with CRLF line ends."""
    voicemails: int
    """Number of voicemails; 0 is any number."""
    heard_days: int
    """How long heard voicemail is kept; 0 is for ever, as in the following."""
    unheard_days: int
    fetched_days: int
    """How long mail is kept that a mail program has fetched whole."""
    unfetched_days: int
    elsewhere: bool = False
    """Whether a mail system that has the inbox decides, whatever a person or a template has."""


LIMITS = tuple(field.name for field in fields(Limits) if field.name != "elsewhere")
"""The names of all limits."""


@dataclass(frozen=True)
class Template:
    """A named set of limits that people are assigned to; None is as the settings say."""

    id: int
    name: str
    quota: int | None = None
    """Octets."""
    voicemails: int | None = None
    """Number of them."""
    heard_days: int | None = None
    unheard_days: int | None = None
    fetched_days: int | None = None
    unfetched_days: int | None = None
    grace_days: int | None = None
    """How long what they have removed can be restored."""


class Assigned(Protocol):
    """Who has limits; app.inbox.people.Person is one."""

    @property
    def quota(self) -> int | None:
        """Their own."""

    @property
    def voicemails(self) -> int | None:
        """Their own."""

    @property
    def template(self) -> int | None:
        """The template's id."""


class FindsTemplates(Protocol):
    """Where templates are; app.inbox.templates.Templates is one."""

    def get(self, template_id: int) -> Template | None:
        """The template of this id."""


class PersonLimits:
    """The limits of people; `defaults` are the settings'."""

    def __init__(self, templates: FindsTemplates, defaults: Limits) -> None:
        self._templates = templates
        self._defaults = defaults

    def of(self, person: Assigned) -> Limits:
        """What holds for a person now."""
        limits = self._defaults
        if limits.elsewhere:
            return limits
        if person.template is None and person.quota is None and person.voicemails is None:
            return self._defaults  # most people's, at every mail
        template = None if person.template is None else self._templates.get(person.template)
        return _limits(self._defaults, person.quota, person.voicemails, template)


@lru_cache
def _limits(
    defaults: Limits, quota: int | None, voicemails: int | None, template: Template | None
) -> Limits:
    own = {"quota": quota, "voicemails": voicemails}
    chosen: dict[str, Any] = {}
    for name in LIMITS:
        layers = (own.get(name), getattr(template, name, None), getattr(defaults, name))
        chosen[name] = next(value for value in layers if value is not None)
    return Limits(**chosen)
