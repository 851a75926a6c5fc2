"""What a server tells of the selected mailbox without being asked [RFC 3501 §5.2, RFC 7162]."""

from app.imap.net import told
from app.imap.net.api import Changes, Flags, UidRange
from app.imap.net.reader import BadResponse, Data

FLAGS_LIMIT = 100_000
"""Mails whose flags are kept; when more have changed, what has changed is said to be unclear."""


class News:
    """Gathers it until somebody asks."""

    def __init__(self, exists: int = 0) -> None:
        """`exists`: the number of mails there are."""
        self._exists = exists
        self._told_exists = False
        self._flags: dict[int, Flags] = {}
        self._vanished: list[UidRange] = []
        self._unclear = False

    def take(self, data: Data) -> bool:
        """Whether this is news of the mailbox. Raises BadResponse."""
        if data.name == "EXISTS":
            self._count(_number(data))
        elif data.name == "EXPUNGE":
            _number(data)
            self._count(max(self._exists - 1, 0))
            self._unclear = True
        elif data.name == "VANISHED":
            self._take_vanished(data)
        elif data.name == "FETCH":
            return self._take_flags(told.fetched(data))
        else:
            return False
        return True

    def changes(self) -> Changes:
        """All that has come since the last time."""
        found = Changes(
            tuple(self._flags.values()),
            tuple(self._vanished),
            self._exists if self._told_exists else None,
            self._unclear,
        )
        self._flags, self._vanished = {}, []
        self._told_exists = self._unclear = False
        return found

    def _count(self, exists: int) -> None:
        self._exists, self._told_exists = exists, True

    def _take_vanished(self, data: Data) -> None:
        earlier, several = told.vanished(data)
        if not earlier:
            count = sum(last - first + 1 for first, last in several)
            self._count(max(self._exists - count, 0))
        if len(self._vanished) + len(several) > told.RANGES_LIMIT:
            self._vanished.clear()
            self._unclear = True
        else:
            self._vanished += several

    def _take_flags(self, fetched: told.Fetched) -> bool:
        if fetched.flags is None:
            return False
        if fetched.uid is None or len(self._flags) >= FLAGS_LIMIT:
            self._unclear = True
        else:
            self._flags[fetched.uid] = Flags(fetched.uid, fetched.flags, fetched.modseq)
        return True


def _number(data: Data) -> int:
    """How many, or which, mail it is about [RFC 3501 §7.3.1]. Raises BadResponse."""
    if data.number is None or data.number > told.UID_GREATEST:
        raise BadResponse(f"{data.name} without a number")
    return data.number
