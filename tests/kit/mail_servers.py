"""Debian's mail servers as next hops, as they are when freshly installed: Postfix, Exim, OpenSMTPD.

    with MailServer(EXIM, keys) as server:
        ... somebody sends to anna@far.test, 127.0.0.1 port server.port ...
        octets = server.wait(1)[0]

They exclude each other as packages. `scripts/setup test` therefore only unpacks them, and each is
laid over the file system in a mount namespace of its own, in which the users are there, too, that
its package would make. That takes root. Configurations are what the packages bring, with the names,
the port and the certificate said; `anna` is a user of the system, her mail lies in ~/Maildir.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tests.kit.box_keys import BoxKeys

UNPACKED = Path(__file__).resolve().parents[2] / "build" / "servers"
DOMAIN, USER, PASSWORD = "far.test", "anna", "pass word"
READY_S = 30.0
CERTIFICATE, KEY = "etc/ssl/certs/far.pem", "etc/ssl/private/far.key"

ALONE = ("unshare", "--mount", "--pid", "--fork", "--mount-proc")
"""In mount and process namespaces of its own."""

# Lays package and changes over the system and becomes the server.
ENTER = """\
set -eu
here=$1; shift
mount -t tmpfs tmpfs "$here/mounts"
mkdir "$here"/mounts/var "$here"/mounts/work
for part in usr etc var; do
    mkdir -p "$here/mounts/work/$part" "$here/mounts/up/$part"
    cp -a "$here/own/$part/." "$here/mounts/up/$part/" 2>/dev/null || :
    lower=
    for package in "$@"; do
        [ "$package" = -- ] && break
        if [ -d "$package/$part" ]; then lower=$lower$package/$part:; fi
    done
    mount -t overlay overlay -o "lowerdir=$lower/$part,upperdir=$here/mounts/up/$part" \
        -o "workdir=$here/mounts/work/$part" "/$part"
done
mount -t tmpfs tmpfs /run
while [ "$1" != -- ]; do shift; done
shift
exec sh -euc "$1"
"""


@dataclass(frozen=True)
class Kind:
    """One server: its packages, the users they make, its files, and what starts it."""

    name: str
    packages: tuple[str, ...]
    users: tuple[str, ...]
    files: Callable[["MailServer"], dict[str, str]]
    start: Callable[["MailServer"], str]

    def missing(self) -> str:
        """Why it cannot run here; "" if it can."""
        if os.geteuid() != 0:
            return "a mount namespace takes root"
        if not all((UNPACKED / package).is_dir() for package in self.packages):
            return f"{self.name} is not unpacked (scripts/setup test)"
        tried = subprocess.run([*ALONE, "true"], capture_output=True, check=False)
        return "" if tried.returncode == 0 else "no mount namespace can be made here"


class MailServer:
    """A running server; without keys it is as a fresh package on a bare system is.

    `auth`: people of its own may log in.
    """

    def __init__(self, kind: Kind, keys: BoxKeys | None = None, auth: bool = False) -> None:
        self.kind, self.keys, self.auth = kind, keys, auth
        self.folder = Path(tempfile.mkdtemp(prefix=f"{kind.name}-"))
        with socket.socket() as door:
            door.bind(("127.0.0.1", 0))
            self.port: int = door.getsockname()[1]

    def __enter__(self) -> "MailServer":
        self.folder.chmod(0o755)
        for name in ("mounts", "home"):
            (self.folder / name).mkdir()
        os.chown(self.folder / "home", 900, 900)
        for name, text in {**self._users(), **self.kind.files(self)}.items():
            path = self.folder / "own" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        packages = [str(UNPACKED / package) for package in self.kind.packages]
        command = [*ALONE, "sh", "-c", ENTER, "sh", str(self.folder), *packages, "--"]
        with open(self.folder / "log", "wb") as log:
            self._process = subprocess.Popen(
                [*command, self.kind.start(self)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait_for(self._listens, "it does not listen")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pid = self._process.pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            os.kill(int(child), signal.SIGKILL)  # the first of its namespace takes all along
        self._process.wait()
        shutil.rmtree(self.folder)

    @property
    def pid(self) -> int:
        """The process from which all of it descends."""
        return self._process.pid

    def mails(self) -> list[bytes]:
        """What lies in Anna's mailbox."""
        return [path.read_bytes() for path in sorted((self.folder / "home").glob("Maildir/new/*"))]

    def wait(self, count: int) -> list[bytes]:
        """The mails, once there are `count` of them; AssertionError if they do not come."""
        self._wait_for(lambda: len(self.mails()) >= count, f"{count} mails were awaited")
        return self.mails()

    def _users(self) -> dict[str, str]:
        passwd, group = Path("/etc/passwd").read_text(), Path("/etc/group").read_text()
        passwd += f"{USER}:x:900:900::{self.folder}/home:/bin/sh\n"
        group += f"{USER}:x:900:\n"
        for number, name in enumerate(self.kind.users, 901):
            passwd += f"{name}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin\n"
            group += f"{name}:x:{number}:\n"
        found = {"etc/passwd": passwd, "etc/group": group, "etc/mailname": f"{DOMAIN}\n"}
        if self.keys is not None:
            texts = (Path(file).read_text() for file in self.keys.files)
            found |= dict(zip((CERTIFICATE, KEY), texts, strict=True))
        return found

    def _listens(self) -> bool:
        with socket.socket() as door:
            return door.connect_ex(("127.0.0.1", self.port)) == 0

    def _wait_for(self, done: Callable[[], bool], what: str) -> None:
        """Poll what another program does; its log is in the error."""
        end = time.monotonic() + READY_S
        while not done():
            ended = self._process.poll()
            if ended is not None or time.monotonic() > end:
                log = (self.folder / "log").read_text(errors="replace")
                raise AssertionError(f"{self.kind.name}: {what} (exit code {ended})\n{log}")
            time.sleep(0.02)


