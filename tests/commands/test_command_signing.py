"""`signing`: the key is made once, and its record is what verifiers look for."""

from pathlib import Path

import dkim
import pytest

from tests.kit.commands import Shell
from tests.kit.signing import Domains, dkimpy_says


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path / "var", monkeypatch)


def test_a_key_needs_a_domain_to_be_for(shell: Shell) -> None:
    assert "outbound.public_domain" in shell.refused("signing key")
    assert not shell.paths.signing_key.exists()


def test_the_key_is_made_once_and_its_record_shown(shell: Shell) -> None:
    shell.paths.settings_file.write_text('[outbound]\npublic_domain = "box.test"\n')
    assert "no key yet" in shell.refused("signing record")
    made = shell.ok("signing key")
    assert shell.paths.signing_key.stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in made
    record = shell.ok("signing record")
    name = next(line.split()[1] for line in record.splitlines() if "name " in line)
    text = next(
        line.partition("text")[2].strip() for line in record.splitlines() if "text " in line
    )
    assert name.endswith("._domainkey.box.test") and name in made
    zone = record.strip().splitlines()[-1]
    strings = zone.split('"')[1::2]
    assert "".join(strings) == text and all(len(one) <= 255 for one in strings)
    assert "there is a key already" in shell.refused("signing key")
    assert name not in shell.ok("signing key --again")


def test_what_is_signed_with_the_key_is_found_good_by_the_record(shell: Shell) -> None:
    shell.paths.settings_file.write_text('[outbound]\npublic_domain = "box.test"\n')
    said = shell.ok("signing key")
    lines = [line.split(maxsplit=1) for line in said.splitlines()]
    facts = {one[0]: one[1] for one in lines if len(one) == 2}
    mail = b"From: a@box.test\r\nSubject: s\r\n\r\nhello\r\n"
    selector = facts["name"].split(".")[0].encode()
    signature = dkim.sign(mail, selector, b"box.test", shell.paths.signing_key.read_bytes())
    assert dkimpy_says(signature + mail, Domains({facts["name"]: facts["text"]}))
