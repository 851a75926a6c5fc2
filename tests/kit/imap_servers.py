"""Debian's Dovecot as an IMAP server on loopback, without rights in a folder of its own.

with ImapDovecot(keys) as dovecot:
    ... connect(dovecot.server("anna")) ...                 # as herself, "pass word"
    ... connect(dovecot.server("anna", by_master=True)) ... # as the master user, for her
    ... connect(dovecot.server(LAMPS)) ...                  # sees user/anna/... of everybody
    dovecot.stop(); dovecot.start()                         # the mails stay

The box of "full" has room for SMALL octets. LAMPS has a fixed namespace for each person; by NOTIFY
Dovecot tells of their inboxes where `INBOX=` is said in the location and the index of the mailboxes
knows INBOX, too, and then by the name user/anna/INBOX alone, which LIST may call user/anna.
Nobody waits for having mistyped a password: else the next login from this address takes 4 s.
"""

import contextlib
import os
from pathlib import Path

from app.imap.net.api import Server, Timeouts, Tls
from tests.kit.box_keys import BoxKeys
from tests.kit.dovecot import PASSWORD, DovecotProcess

PEOPLE = ("anna", "ben", "cleo", "full")
LAMPS = "lamps"
MASTER = "switchhook"
SMALL = 3_000  # octets that the box of "full" holds

CONFIG = """\
protocols = imap
auth_failure_delay = 0
mailbox_list_index_include_inbox = yes
mailbox_idle_check_interval = 1s
mail_plugins = quota
protocol imap {{
  mail_plugins = quota imap_quota
  mail_max_userip_connections = 100
}}
plugin {{
  quota = maildir:box
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/masters
  master = yes
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
"""

LETTER = (
    "From: Carl <carl@far.test>\nSubject: Letter {number}\nMessage-ID: <{number}@far.test>\n"
    "Date: Sat, 28 Nov 2026 10:00:00 +0000\n\nHello.\n"
)

PERSON = """\
namespace {name} {{
  prefix = user/{name}/
  separator = /
  location = maildir:{folder}/mail/{name}:INBOX={folder}/mail/{name}
  list = yes
  hidden = no
  disabled = {{disabled}}
}}
"""


class ImapDovecot(DovecotProcess):
    """The server, with these people, and LAMPS who sees all their boxes."""

    def __init__(
        self, keys: BoxKeys, people: tuple[str, ...] = PEOPLE, large: tuple[str, ...] = ()
    ) -> None:
        """`large`: whose mails lie in files of many (mdbox), as where there are very many."""
        names = (*people, LAMPS)
        users = {name: f"{name}:{PASSWORD}::::::" for name in names}
        if "full" in users:
            users["full"] += f"userdb_quota_rule=*:bytes={SMALL}"
        for name in large:
            users[name] += " userdb_mail=mdbox:~/mdbox"
        others = " ".join(f"userdb_namespace/{name}/disabled=no" for name in people)
        users[LAMPS] += others
        super().__init__(keys, CONFIG, "\n".join(users.values()) + "\n", ("imap", "imaps"))
        (self.folder / "masters").write_text(f"{MASTER}:{PASSWORD}\n")
        with (self.folder / "conf").open("a") as conf:
            for name in people:
                text = PERSON.format(name=name, folder=self.folder)
                conf.write(text.replace("{disabled}", "yes"))
        self._own(self.folder)

    def server(
        self,
        login: str,
        *,
        by_master: bool = False,
        tls: Tls = "none",
        password: str = PASSWORD,
        timeouts: Timeouts | None = None,
    ) -> Server:
        """What a connection as this person needs."""
        return Server(
            "localhost" if tls != "none" else "127.0.0.1",
            self.ports["imaps" if tls == "implicit" else "imap"],
            tls,
            MASTER if by_master else login,
            password,
            login if by_master else None,
            timeouts=timeouts or Timeouts(),
        )

    def fill(self, login: str, count: int) -> None:
        """Put so many small mails into the inbox of somebody of `large`; the server runs."""
        mails = self.folder / "filling"
        head = "From carl@far.test Sat Nov 28 10:00:00 2026\n"
        mails.write_text("".join(head + LETTER.format(number=n) + "\n" for n in range(count)))
        self._own(mails)
        self.doveadm("import", "-u", login, f"mbox:{self.folder}/none:INBOX={mails}", "", "ALL")
        mails.unlink()

    def cpu_s(self) -> float:
        """Seconds of CPU that its processes have had, those that have ended, too."""
        return sum(map(cpu_s, self._processes()))

    def pss_mb(self) -> float:
        """Memory of its processes, what they share by shares."""
        return sum(map(pss_kb, self._processes())) / 1024

    def _processes(self) -> list[int]:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [self._process.pid, *map(int, children.read_text().split())]


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process and its children that have ended have had [proc(5)]."""
    with contextlib.suppress(FileNotFoundError):
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, stat[11:15])) / os.sysconf("SC_CLK_TCK")
    return 0.0  # it has ended, and counts with its parent


def pss_kb(pid: int) -> int:
    """A process's memory, what it shares by shares, in KiB."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return 0  # it has ended
