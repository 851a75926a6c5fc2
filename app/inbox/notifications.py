"""What people want to be told of, and how: the plans of app/inbox/notification_rules.py, kept."""

from app.core.sentences import joined, sentence
from app.inbox.audit import AuditEvent, AuditLog
from app.inbox.entries import Door
from app.inbox.errors import Invalid
from app.inbox.notification_rules import (
    DAY_MIN,
    LEVELS_MOST,
    PERIOD_LEAST,
    PERIOD_MOST,
    RETRIES_MOST,
    Level,
    Plan,
    Quiet,
    Way,
)
from app.store.database import Database, Tx

TEXTS_MOST = 5
"""Targets of the texts at once."""


class Notifications:
    """The plans of one store."""

    def __init__(self, db: Database, audit_log: AuditLog) -> None:
        self._db, self._audit_log = db, audit_log

    def of(self, person: int) -> Plan:
        """A person's (id); an empty one if they want nothing."""
        read = self._db.reader().execute
        row = read(
            "SELECT texts_to, emails, urgent, quiet_from, quiet_to FROM notification"
            " WHERE person = ?",
            (person,),
        ).fetchone()
        if row is None:
            return Plan()
        levels = read(
            "SELECT way, target, period, retries, continued FROM notification_level"
            " WHERE person = ? ORDER BY level",
            (person,),
        ).fetchall()
        texts, emails, urgent, begins, ends = row
        return Plan(
            tuple(texts.split()),
            bool(emails),
            tuple(
                Level(Way(way), target, period, retries, bool(continued))
                for way, target, period, retries, continued in levels
            ),
            None if begins is None else Quiet(begins, ends),
            bool(urgent),
        )

    def set(self, tx: Tx, person: int, plan: Plan, by: str = "", door: Door = "admin") -> bool:
        """Keep a person's plan; whether that changes anything. Raises Invalid."""
        check(plan)
        if self.of(person) == plan:
            return False
        forget_notification(tx, person)
        if not plan.empty:
            quiet = (None, None) if plan.quiet is None else (plan.quiet.begins, plan.quiet.ends)
            row = (person, " ".join(plan.texts_to), plan.emails, plan.urgent, *quiet)
            tx.execute("INSERT INTO notification VALUES (?, ?, ?, ?, ?, ?)", row)
        tx.executemany(
            "INSERT INTO notification_level VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (person, number, one.way, one.target, one.period, one.retries, one.continued)
                for number, one in enumerate(plan.levels, 1)
            ],
        )
        # What is under way goes on by the new plan.
        tx.execute(
            "UPDATE notification_run SET look_box_s = 0,"
            " due_box_s = iif(call, due_box_s, NULL) WHERE person = ?",
            (person,),
        )
        event = AuditEvent(person, None, plan_words(plan))
        self._audit_log.write(tx, "notification set", door, by, [event])
        return True


def check(plan: Plan) -> None:
    """Refuse a plan that cannot be. Raises Invalid, with the field."""
    if len(plan.texts_to) > TEXTS_MOST:
        raise Invalid(sentence("%(most)s targets at most", most=TEXTS_MOST), "texts_to")
    if len(plan.levels) > LEVELS_MOST:
        raise Invalid(sentence("there are %(most)s levels at most", most=LEVELS_MOST), "levels")
    for number, level in enumerate(plan.levels, 1):
        if not PERIOD_LEAST <= level.period <= PERIOD_MOST:
            text = sentence(
                "level %(number)s: %(least)s to %(most)s minutes are possible",
                number=number,
                least=PERIOD_LEAST,
                most=PERIOD_MOST,
            )
            raise Invalid(text, f"period{number}")
        if not 0 <= level.retries <= RETRIES_MOST:
            text = sentence(
                "level %(number)s: %(most)s retries at most", number=number, most=RETRIES_MOST
            )
            raise Invalid(text, f"retries{number}")
    quiet = plan.quiet
    if quiet is not None and not (0 <= quiet.begins < DAY_MIN and 0 <= quiet.ends < DAY_MIN):
        raise Invalid(sentence("quiet hours are from 00:00 to 23:59"), "quiet")
    if quiet is not None and quiet.begins == quiet.ends:
        text = sentence("quiet hours must end at another time than they begin")
        raise Invalid(text, "quiet")


_WAYS = {Way.CALL: sentence("call"), Way.MAIL: sentence("mail")}


def plan_words(plan: Plan) -> str:
    """A plan in one line."""
    if plan.empty:
        return sentence("off")
    parts = []
    if plan.texts_to:
        parts.append(sentence("text to %(targets)s", targets=", ".join(plan.texts_to)))
    parts += [
        sentence("level %(number)s: %(words)s", number=number, words=level_words(one))
        for number, one in enumerate(plan.levels, 1)
    ]
    if plan.emails:
        parts.append(sentence("e-mail, too"))
    if plan.quiet is not None:
        begins, ends = clock(plan.quiet.begins), clock(plan.quiet.ends)
        parts.append(sentence("quiet %(begins)s to %(ends)s", begins=begins, ends=ends))
        parts += [sentence("but for urgent messages")] if plan.urgent else []
    return joined("; ", parts)


def level_words(level: Level) -> str:
    """A level in words."""
    words = [
        sentence(
            "%(way)s to %(target)s after %(period)s min",
            way=_WAYS[level.way],
            target=level.target,
            period=level.period,
        )
    ]
    if level.retries:
        words.append(sentence("%(count)s retries", count=level.retries))
    if level.continued:
        words.append(sentence("continued"))
    return joined(", ", words)


def clock(minute: int) -> str:
    """Minutes after midnight as HH:MM."""
    return f"{minute // 60:02}:{minute % 60:02}"


def forget_notification(tx: Tx, person: int) -> None:
    """A person is removed, or their plan is set anew."""
    tx.execute("DELETE FROM notification WHERE person = ?", (person,))
    tx.execute("DELETE FROM notification_level WHERE person = ?", (person,))