# ---- Postfix: main.cf.debian and master.cf as its package configures them for an Internet site


def _postfix_files(server: MailServer) -> dict[str, str]:
    share = UNPACKED / "postfix" / "usr" / "share" / "postfix"
    master = (share / "master.cf.dist").read_text()
    master = master.replace("smtp      inet  n ", f"127.0.0.1:{server.port} inet n ", 1)
    lines = [
        line.replace(" y ", " n ", 1) if line[:1].strip() and " unix" in line[:15] else line
        for line in master.replace("n       -       y       -       -       smtpd", SMTPD).split(
            "\n"
        )
    ]
    main = (share / "main.cf.debian").read_text() + (share / "main.cf.tls").read_text()
    main = main.replace("/etc/ssl/certs/ssl-cert-snakeoil.pem", f"/{CERTIFICATE}")
    main = main.replace("/etc/ssl/private/ssl-cert-snakeoil.key", f"/{KEY}")
    main += f"myhostname = {DOMAIN}\nmydestination = {DOMAIN}\nhome_mailbox = Maildir/\n"
    main += "maillog_file = /dev/stdout\nalias_maps =\ninet_protocols = ipv4\n"
    return {"etc/postfix/main.cf": main, "etc/postfix/master.cf": "\n".join(lines)}


SMTPD = "n       -       n       -       -       smtpd"
POSTFIX = Kind(
    "postfix",
    ("postfix",),
    ("postfix", "postdrop"),
    _postfix_files,
    lambda server: (
        "export LD_LIBRARY_PATH=/usr/lib/postfix; mkdir -p /var/lib/postfix;"
        " chown postfix /var/lib/postfix; exec postfix start-fg"
    ),
)


# ---- Exim: update-exim4.conf makes its configuration from the package's template


def _exim_files(server: MailServer) -> dict[str, str]:
    template = UNPACKED / "exim4-config" / "etc" / "exim4" / "exim4.conf.template"
    text = template.read_text()
    if server.auth:  # as its comments say: take the marks away
        begin = text.index("# plain_server:")
        end = text.index("\n\n", begin)
        block = "\n".join(line.removeprefix("# ") for line in text[begin:end].split("\n"))
        text = text[:begin] + block.replace("#   ", "  ") + text[end:]
    hashed = subprocess.run(
        ["openssl", "passwd", "-6", PASSWORD], capture_output=True, text=True, check=True
    )
    macros = "LOCAL_DELIVERY = maildir_home\n"
    if server.keys:
        macros += f"MAIN_TLS_ENABLE = yes\nMAIN_TLS_CERTIFICATE = /{CERTIFICATE}\n"
        macros += f"MAIN_TLS_PRIVATEKEY = /{KEY}\n"
    debconf = {
        "dc_eximconfig_configtype": "internet",
        "dc_other_hostnames": DOMAIN,
        "dc_local_interfaces": f"127.0.0.1.{server.port}",
        "dc_use_split_config": "false",
        "dc_localdelivery": "maildir_home",
    }
    return {
        "etc/exim4/exim4.conf.template": text,
        "etc/exim4/exim4.conf.localmacros": macros,
        "etc/aliases": "",
        "etc/exim4/passwd": f"{USER}:{hashed.stdout.strip()}\n",
        "etc/exim4/update-exim4.conf.conf": "".join(f"{k}='{v}'\n" for k, v in debconf.items()),
    }


EXIM = Kind(
    "exim",
    ("exim4-daemon-light", "exim4-base", "exim4-config"),
    ("Debian-exim",),
    _exim_files,
    lambda server: (
        "chmod 644 /etc/ssl/private/far.key 2>/dev/null || :;"
        " mkdir -p /var/spool/exim4 /var/log/exim4 /var/lib/exim4;"
        " chown Debian-exim /var/spool/exim4 /var/log/exim4; update-exim4.conf;"
        " (umask 0; : >/var/log/exim4/mainlog; tail -f /var/log/exim4/mainlog) &"
        " exec exim4 -bdf -q1s"  # delivers the 11th mail of a connection in a queue run, no sooner
    ),
)


# ---- OpenSMTPD: its smtpd.conf, with the lines that its comments tell to add


def _opensmtpd_files(server: MailServer) -> dict[str, str]:
    listen = f"listen on 127.0.0.1 port {server.port}"
    lines = ["table aliases file:/etc/aliases"]
    if server.keys:
        lines += [f'pki far cert "/{CERTIFICATE}"', f'pki far key "/{KEY}"']
        listen += " tls pki far"
    lines += [
        listen,
        'action "local" maildir alias <aliases>',
        f'match from any for domain "{DOMAIN}" action "local"',
    ]
    return {
        "etc/smtpd.conf": "\n".join(lines) + "\n",
        "etc/aliases": "",
    }


OPENSMTPD = Kind(
    "opensmtpd",
    ("opensmtpd",),
    ("opensmtpd", "opensmtpq"),
    _opensmtpd_files,
    lambda server: (
        f"chmod 600 /{KEY} 2>/dev/null || :; mkdir -p /var/lib/opensmtpd/empty;"
        " chmod 755 /var/lib/opensmtpd/empty; exec smtpd -dv"
    ),
)
