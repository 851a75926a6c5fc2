"""Debian's Dovecot as a POP3 and LMTP server on loopback, without rights in a folder of its own.

with Dovecot(keys) as dovecot:
    dovecot.put("anna", b"Subject: ...")       # a file in her maildir
    ... somebody fetches from dovecot.pop3 or dovecot.pop3s, password "pass word" ...
    ... somebody gives mail for anna@far.test and full@far.test to dovecot.lmtp ...
    dovecot.mails("anna")                      # what she has then; the box of "full" is full
"""

import contextlib
import grp
import os
import pwd
import select
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.kit.box_keys import BoxKeys

PASSWORD = "pass word"
NOBODY = "nobody"
READY_S = 20.0
SMALL = 10  # octets that the box of "full" holds

HEAD = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{folder}/mail/%u
auth_username_format = %Ln
ssl = yes
ssl_cert = <{folder}/server.crt
ssl_key = <{folder}/server.key
disable_plaintext_auth = no
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users
  default_fields = uid={user} gid={group} home={folder}/home/%u
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""
"""Every service out of its chroot, so that none needs rights."""

CONFIG = """\
protocols = pop3 lmtp
mail_plugins = quota
plugin {{
  quota = maildir:box
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
"""


class DovecotProcess:
    """A Dovecot with this configuration; it must be started."""

    def __init__(
        self, keys: BoxKeys, config: str, users: str, doors: tuple[str, ...], **more: str
    ) -> None:
        """`doors`: what its ports are called in the configuration, `more` is for it as well."""
        self.folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        as_root = os.geteuid() == 0
        self._user = pwd.getpwnam(NOBODY) if as_root else pwd.getpwuid(os.getuid())
        self.ports = dict(zip(doors, free_ports(len(doors)), strict=True))
        for source, name in zip(keys.files, ("server.crt", "server.key"), strict=True):
            shutil.copy(source, self.folder / name)
        (self.folder / "users").write_text(users)
        text = (HEAD + config).format(
            folder=self.folder, user=self._user.pw_name,
            group=grp.getgrgid(self._user.pw_gid).gr_name, **self.ports, **more,
        )  # fmt: skip
        (self.folder / "conf").write_text(text)
        self._own(self.folder)
        self._process: subprocess.Popen[bytes]

    def _own(self, path: Path) -> None:
        if os.geteuid() == 0:
            for one in (path, *path.rglob("*")):
                os.chown(one, self._user.pw_uid, self._user.pw_gid)

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = ["/usr/sbin/dovecot", "-F", "-c", str(self.folder / "conf")]
        self._process = subprocess.Popen(
            [*self._as_nobody(), *command],
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "err").open("wb"),
        )
        for port in self.ports.values():
            self._wait(port)

    def doveadm(self, *command: str) -> None:
        """A command of its administrator's, while it runs."""
        doveadm = ["doveadm", "-c", str(self.folder / "conf"), *command]
        subprocess.run([*self._as_nobody(), *doveadm], check=True, capture_output=True)

    def _as_nobody(self) -> list[str]:
        rights = ["setpriv", f"--reuid={self._user.pw_uid}", f"--regid={self._user.pw_gid}"]
        return [*rights, "--clear-groups"] if os.geteuid() == 0 else []

    def stop(self) -> None:
        """End it; its sessions may outlive it for a moment, and hold the ports until they see."""
        self._process.terminate()
        self._process.wait(10)
        for port in self.ports.values():
            self._wait_until_free(port)

    def kill(self) -> None:
        """End it and all its sessions in an instant, as a power cut does."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        os.kill(self._process.pid, signal.SIGSTOP)  # or it starts others in their place
        for pid in [*map(int, children.read_text().split()), self._process.pid]:
            with contextlib.suppress(ProcessLookupError):  # that session had just ended
                os.kill(pid, signal.SIGKILL)
        self._process.wait(10)
        for port in self.ports.values():
            self._wait_until_free(port)

    @staticmethod
    def _wait_until_free(port: int) -> None:
        for _ in range(int(READY_S / 0.05)):
            with socket.socket() as door:
                door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    door.bind(("127.0.0.1", port))
                except OSError:
                    select.select([], [], [], 0.05)
                else:
                    return
        raise AssertionError(f"port {port} is still taken {READY_S:g} s after Dovecot has ended")

    def _wait(self, port: int) -> None:
        for _ in range(int(READY_S / 0.05)):
            with socket.socket() as door:
                if door.connect_ex(("127.0.0.1", port)) == 0:
                    return
            try:
                self._process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            break
        raise AssertionError(f"Dovecot does not start: {self.said()}")

    def said(self) -> str:
        """Its log."""
        files = [self.folder / name for name in ("err", "log")]
        return "\n".join(path.read_text() for path in files if path.exists())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder)


class Dovecot(DovecotProcess):
    """POP3 and LMTP for anna, and for somebody whose box is full."""

    def __init__(self, keys: BoxKeys) -> None:
        users = f"anna:{PASSWORD}::::::\nfull:{PASSWORD}::::::userdb_quota_rule=*:bytes={SMALL}\n"
        super().__init__(keys, CONFIG, users, ("pop3", "pop3s", "lmtp"))
        self.pop3, self.pop3s, self.lmtp = self.ports.values()
        for name in ("new", "cur", "tmp"):
            (self.folder / "mail" / "anna" / name).mkdir(parents=True)
        self._own(self.folder)

    def put(self, name: str, octets: bytes) -> None:
        """A message, with LF line ends as in every maildir; names sort by the order of arrival."""
        path = self.folder / "mail" / "anna" / "new" / f"{name}.box"
        path.write_bytes(octets.replace(b"\r\n", b"\n"))
        self._own(path)

    def left(self) -> int:
        """How many messages are there."""
        box = self.folder / "mail" / "anna"
        return sum(1 for name in ("new", "cur") for _ in (box / name).iterdir())

    def mails(self, user: str) -> list[bytes]:
        """The messages that have come for somebody since they last looked."""
        return [path.read_bytes() for path in (self.folder / "mail" / user / "new").glob("*")]

    def rename_all(self) -> None:
        """Forget all unique-ids, as when the box is moved to another server."""
        for path in (self.folder / "mail" / "anna").glob("dovecot*"):
            path.unlink()


def free_ports(count: int) -> list[int]:
    """Ports that nobody has; the system gives them."""
    doors = [socket.socket() for _ in range(count)]
    for door in doors:
        door.bind(("127.0.0.1", 0))
    ports = [int(door.getsockname()[1]) for door in doors]
    for door in doors:
        door.close()
    return ports
