"""The claim code: there from the first boot until an administrator has logged in, and no longer."""

import errno
import os
import stat
from pathlib import Path

import pytest

from app.inbox.claim import DIGITS, Claim
from app.store.database import Tx
from tests.kit.store import open_store


def test_claim_code_is_made_once_and_only_it_fits(tmp_path: Path) -> None:
    claim = Claim(tmp_path / "inbox.db")
    assert claim.code is None
    assert not claim.fits("")
    code = claim.open()
    assert len(code) == DIGITS
    assert code.isdigit()
    assert claim.open() == code == claim.code
    assert stat.S_IMODE(claim.path.stat().st_mode) == 0o660
    assert claim.fits(code)
    assert not claim.fits(code[:-1])


def test_closed_claim_fits_no_code(tmp_path: Path) -> None:
    claim = Claim(tmp_path / "inbox.db")
    code = claim.open()
    claim.close()
    claim.close()
    assert claim.code is None
    assert not claim.fits(code)


def test_login_of_an_administrator_closes_the_claim_and_no_other_does(tmp_path: Path) -> None:
    kit = open_store(tmp_path)
    claim = Claim(kit.db.path)
    claim.open()
    anna, bob = kit.person("anna"), kit.person("bob")

    def work(tx: Tx) -> None:
        kit.people.change(tx, anna.id, admin=True)
        kit.people.change(tx, bob.id, admin=False)
        kit.people.set_password(tx, anna.id, "annas-word")
        kit.people.set_password(tx, bob.id, "bobs-word")

    kit.db.now(work)
    assert kit.people.check_password("bob", "bobs-word") is not None
    assert kit.people.check_password("anna", "wrong") is None
    assert claim.code is not None
    assert kit.people.check_password("anna", "annas-word") is not None
    assert claim.code is None


def test_administrator_can_log_in_on_a_disk_that_has_become_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = open_store(tmp_path)
    anna = kit.person("anna")

    def work(tx: Tx) -> None:
        kit.people.change(tx, anna.id, admin=True)
        kit.people.set_password(tx, anna.id, "annas-word")

    kit.db.now(work)

    def refused(path: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))  # also if it is not there

    monkeypatch.setattr(Path, "unlink", refused)
    assert kit.people.check_password("anna", "annas-word") is not None
