"""Debian's Cyrus as an IMAP server on loopback, in namespaces of its own; that takes root.

with Cyrus(tmp_path) as cyrus:
    ... connect(cyrus.server("anna")) ...        # as the administrator, for her; "pass word"
    cyrus.stop(); cyrus.start()                  # the mails stay

`scripts/setup test` only unpacks it (tests/kit/mail_servers.py says how it is laid over the file
system). People's inboxes are made when they log in for the first time.
"""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from app.imap.net.api import Server
from tests.kit.dovecot import PASSWORD, free_ports
from tests.kit.imap_servers import MASTER, PEOPLE
from tests.kit.mail_servers import ALONE, ENTER, UNPACKED

PACKAGES = ("cyrus-imapd", "cyrus-common", "libical3", "libpcre3", "libzephyr4", "sasl2-bin")
READY_S = 30.0
IMAPD = """\
configdirectory: {state}
partition-default: {state}/spool
defaultpartition: default
servername: cyrus.test
cyrus_user: cyrus
admins: {master}
proxyservers: {master}
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {state}/sasldb2
sasl_mech_list: PLAIN
allowplaintext: yes
unixhierarchysep: yes
altnamespace: yes
autocreate_quota: 0
autocreate_post: yes
idlesocket: /run/cyrus/idle
mboxname_lockpath: /run/cyrus/lock
proc_path: /run/cyrus/proc
"""
MASTERS = """\
START {{
  recover cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -r"
  idled cmd="/usr/lib/cyrus/bin/idled"
}}
SERVICES {{
  imap cmd="imapd -U 30" listen="127.0.0.1:{port}" prefork=0 maxchild=200
}}
EVENTS {{
  checkpoint cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -c" period=30
}}
"""
START = """\
export LD_LIBRARY_PATH={unpacked}/libpcre3/lib/$(uname -m)-linux-gnu
mkdir -p {state}/socket {state}/db {state}/log {state}/spool /run/cyrus/lock /run/cyrus/proc
for name in {names}; do
    printf '{password}' | saslpasswd2 -p -c -f {state}/sasldb2 -u cyrus.test $name
done
chown -R cyrus:mail {state} /run/cyrus
exec /usr/sbin/cyrmaster -D -C /etc/imapd.conf -M /etc/cyrus.conf
"""


def missing() -> str:
    """Why it cannot run here; "" if it can."""
    if os.geteuid() != 0:
        return "a mount namespace takes root"
    if not all((UNPACKED / package).is_dir() for package in PACKAGES):
        return "Cyrus is not unpacked (scripts/setup test)"
    tried = subprocess.run([*ALONE, "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "no mount namespace can be made here"


class Cyrus:
    """The server, with PEOPLE, and MASTER who may act for all of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {"imap": free_ports(1)[0]}
        values = {"state": folder / "state", "master": MASTER, "port": self.ports["imap"]}
        passwd = Path("/etc/passwd").read_text() + "cyrus:x:901:8::/var/spool/cyrus:/bin/sh\n"
        files = {
            "etc/imapd.conf": IMAPD.format(**values),
            "etc/cyrus.conf": MASTERS.format(**values),
            "etc/passwd": passwd,
        }
        for name, text in files.items():
            path = folder / "own" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for one in (folder, *list(folder.parents)[:-2]):
            one.chmod(one.stat().st_mode | 0o011)  # it is not root that looks for its files
        self._begin = START.format(
            **values, unpacked=UNPACKED, names=" ".join((*PEOPLE, MASTER)), password=PASSWORD
        )
        self._process: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        (self.folder / "mounts").mkdir(exist_ok=True)
        packages = [str(UNPACKED / package) for package in PACKAGES]
        enter = [*ALONE, "sh", "-c", ENTER, "sh", str(self.folder), *packages, "--"]
        with open(self.folder / "log", "wb") as log:
            self._process = subprocess.Popen(
                [*enter, self._begin], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        end = time.monotonic() + READY_S
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"Cyrus: {(self.folder / 'log').read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it."""
        self.kill()

    def kill(self) -> None:
        """End it and all its sessions in an instant, as a power cut does."""
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children")
        for child in children.read_text().split() if children.exists() else ():
            os.kill(int(child), signal.SIGKILL)  # the first of its namespace takes all along
        self._process.wait()

    def server(self, login: str) -> Server:
        """What a connection for this person needs."""
        return Server("127.0.0.1", self.ports["imap"], "none", MASTER, PASSWORD, login)

    def _listens(self) -> bool:
        with socket.socket() as door:
            return door.connect_ex(("127.0.0.1", self.ports["imap"])) == 0
