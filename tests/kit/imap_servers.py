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
    """The server, with PEOPLE, and LAMPS who sees all their boxes."""

    def __init__(self, keys: BoxKeys) -> None:
        names = (*PEOPLE, LAMPS)
        users = {name: f"{name}:{PASSWORD}::::::" for name in names}
        users["full"] += f"userdb_quota_rule=*:bytes={SMALL}"
        others = " ".join(f"userdb_namespace/{name}/disabled=no" for name in PEOPLE)
        users[LAMPS] += others
        super().__init__(keys, CONFIG, "\n".join(users.values()) + "\n", ("imap", "imaps"))
        (self.folder / "masters").write_text(f"{MASTER}:{PASSWORD}\n")
        with (self.folder / "conf").open("a") as conf:
            for name in PEOPLE:
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
