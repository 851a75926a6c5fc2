"""A mail program on an IMAP server: Python's own imaplib, which knows nothing of the box."""

import imaplib
import re
from types import TracebackType


class MailProgram:
    """`with MailProgram(port, "anna", "pass word") as program:` she is logged in."""

    def __init__(self, port: int, login: str, password: str) -> None:
        self._imap = imaplib.IMAP4("127.0.0.1", port, timeout=30)
        self._imap.login(login, password)

    def __enter__(self) -> "MailProgram":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._imap.logout()

    def uids(self, mailbox: str = "INBOX") -> list[int]:
        """The UIDs in a mailbox, which is then selected; none if it is not there."""
        if self._imap.select(mailbox)[0] != "OK":
            return []
        return [int(uid) for uid in self._imap.uid("SEARCH", "ALL")[1][0].split()]

    def octets(self, uid: int) -> bytes:
        """A whole mail of the selected mailbox."""
        return bytes(self._imap.uid("FETCH", str(uid), "(BODY.PEEK[])")[1][0][1])

    def flags(self, uid: int) -> set[bytes]:
        """Flags and keywords of a mail."""
        answers = self._imap.uid("FETCH", str(uid), "(UID FLAGS)")[1]  # others' changes, too
        ours = [bytes(one) for one in answers if b"UID %d" % uid in bytes(one or b"")]
        return set(re.findall(rb"[\\$]\w+", ours[-1])) if ours else set()

    def mark(self, uid: int, flag: str, on: bool = True) -> None:
        """Set a flag of a mail, or take it away."""
        self._imap.uid("STORE", str(uid), "+FLAGS" if on else "-FLAGS", f"({flag})")

    def mark_all(self, numbers: str, flag: str, on: bool = True) -> None:
        """The same of many, by their numbers in the mailbox."""
        self._imap.store(numbers, "+FLAGS.SILENT" if on else "-FLAGS.SILENT", f"({flag})")

    def delete(self, uid: int) -> None:
        """Delete a mail for good."""
        self.mark(uid, "\\Deleted")
        self._imap.expunge()

    def deliver(self, octets: bytes) -> None:
        """A new mail in the inbox."""
        self._imap.append("INBOX", "", "", octets)
