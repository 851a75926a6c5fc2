"""The program age [Debian: age] opens what we seal, and we open what it seals."""

import io
import os
import pty
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from app.device.sealing import Keys, Opener
from tests.kit.backed_up import WORDS, backed_up, box_with_mail, opened
from tests.kit.commands import Shell

TEXT = bytes(range(256)) * 1000


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return box_with_mail(tmp_path, monkeypatch)


def key_pair(folder: Path) -> tuple[Path, str]:
    """A file with a secret key of age-keygen's, and its public key."""
    path = folder / "key.txt"
    made = subprocess.run(["age-keygen"], capture_output=True, text=True, check=True).stdout
    path.write_text(made)
    public = re.search(r"public key: (age1\S+)", made)
    assert public is not None
    return path, public[1]


def age_with_passphrase(words: str, *arguments: str) -> None:
    """Run age, which asks for passphrases at a terminal only, and type it as often as it asks."""
    child, terminal = pty.fork()
    if child == 0:
        os.execvp("age", ["age", *arguments])
    asked = b""
    while True:
        try:
            read = os.read(terminal, 1024)
        except OSError:  # the terminal's other end is closed [Linux, pty(7)]
            break
        if not read:
            break
        asked += read
        if re.search(rb"passphrase[^\r\n]*: $", asked, re.IGNORECASE):
            os.write(terminal, f"{words}\n".encode())
            asked = b""
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, asked
    os.close(terminal)


def test_age_opens_a_backup_by_its_passphrase(shell: Shell) -> None:
    path = backed_up(shell)
    out = path.with_suffix(".tar")
    age_with_passphrase(WORDS, "--decrypt", "--output", str(out), str(path))
    assert out.read_bytes() == opened(shell, path)
    with tarfile.open(out) as tar:
        assert "store/inbox.db" in tar.getnames()


def test_age_opens_a_backup_for_its_key_and_tar_unpacks_it(shell: Shell, tmp_path: Path) -> None:
    identity, public = key_pair(tmp_path)
    path = tmp_path / "box.backup"
    shell.ok(f"device backup {path} --recipient {public}")
    age = ["age", "--decrypt", "--identity", str(identity), str(path)]
    plain = subprocess.run(age, capture_output=True, check=True).stdout
    listed = subprocess.run(["tar", "-t"], input=plain, capture_output=True, check=True).stdout
    assert listed.split()[0] == b"manifest.json" and b"store/inbox.db" in listed.split()


def test_what_age_seals_for_a_key_is_opened(tmp_path: Path) -> None:
    other = key_pair(tmp_path)[1]
    identity, public = key_pair(tmp_path)  # the file has this one now
    age = ["age", "--recipient", other, "--recipient", public]
    sealed = subprocess.run(age, input=TEXT, capture_output=True, check=True).stdout
    secret = [line for line in identity.read_text().splitlines() if not line.startswith("#")]
    assert Opener(io.BytesIO(sealed), Keys({}, lambda: None, secret)).read() == TEXT
