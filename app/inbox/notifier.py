"""Tells people of messages that nobody has heard: carries out what app/inbox/notification_rules.py
decides.

One step is one transaction: the text is a mail like any other, queued or delivered in the
transaction that says in the history that it was sent, so a crash neither loses nor doubles one. A
call is made by the phone side, which is told which calls there are to be (`calls`) until it has
said how each went (`called`).

What machines have sent by themselves [RFC 3834] is never told of, and so no notification is, on
whatever way round it comes back.
"""

import logging
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from app.core.clock import Clock, is_set
from app.inbox.audit import AuditEvent
from app.inbox.delivery import Delivery, Envelope
from app.inbox.entries import Entry, EntryState, Facts, Kind
from app.inbox.errors import InboxError, NotOurs
from app.inbox.notification_rules import (
    CALL_LONGEST_S,
    NO_LINE_S,
    Decision,
    Do,
    Now,
    Plan,
    Run,
    Step,
    decide,
    due_after,
    next_step,
)
from app.inbox.notification_runs import Runs
from app.inbox.people import People, Person
from app.inbox.store import Store
from app.message.notification import NotificationMail, Told, compose, nature_of
from app.store.database import Database, StoreDamaged, Tx

log = logging.getLogger(__name__)

DOOR = "notify"
VERB = "notified"
NO_LINE = "no free line"
"""What the phone side says of a call for which there was no line: it is made again."""
AT_ONCE = 5
"""Messages that are looked at in one go: calls wait no longer for it."""
ONE_BY_ONE_S = 15.0
"""Nobody is called for two messages at a time; the second is looked at again so often."""
POSTPONED_S = 600.0
NO_VOICE = "not called, it is an e-mail"
NO_NEWS = "nothing was heard of the call"


@dataclass(frozen=True)
class Due:
    """A call that is to be made."""

    number: int
    """Of the call; none has it twice."""
    entry: int
    person: int
    target: str
    """As dialled on an outside line."""


