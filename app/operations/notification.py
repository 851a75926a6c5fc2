"""How people learn that there is something new: lamp, dial tone, forwards, texts and calls."""

import re
from dataclasses import dataclass, replace

from app.core.sentences import sentence
from app.inbox.addresses import is_outside_address
from app.inbox.errors import InboxError, NotOurs
from app.inbox.follow_me import DIALLED_BESIDE
from app.inbox.notification_rules import LEVELS_MOST, Level, Plan, Quiet, Way
from app.inbox.notifications import clock, level_words, plan_words
from app.inbox.people import Person
from app.operations.actor import Actor, require_admin
from app.operations.box import Box, person_for
from app.operations.errors import OperationError, field_of_errors
from app.operations.paging import Paged
from app.operations.person_card import find_people
from drivers.countries import country
from drivers.countries.numbering import CallClass

__all__ = [
    "LEVELS_MOST",
    "Level",
    "NotificationLine",
    "Plan",
    "Quiet",
    "Way",
    "clock",
    "level_words",
    "list_notifications",
    "plan_words",
    "quiet_hours",
    "set_notification",
    "show_notification",
]

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class NotificationLine:
    """One person: what of theirs is new, and what tells them."""

    person: Person
    unheard: int
    """New voicemails; as long as there are any, the lamp of the handset is lit."""
    outside: tuple[str, ...]
    """Addresses elsewhere that get their voicemail and e-mail, too."""
    plan: Plan
    """Texts and levels."""

    @property
    def words(self) -> str:
        """The plan in one line; "" where there is none."""
        return "" if self.plan.empty else plan_words(self.plan)


def list_notifications(box: Box, actor: Actor, page: int = 1) -> Paged[NotificationLine]:
    """How everybody is told of new messages; `page` is a number from 1 on. Raises NotAllowed."""
    require_admin(actor, "see how people are notified")
    return find_people(box, actor, "", page).each(
        lambda line: NotificationLine(
            line.person,
            line.new_voicemails,
            box.aliases.expand(line.person.login).external,
            box.people.notifications.of(line.person.id),
        )
    )


def show_notification(box: Box, actor: Actor, login: str) -> Plan:
    """How a person is told of new messages. Raises NotFound and NotAllowed."""
    return box.people.notifications.of(person_for(box, actor, login).id)


def set_notification(box: Box, actor: Actor, login: str, wanted: Plan) -> Plan:
    """Say how a person is told of new messages; an empty plan: only by lamp and dial tone.

    Numbers are as dialled on an outside line, and none that costs more than the person may call.
    Raises NotFound, NotAllowed, and OperationError with the field that cannot be: texts_to, quiet,
    or target1, period1, retries1 and so on of a level.
    """
    person = person_for(box, actor, login)
    texts = tuple(dict.fromkeys(_mail_target(box, one, "texts_to") for one in wanted.texts_to))
    levels = tuple(
        replace(level, target=_target(box, person, level, f"target{number}"))
        for number, level in enumerate(wanted.levels, 1)
    )
    plan = replace(wanted, texts_to=texts, levels=levels)
    with field_of_errors("levels"):
        box.db.now(
            lambda tx: box.people.notifications.set(tx, person.id, plan, actor.login, actor.door)
        )
    return box.people.notifications.of(person.id)


def quiet_hours(text: str) -> Quiet | None:
    """Quiet hours as people write them, such as 22:00-07:00; "" is none. Raises OperationError."""
    if not text.strip():
        return None
    times = [_TIME.fullmatch(part.strip()) for part in re.split(r"[-–]", text)]
    if len(times) != 2 or times[0] is None or times[1] is None:
        raise OperationError(
            "quiet", "%(typed)s are no hours; write them as 22:00-07:00", typed=repr(text)
        )
    begins, ends = (60 * int(found[1]) + int(found[2]) for found in times if found is not None)
    return Quiet(begins, ends)


def _target(box: Box, person: Person, level: Level, field: str) -> str:
    if level.way is Way.MAIL:
        return _mail_target(box, level.target, field)
    digits = level.target.translate(DIALLED_BESIDE)
    if not re.fullmatch(r"[0-9]{2,20}", digits):
        raise OperationError(
            field, "%(typed)s is no number: 2 to 20 digits are", typed=repr(level.target)
        )
    numbering, numbers = country(box.settings.site.country).numbering, box.settings.numbers
    if numbering.emergency_for(digits):
        raise OperationError(
            field, "%(number)s is an emergency number; nobody is called there", number=digits
        )
    own = {pattern: CallClass(name) for pattern, name in numbers.number_classes.items()}
    kind = numbering.class_of(digits, own)
    if kind is CallClass.PREMIUM:
        raise OperationError(
            field,
            "%(number)s is a premium number; the box calls none by itself",
            number=digits,
        )
    dearest = CallClass(person.may_call or numbers.person_class)
    if kind.rank > dearest.rank:
        raise OperationError(
            field,
            "%(number)s is %(kind)s, and %(login)s may make %(dearest)s calls at most",
            number=digits,
            kind=sentence(kind.value),
            login=person.login,
            dearest=sentence(dearest.value),
        )
    return digits


def _mail_target(box: Box, text: str, field: str) -> str:
    target = text.strip()
    try:
        box.delivery.route(target)
    except NotOurs as problem:
        if not is_outside_address(target):
            raise OperationError(field, "%(typed)s is no address", typed=repr(target)) from problem
    except InboxError as problem:
        raise OperationError(
            field, "%(typed)s cannot be told: %(why)s", typed=repr(target), why=problem
        ) from problem
    if not target or " " in target:
        raise OperationError(field, "%(typed)s is no person, alias or address", typed=repr(text))
    return target
