"""What is missing in a salvaged store, rebuilt from what else tells of it, or stated where it lay.

    people      from the indexes of logins, mailboxes, handsets and addresses
    entries     from their indexes, the history (which has their UIDLs) and the message itself
    contents    from their chunks and from the entries that name them
    octets      a gap is filled in the same length and stated in the text; a header field says it
    aliases     from their members

Sizes stay what they were, unless a whole message is lost: then a short one tells what it was.
"""

import re
import secrets
import sqlite3
from collections.abc import Iterator

from app.store.counts import count_again
from app.store.salvage import Loss, Salvage

CHUNK = 262_144
"""Octets in every chunk of a content but the last (app/inbox/contents.py)."""
_SEQ_BITS = 20
_LINE = 76  # characters in a line of base64 [RFC 2045 §6.8]
_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/]{76}")
_LONGEST = 1000  # characters of a subject or sender in the list
FIELD = "X-Switchhook-Damaged"
"""Header field of a message that has lost octets: how many."""


class Mending:
    """Mends `fresh`, which `salvage` has filled; `now` is seconds since 1970 UTC."""

    def __init__(self, fresh: sqlite3.Connection, salvage: Salvage, now: float) -> None:
        self._fresh = fresh
        self._salvage = salvage
        self._found = salvage.found
        self._now = now

    def mend(self) -> None:
        """Do all of it, in the order in which one needs the other."""
        self._rebuild_people()
        self._rebuild_members()
        self._rebuild_entries()
        self._rebuild_contents()
        self._bring_back_what_was_leaving()
        self._fill_gaps()
        self._add_unknown_people()
        self._drop_what_leads_nowhere()
        self._count_lines()
        count_again(self._fresh)
        self._count_queue()

    def _lost(self, what: str, person: int | None = None, entry: int | None = None) -> None:
        self._found.losses.append(Loss(what, person, entry))

    def _ids(self, table: str) -> set[int]:
        return {number for (number,) in self._fresh.execute(f"SELECT id FROM {table}")}

    # ---- people and aliases

    def _rebuild_people(self) -> None:
        known, found = self._ids("person"), dict[int, dict[str, str]]()
        for column in ("login", "mailbox", "handset", "address"):
            for row in self._salvage.index_rows(f"person_{column}"):
                match row:
                    case [str(value), int(number)] if number not in known:
                        found.setdefault(number, {})[column] = value
        for number, columns in found.items():
            if "login" in columns:
                self._add_person(number, columns)
                self._lost(
                    f"{columns['login']}: name, password, PIN and settings;"
                    " `people password` and `people pin` set new ones",
                    number,
                )

    def _add_person(self, number: int, columns: dict[str, str], removed: bool = False) -> None:
        (quota,) = self._fresh.execute("SELECT coalesce(max(quota), 0) FROM person").fetchone()
        values = {
            "id": number,
            "name": columns["login"],
            "mailbox": f"lost-{number}",
            "admin": 0,
            "quota": quota,
            "transfer": "email and voicemail",
            "fetched_is_heard": 0,
            "language": "en",
            "added_at": self._now,
            "removed_at": self._now if removed else None,
            **columns,
        }
        marks = ", ".join("?" * len(values))
        self._fresh.execute(
            f"INSERT OR IGNORE INTO person ({', '.join(values)}) VALUES ({marks})",
            tuple(values.values()),
        )

    def _add_unknown_people(self) -> None:
        """Whoever is named by number only becomes a former person, whose messages can be given."""
        rows = self._fresh.execute(
            "SELECT person FROM entry UNION SELECT person FROM recording"
            " UNION SELECT person FROM missed_call WHERE person IS NOT NULL"
            " UNION SELECT owner FROM queue WHERE owner IS NOT NULL"
            " EXCEPT SELECT id FROM person"
        ).fetchall()
        for (number,) in rows:
            login = f"lost-{number}"
            self._add_person(number, {"login": login}, removed=True)
            self._lost(
                f"a person of whom nothing is left: their messages are kept for {login};"
                f" `inbox list {login} --former` shows them, `inbox restore --to` gives them away",
                number,
            )

    def _rebuild_members(self) -> None:
        for row in self._salvage.index_rows("alias_member_member"):
            match row:
                case [str(member), str(alias), int(place)]:
                    self._fresh.execute(
                        "INSERT OR IGNORE INTO alias_member VALUES (?, ?, ?)",
                        (alias, place, member),
                    )
        rebuilt = self._fresh.execute(
            "INSERT OR IGNORE INTO alias SELECT DISTINCT alias, NULL FROM alias_member"
        ).rowcount
        if rebuilt:
            self._lost(f"who is responsible for {rebuilt} aliases")

    # ---- entries and contents

    def _rebuild_entries(self) -> None:
        known, states = self._ids("entry"), dict[int, tuple[int, str]]()
        for row in self._salvage.index_rows("entry_person"):
            match row:
                case [int(person), str(state), int(entry)] if entry not in known:
                    states[entry] = person, state
        for row in self._salvage.index_rows("entry_content"):
            match row:
                case [int(content), int(entry)] if entry in states:
                    self._rebuild_entry(entry, *states.pop(entry), content)
        for entry, (person, _) in states.items():
            self._lost("a message of which only the number is left", person, entry)

    def _rebuild_entry(self, entry: int, person: int, state: str, content: int) -> None:
        if not self._add_content(content):
            self._lost("a message of which only the number is left", person, entry)
            return
        size, chunks, dotted, begun_at = self._fresh.execute(
            "SELECT size, chunks, dotted, begun_at FROM content WHERE id = ?", (content,)
        ).fetchone()
        octets = next(self._chunks(content), b"")
        told = self._fresh.execute(
            "SELECT uidl, at, detail FROM audit WHERE entry = ? AND uidl IS NOT NULL", (entry,)
        ).fetchone()
        uidl, at, sender = told or (secrets.token_urlsafe(12), begun_at, _shown(octets, "From"))
        subject = _shown(octets, "Subject")
        self._fresh.execute(
            "INSERT INTO entry (id, person, content, uidl, kind, state, prefix, size, chunks,"
            " dotted, received_at, sender, subject, removed_at)"
            " VALUES (?, ?, ?, ?, ?, ?, x'', ?, ?, ?, ?, ?, ?, ?)",
            (
                entry,
                person,
                content,
                uidl,
                "voicemail" if b"voice-message" in octets[:16_384].lower() else "email",
                state,
                size,
                chunks,
                dotted,
                at,
                sender,
                subject,
                self._now if state == "bin" else None,
            ),
        )
        what = "header lines of delivery" if told else "UIDL, so that mail programs fetch it again,"
        self._lost(f"{what} of {subject!r}", person, entry)

    def _rebuild_contents(self) -> None:
        wanted = self._fresh.execute(
            "SELECT content FROM entry UNION SELECT content FROM queue EXCEPT SELECT id FROM"
            " content WHERE size IS NOT NULL"
        ).fetchall()
        for (content,) in wanted:
            self._add_content(content)

    def _add_content(self, content: int) -> bool:
        """Make the row of a content from its entries or chunks; False if there is neither."""
        row = self._fresh.execute("SELECT size FROM content WHERE id = ?", (content,)).fetchone()
        if row is not None and row[0] is not None:
            return True
        told = self._fresh.execute(
            "SELECT size - length(prefix), chunks, received_at FROM entry WHERE content = ?",
            (content,),
        ).fetchone()
        pieces = [len(octets) for octets in self._chunks(content)]
        if told is None and not pieces:
            return False
        size, chunks, at = told or (sum(pieces), len(pieces), self._now)
        self._fresh.execute(
            "INSERT OR REPLACE INTO content VALUES (?, ?, ?, ?, ?)",
            (content, at, size, _dotted(self._chunks(content)), chunks),
        )
        return True

    def _bring_back_what_was_leaving(self) -> None:
        """Mail whose row of the queue is lost is not sent: what is a person's comes back."""
        known = self._ids("queue")
        for row in self._salvage.index_rows("queue_content"):
            match row:
                case [int(), int(number)] if number not in known:
                    self._lost("a mail on its way out: to whom it was going")
        for entry, person, subject in self._fresh.execute(
            "SELECT id, person, subject FROM entry WHERE state = 'leaving'"
            " AND id NOT IN (SELECT entry FROM queue WHERE entry IS NOT NULL)"
            " AND id NOT IN (SELECT entry FROM fax_job)"
        ).fetchall():
            self._fresh.execute("UPDATE entry SET state = 'new' WHERE id = ?", (entry,))
            self._lost(f"where {subject!r} was being sent; it is in the inbox again", person, entry)

    def _chunks(self, content: int) -> Iterator[bytes]:
        first = content << _SEQ_BITS
        for (octets,) in self._fresh.execute(
            "SELECT octets FROM chunk WHERE place BETWEEN ? AND ? ORDER BY place",
            (first, first + (1 << _SEQ_BITS) - 1),
        ):
            yield octets

    # ---- octets

    def _fill_gaps(self) -> None:
        for content, size, chunks in self._fresh.execute(
            "SELECT id, size, chunks FROM content WHERE size IS NOT NULL"
        ).fetchall():
            if not chunks:
                continue
            first = content << _SEQ_BITS
            there = dict(
                self._fresh.execute(
                    "SELECT place, length(octets) FROM chunk WHERE place BETWEEN ? AND ?",
                    (first, first + chunks - 1),
                ).fetchall()
            )
            if not there:
                self._tell_of_lost(content, size)
                continue
            lost = 0
            for place in range(first, first + chunks):
                last = place == first + chunks - 1
                length = size - (chunks - 1) * CHUNK if last else CHUNK
                lost += self._fill(place, length, there.get(place))
            if lost:
                self._state(content, f"{lost} octets of {size}")

    def _fill(self, place: int, length: int, there: int | None) -> int:
        """Bring a chunk to its length; how many of its octets are lost."""
        gaps = self._found.gaps.get(place, []) if there is not None else [(0, length)]
        if there is not None and there != length:
            gaps = [*gaps, (there, max(0, length - there))]
        if not gaps:
            return 0
        octets = bytearray(self._octets(place) if there is not None else b"")
        octets = octets.ljust(length, b"\0")[:length]
        for at, size in gaps:
            before = bytes(octets[max(0, at - 400) : at]) or self._octets(place - 1)[-400:]
            octets[at : at + size] = filler(before, min(size, length - at))
        self._fresh.execute("INSERT OR REPLACE INTO chunk VALUES (?, ?)", (place, bytes(octets)))
        return sum(size for _, size in gaps)

    def _octets(self, place: int) -> bytes:
        row = self._fresh.execute("SELECT octets FROM chunk WHERE place = ?", (place,)).fetchone()
        return bytes(row[0]) if row is not None else b""

    def _entries_of(self, content: int) -> list[tuple[int, int, str, str]]:
        return self._fresh.execute(
            "SELECT id, person, sender, subject FROM entry WHERE content = ?", (content,)
        ).fetchall()

    def _state(self, content: int, lost: str) -> None:
        """Say in the header, in the history and in the report that octets are lost."""
        field = f"{FIELD}: {lost} were lost when the store was damaged\r\n".encode()
        for entry, person, sender, subject in self._entries_of(content):
            self._fresh.execute(
                "UPDATE entry SET prefix = CAST(prefix || ? AS BLOB), size = size + ? WHERE id = ?",
                (field, len(field), entry),
            )
            self._note(entry, person, f"{lost} lost")
            self._lost(f"{lost} of the message from {sender}, {subject!r}", person, entry)

    def _tell_of_lost(self, content: int, size: int) -> None:
        """In place of a message that is lost as a whole, a short one says what it was."""
        entries = self._entries_of(content)
        sender, subject = entries[0][2:] if entries else ("", "")
        text = (
            "Content-Type: text/plain; charset=utf-8\r\nSubject: a message that was lost\r\n\r\n"
            f"The store of this box was damaged, and a message of {size} octets was lost.\r\n"
            f"From: {_one_line(sender)}\r\nSubject: {_one_line(subject)}\r\n"
        ).encode()
        self._fresh.execute("INSERT INTO chunk VALUES (?, ?)", (content << _SEQ_BITS, text))
        self._fresh.execute(
            "UPDATE content SET size = ?, dotted = 0, chunks = 1 WHERE id = ?", (len(text), content)
        )
        self._fresh.execute(
            "UPDATE entry SET size = length(prefix) + ?, dotted = 0, chunks = 1 WHERE content = ?",
            (len(text), content),
        )
        for entry, person, *_ in entries:
            self._note(entry, person, "all its octets lost")
            self._lost(f"the whole message from {sender}, {subject!r}", person, entry)

    def _note(self, entry: int, person: int, detail: str) -> None:
        self._fresh.execute(
            "INSERT INTO audit (at, door, by, verb, person, entry, detail)"
            " VALUES (?, 'repair', '', 'damaged', ?, ?, ?)",
            (self._now, person, entry, detail),
        )

    # ---- the rest

    def _drop_what_leads_nowhere(self) -> None:
        # Of what was still coming in nothing is lost; of the rest nobody knows whose it was.
        unused = "id NOT IN (SELECT content FROM entry) AND id NOT IN (SELECT content FROM queue)"
        self._fresh.execute(
            "DELETE FROM chunk WHERE place >> 20 IN"
            f" (SELECT id FROM content WHERE size IS NULL AND {unused})"
        )
        self._fresh.execute(f"DELETE FROM content WHERE {unused}")
        unowned = self._fresh.execute(
            "SELECT count(DISTINCT place >> 20) FROM chunk"
            " WHERE place >> 20 NOT IN (SELECT id FROM content)"
        ).fetchone()[0]
        if unowned:
            self._lost(f"{unowned} messages of which nobody knows whose they were")
            self._fresh.execute(
                "DELETE FROM chunk WHERE place >> 20 NOT IN (SELECT id FROM content)"
            )
        self._fresh.execute(
            "DELETE FROM sample WHERE place >> 20 NOT IN (SELECT id FROM recording)"
        )
        for table, rowid, parent, _ in self._fresh.execute("PRAGMA foreign_key_check").fetchall():
            if table == "alias" or rowid is None:
                self._fresh.execute(
                    "UPDATE alias SET responsible = NULL"
                    " WHERE responsible NOT IN (SELECT id FROM person)"
                )
            else:
                self._fresh.execute(f"DELETE FROM {table} WHERE rowid = ?", (rowid,))
            self._lost(f"a row of {table}, because its {parent} is lost")

    def _count_lines(self) -> None:
        for table, what in (("audit", "lines of the history"), ("missed_call", "missed calls")):
            (lost,) = self._fresh.execute(
                "SELECT (SELECT seq FROM sqlite_sequence WHERE name = ?) - coalesce(min(id), 1) + 1"
                f" - count(*) FROM {table}",
                (table,),
            ).fetchone()
            if self._salvage.is_broken(table):
                self._lost(f"up to {lost} {what}" if lost else f"the oldest {what}")

    def _count_queue(self) -> None:
        """What triggers keep for the queue; how often a destination was down is as it was told."""
        waiting = "(SELECT count(*) FROM queue WHERE state = 'waiting'"
        self._fresh.execute(f"UPDATE queue_count SET waiting = {waiting})")
        self._fresh.execute(
            "INSERT OR IGNORE INTO destination (name, next_box_s)"
            " SELECT DISTINCT way, 0 FROM queue WHERE state = 'waiting'"
        )
        self._fresh.execute(
            f"UPDATE destination SET waiting = {waiting} AND way = destination.name)"
        )
        self._fresh.execute("DELETE FROM destination WHERE waiting = 0 AND name <> ''")


