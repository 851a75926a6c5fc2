"""Files of aliases against Postfix's own reader, postalias(1): both read the same lines alike."""

import os
import subprocess
from pathlib import Path

import pytest

from app.inbox.alias_files import AliasFormat, read, write_postfix
from app.inbox.expansion import Alias, AliasKind
from tests.kit.mail_servers import UNPACKED
from tests.kit.store import CONFIG

POSTFIX = UNPACKED / "postfix"
SETTINGS = f"""\
compatibility_level = 3.6
myhostname = box.example.org
default_database_type = hash
mail_owner = nobody
setgid_group = mail
default_privs = daemon
shlib_directory = {POSTFIX}/usr/lib/postfix
daemon_directory = {POSTFIX}/usr/lib/postfix/sbin
meta_directory = {POSTFIX}/etc/postfix
"""
OWN_KEYS = {"@", "YP_LAST_MODIFIED", "YP_MASTER_NAME"}  # what postalias adds


def by_postfix(directory: Path, text: str) -> dict[str, list[str]]:
    """What Postfix reads in a file: members by name, their quotation marks as they are."""
    if not POSTFIX.is_dir():
        pytest.skip("Postfix is not unpacked (scripts/setup test)")
    (directory / "main.cf").write_text(
        f"{SETTINGS}queue_directory = {directory}\ndata_directory = {directory}\n"
    )
    (directory / "aliases").write_text(text)
    command = [str(POSTFIX / "usr/sbin/postalias"), "-c", str(directory)]
    environment = {**os.environ, "LD_LIBRARY_PATH": str(POSTFIX / "usr/lib/postfix")}
    dump = ""
    for words in ([f"hash:{directory}/aliases"], ["-s", f"hash:{directory}/aliases"]):
        done = subprocess.run(
            [*command, *words], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0 and not done.stderr, done.stderr
        dump = done.stdout
    found = dict(line.split(":\t", 1) for line in dump.splitlines())
    return {name: found[name].split(", ") for name in found.keys() - OWN_KEYS}


def test_what_we_write_is_what_postfix_reads(tmp_path: Path) -> None:
    aliases = [
        Alias("anna", ("anna", "a.b+c@far.example"), AliasKind.PERSON),
        Alias("anna+shop", ("ben",), AliasKind.GROUP, "cleo"),
        Alias("big", tuple(f"member.number.{n}@far.example" for n in range(2000)), AliasKind.GROUP),
        Alias("family", ("ben", "o'brien=x@far.example"), AliasKind.LIST, "cleo"),
    ]
    found = by_postfix(tmp_path, write_postfix(aliases, CONFIG))
    assert found == {
        **{alias.name: list(alias.members) for alias in aliases},
        "owner-family": ["cleo"],
    }


def test_what_postfix_reads_is_what_we_read(tmp_path: Path) -> None:
    text = """\
# comment
Sales:  anna,
\tbob ,
# amid an alias
  x@far.example

   # comment behind blanks
"long one" : cleo
"quoted:key" : anna
family:anna,bob
"""
    ours = read(text.encode(), AliasFormat.POSTFIX, CONFIG)
    assert ours.findings == []
    assert by_postfix(tmp_path, text) == {one.name: list(one.members) for one in ours.aliases}