class Notifier:
    """Notification in one store; one process of a box has one. `zone` is that of quiet hours."""

    def __init__(
        self,
        db: Database,
        store: Store,
        people: People,
        delivery: Delivery,
        clock: Clock,
        zone: tzinfo | None,
    ) -> None:
        self._db, self._store, self._people = db, store, people
        self._delivery, self._clock, self._zone = delivery, clock, zone
        self._plans = people.notifications
        self.runs = Runs(db)
        self.next_look = self.runs.next_look

    def look(self) -> int:
        """Do what is due, one transaction each; how many runs were looked at, AT_ONCE at most.

        Raises StoreFailed.
        """
        for done in range(AT_ONCE):
            at = self.next_look()
            if at is None or at > self._db.box_time.now():
                return done
            try:
                self._db.now(self._one)
            except (InboxError, StoreDamaged):  # of this message; the others are told of
                log.exception("nobody can be told of a message now")
                self._db.now(self._postpone)
        return AT_ONCE

    def calls(self) -> list[Due]:
        """The calls that are to be made, or are under way."""
        found = []
        for number, entry, person, run in self.runs.calling():
            plan = self._plans.of(person)
            step = next_step(plan, run.last)
            if step is not None and 0 < step.level <= len(plan.levels):
                found.append(Due(number, entry, person, plan.levels[step.level - 1].target))
        return found

    def called(self, call: int, outcome: str) -> bool:
        """How a call went, in words; False if nobody waits for that (it was said before)."""
        return self._db.now(lambda tx: self._called(tx, call, outcome))

    # ---- one step

    def _postpone(self, tx: Tx) -> None:
        found = self.runs.due(tx, self._db.box_time.now())
        if found is not None:
            self.runs.save(tx, found[0], found[2], self._db.box_time.now() + POSTPONED_S)

    def _one(self, tx: Tx) -> None:
        box_s = self._db.box_time.now()
        found = self.runs.due(tx, box_s)
        if found is None:
            return
        number, person, run = found
        entry, owner = self._store.entry(number), self._people.by_id(person)
        if entry is None or owner is None:
            self.runs.end(tx, [number])
            return
        plan = self._plans.of(person)
        nature = nature_of(self._store.header(entry))
        if plan.empty or (entry.kind is Kind.EMAIL and (nature.automatic or not plan.emails)):
            self.runs.end(tx, [number])
            return
        urgent = entry.urgent or nature.urgent
        now = Now(box_s, self._over(entry), urgent, self._quiet_s(plan))
        self._do(tx, owner, entry, plan, run, decide(plan, run, now), now)

    def _do(
        self, tx: Tx, owner: Person, entry: Entry, plan: Plan, run: Run, what: Decision, now: Now
    ) -> None:
        due = what.look if run.call or what.do is Do.WAIT else run.due
        voice = what.do is Do.CALL and entry.kind is Kind.VOICEMAIL
        if what.do is Do.END:
            self.runs.end(tx, [entry.id])
            if run.done and plan.levels:
                self._note(tx, owner, entry.id, f"ends: {what.why}")
        elif what.do is Do.WAIT:
            self.runs.save(tx, entry.id, replace(run, due=due))
        elif what.do is Do.HOLD:
            kept = replace(run, held=True, due=now.box_s if run.due is None else run.due)
            self.runs.save(tx, entry.id, kept, what.look)
            if not run.held:
                self._note(tx, owner, entry.id, f"{_what(plan, what.step)}: held back, it is quiet")
        elif what.do is Do.UNANSWERED:
            self._finish_call(tx, owner, entry.id, plan, run, NO_NEWS)
        elif voice and self.runs.is_called(tx, owner.id):
            self.runs.save(tx, entry.id, run, now.box_s + ONE_BY_ONE_S)
        elif voice:
            ends = now.box_s + CALL_LONGEST_S
            call = 1 + secrets.randbelow(1 << 42)
            self.runs.save(tx, entry.id, replace(run, call=call, due=ends, held=False))
            self._note(tx, owner, entry.id, f"{_what(plan, what.step)}: begins")
        else:
            assert what.step is not None
            said = NO_VOICE
            if what.do is Do.MAIL:
                said = self._send(tx, owner, entry, plan, what.step, now.urgent)
            self._advance(tx, entry.id, plan, run, what.step, now.box_s)
            self._note(tx, owner, entry.id, f"{_what(plan, what.step)}: {said}")

    def _advance(self, tx: Tx, entry: int, plan: Plan, run: Run, step: Step, box_s: float) -> None:
        due = due_after(plan, step, box_s)
        self.runs.save(tx, entry, Run(step, run.done + 1, due=due))

    def _called(self, tx: Tx, call: int, outcome: str) -> bool:
        found = self.runs.of_call(tx, call)
        if found is None:
            return False
        entry, person, run = found
        owner = self._people.by_id(person)
        if owner is None:
            self.runs.end(tx, [entry])
        else:
            self._finish_call(tx, owner, entry, self._plans.of(person), run, outcome)
        return True

    def _finish_call(
        self, tx: Tx, owner: Person, entry: int, plan: Plan, run: Run, outcome: str
    ) -> None:
        step, box_s = next_step(plan, run.last), self._db.box_time.now()
        self._note(tx, owner, entry, f"{_what(plan, step)}: {outcome}")
        if step is None:
            self.runs.end(tx, [entry])
        elif outcome == NO_LINE:
            again = replace(run, done=run.done + 1, call=0, due=box_s + NO_LINE_S)
            self.runs.save(tx, entry, again)
        else:
            self._advance(tx, entry, plan, run, step, box_s)
        found = self._store.entry(entry)
        if found is not None and self._over(found):
            tx.execute("UPDATE notification_run SET look_box_s = 0 WHERE entry = ?", (entry,))

    def _over(self, entry: Entry) -> str:
        """Why nobody need be told of it any more; "" if somebody must."""
        if entry.state is EntryState.NEW:
            claim = self._people.shared.claim_of(entry.id)
            return "" if claim is None else f"taken by {claim.name}"
        if entry.state is EntryState.HEARD:
            return "heard" if entry.kind is Kind.VOICEMAIL else "read"
        return "removed"

    def _quiet_s(self, plan: Plan) -> float:
        now = self._clock.now()
        if plan.quiet is None or not is_set(now):
            return 0.0
        local = datetime.fromtimestamp(now, self._zone)
        return plan.quiet.left_s(3600 * local.hour + 60 * local.minute + local.second)

    def _note(self, tx: Tx, owner: Person, entry: int, words: str) -> None:
        log.info("%s, entry %d: %s", owner.login, entry, words)
        event = AuditEvent(owner.id, entry, words)
        self._store.audit_log.write(tx, VERB, DOOR, "", [event])

    # ---- texts

    def _send(
        self, tx: Tx, owner: Person, entry: Entry, plan: Plan, step: Step, urgent: bool
    ) -> str:
        """Send the texts of a step; what became of that, in words."""
        targets = plan.texts_to if step.level == 0 else (plan.levels[step.level - 1].target,)
        failed = []
        for target in targets:
            try:
                self._text(tx, owner, entry, target, urgent)
            except InboxError as problem:  # its person or alias is gone
                log.warning("%s cannot be told of messages of %s: %s", target, owner.login, problem)
                failed.append(f"{target}: {problem}")
        return f"not sent, {'; '.join(failed)}" if failed else "sent"

    def _text(self, tx: Tx, owner: Person, entry: Entry, target: str, urgent: bool) -> None:
        delivery = self._delivery
        try:
            route = delivery.route(target)
        except NotOurs:
            route = delivery.route_external(target)
        now = self._clock.now()
        to = target if "@" in target else delivery.config.canonical(target)
        mail = NotificationMail(
            to=to,
            sender=owner.address or delivery.voicemail_address,
            hostname=delivery.config.hostname,
            told=self._told(owner, entry, urgent),
            now=now,
        )
        message_id = mail.message_id
        content = self._store.contents.write(tx, (compose(mail, message_id),))
        facts = Facts(now, mail.sender, "", door=DOOR, by=owner.login, message_id=message_id)
        # Whoever it cannot be delivered to, its owner learns of that.
        envelope = Envelope(delivery.sender_of(owner), (route,), Kind.EMAIL, facts)
        self.runs.end(tx, delivery.deliver(tx, envelope, content).entries)

    def _told(self, owner: Person, entry: Entry, urgent: bool) -> Told:
        voicemails, emails = self._store.unheard(owner.id)
        voicemail, at = entry.kind is Kind.VOICEMAIL, entry.received_at
        return Told(
            owner=owner.name,
            voicemail=voicemail,
            caller=entry.sender,
            at=datetime.fromtimestamp(at, self._zone) if is_set(at) else None,
            seconds=entry.duration_s or 0,
            subject=entry.subject,
            unheard=voicemails if voicemail else emails,
            urgent=urgent,
            language=owner.language,
        )


def _what(plan: Plan, step: Step | None) -> str:
    """A step in words, for the history."""
    if step is None or step.level == 0:
        return f"text to {', '.join(plan.texts_to)}" if plan.texts_to else "text"
    level = plan.levels[step.level - 1]
    return f"level {step.level}, {level.way} to {level.target}"