def filler(before: bytes, length: int) -> bytes:
    """What stands for `length` lost octets that came after `before`; as many octets.

    Among lines of base64 it is more of them, so that what follows still decodes: silence in a
    voicemail. Elsewhere it says what is missing. It never begins a new line at its end.
    """
    lines = before.split(b"\r\n")
    if len(lines) > 1 and len(lines[-1]) <= _LINE and _BASE64_LINE.fullmatch(lines[-2]):
        line = b"A" * _LINE + b"\r\n"
        at = len(lines[-1])
        return (line * (length // len(line) + 2))[at : at + length]
    text = b"\r\n [%d octets of this message were lost when its store was damaged]" % length
    if len(text) > length:
        return b"?" * length
    blank = b"\r\n" + b" " * _LINE
    return (text + blank * ((length - len(text)) // len(blank)))[:length].ljust(length, b" ")


def _dotted(chunks: Iterator[bytes]) -> int:
    """How many lines begin with a dot."""
    count, before = 0, b"\r\n"
    for octets in chunks:
        count += (before + octets).count(b"\r\n.")
        before = (before + octets)[-2:]
    return count


def _shown(octets: bytes, name: str) -> str:
    """A header field as text for lists; "" if there is none, or none that can be read."""
    from email.header import decode_header, make_header  # a repair is rare
    from email.parser import BytesHeaderParser

    try:
        value = BytesHeaderParser().parsebytes(octets[:65_536])[name]
        return _one_line(str(make_header(decode_header(value or ""))))[:_LONGEST]
    except (ValueError, LookupError):
        return ""


def _one_line(text: str) -> str:
    return " ".join(text.split())
