"""A maildrop in memory, and a service's answers to a POP3 session, for tests of the session."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.inbox.listing import Listed
from app.mail.pop3.maildrop import Unreadable
from app.mail.pop3.session import Pop3Session
from app.mail.pop3.snapshot import Item, Snapshot
from app.mail.pop3.states import Code, Commit, LoginWanted


class MemoryMaildrop:
    """Messages cut into chunks of `chunk` octets; index i has entry id 100+i and UIDL u<i+1>."""

    def __init__(self, messages: Sequence[bytes], chunk: int = 16, prefix: bytes = b"") -> None:
        self._messages = messages
        self._chunk = chunk
        self.reads: list[tuple[int, int]] = []
        self.lost: set[int] = set()
        self._prefix = prefix
        self.messages = Snapshot(self._listed(i, octets) for i, octets in enumerate(messages))

    def opening(self, index: int) -> tuple[bytes, bytes]:
        """Prefix and chunk 0, which counts as a read of it if there is one."""
        item = self.messages[index]
        return self._prefix, self.chunk(item, 0) if item.chunks else b""

    def chunk(self, item: Item, seq: int) -> bytes:
        """Content octets number seq; every read is noted in `reads`."""
        self.reads.append((item.content, seq))
        if item.content in self.lost:
            raise Unreadable
        return self._messages[item.content][seq * self._chunk : (seq + 1) * self._chunk]

    def _listed(self, index: int, octets: bytes) -> Listed:
        whole = self._prefix + octets
        return Listed(
            entry=100 + index,
            content=index,
            uidl=f"u{index + 1}",
            size=len(whole),
            chunks=-(-len(octets) // self._chunk),
            dotted=sum(line.startswith(b".") for line in whole.split(b"\r\n")),
        )


@dataclass
class Owner:
    """Answers the session's events as a service would: anna, password "a pass word"."""

    maildrop: MemoryMaildrop
    commits: list[Commit] = field(default_factory=list)
    broken: bool = False  # the store can commit nothing

    def __call__(self, session: Any, event: object) -> None:
        """Answer one event."""
        assert isinstance(session, Pop3Session)
        if isinstance(event, LoginWanted):
            if (event.user, event.password) == ("anna", "a pass word"):
                session.logged_in(self.maildrop)
            else:
                session.refused(Code.AUTH, "name or password wrong")
        elif isinstance(event, Commit):
            self.commits.append(event)
            if self.broken:
                session.failed()
            else:
                session.committed(len(event.removed))
