"""Passwords of the box's own accounts: out of the settings file, into the store, never shown."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.appliance import Inbox, mail_config, open_existing, open_inbox
from app.config import services
from app.config.paths import Paths
from app.config.settings import Settings
from app.inbox.account_passwords import PasswordUnreadable
from app.operations.errors import NotAllowed, OperationError
from app.operations.kept_secrets import SMARTHOST, account_of, kept, take_in
from app.operations.people import NewPerson, add_person
from app.operations.settings import (
    ChangedSetting,
    check_settings,
    get_setting,
    list_settings,
    set_setting,
)
from tests.kit.actors import ADMIN, owner

NAME = "outbound.smarthost_password"
PASSWORD = "grüne Wiese"
TOLD = """\
# ours
[outbound]
smarthost = "smtp.isp.example:465"
smarthost_user = "anna"  # who pays
smarthost_password = "grüne Wiese"

[phone]
ring_seconds = 30
"""


@pytest.fixture
def box(paths: Paths) -> Inbox:
    paths.settings_file.write_text(TOLD)
    return open_inbox(paths, Settings())


def said(paths: Paths) -> str | None:
    """What the mail service would say to the smarthost."""
    settings = paths.settings()
    account = mail_config(paths, settings).smarthost_account
    return None if account is None else open_existing(paths, settings).passwords.of_box(account)


def put(box: Inbox, paths: Paths, name: str, words: str | None) -> ChangedSetting:
    def plans(settings: Settings) -> Mapping[str, Any]:
        return services.plans(paths, settings)

    return set_setting(box, ADMIN, paths, name, words, plans)


def files_with(words: str, folder: Path) -> list[str]:
    octets = words.encode()
    found = [path for path in folder.rglob("*") if path.is_file() and octets in path.read_bytes()]
    return [str(path.relative_to(folder)) for path in found]


def test_a_password_in_the_file_is_in_the_store_after_the_start_and_in_no_file(
    paths: Paths, box: Inbox
) -> None:
    paths.etc.mkdir()
    paths.good_settings.write_text(TOLD)
    assert len(files_with(PASSWORD, paths.var)) == 2
    assert take_in(ADMIN, paths, open_existing) == (NAME,)
    assert files_with(PASSWORD, paths.var) == []
    assert paths.settings_file.read_text() == TOLD.replace(
        f'smarthost_password = "{PASSWORD}"\n', ""
    )
    assert said(paths) == PASSWORD
    assert take_in(ADMIN, paths, open_existing) == (), "there is nothing more to take"
    line = get_setting(ADMIN, paths.settings(), NAME, kept(box))
    assert (line.shown, line.by_default) == ("…", False)


def test_a_power_cut_between_store_and_file_only_means_that_it_is_done_again(
    paths: Paths, box: Inbox
) -> None:
    take_in(ADMIN, paths, open_existing)
    paths.settings_file.write_text(TOLD.replace(PASSWORD, "another"))  # as it was, or restored
    take_in(ADMIN, paths, open_existing)
    assert said(paths) == "another"
    assert files_with("another", paths.var) == []


def test_a_password_without_its_account_stays_where_its_owner_sees_it(
    paths: Paths, box: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    paths.settings_file.write_text(TOLD.replace("smarthost_user", "#smarthost_user"))
    assert take_in(ADMIN, paths, open_existing) == ()
    assert files_with(PASSWORD, paths.var) == ["settings.toml"]
    assert "set outbound.smarthost and outbound.smarthost_user first" in caplog.text
    assert PASSWORD not in caplog.text


def test_setting_it_writes_no_file_and_the_history_does_not_show_it(
    paths: Paths, box: Inbox
) -> None:
    changed = put(box, paths, NAME, "s3cret word")
    assert (changed.old, changed.new) == ("", "…")
    assert said(paths) == "s3cret word"
    assert files_with("s3cret word", paths.var) == []
    assert files_with(PASSWORD, paths.var) == [], "the one in the file does not come back"
    history = [row.detail for row in box.store.audit_log.history(limit=10)]
    assert f"{NAME}: - → …" in history
    assert put(box, paths, NAME, None).new == ""
    assert kept(box) == frozenset()


@pytest.mark.parametrize("password", ["", "two\nlines", "a\0b"])
def test_what_can_be_no_password_is_refused_with_the_settings_name(
    paths: Paths, box: Inbox, password: str
) -> None:
    if not password:
        assert put(box, paths, NAME, password).new == ""
        return
    with pytest.raises(OperationError, match="no line ends") as problem:
        put(box, paths, NAME, password)
    assert problem.value.field == NAME


def test_nobody_but_an_administrator_sets_or_lists_it(paths: Paths, box: Inbox) -> None:
    add_person(box, ADMIN, NewPerson("anna", "Anna", "201"))
    anna = owner(box, "anna")
    with pytest.raises(NotAllowed):
        set_setting(box, anna, paths, NAME, "x", lambda settings: {})
    with pytest.raises(NotAllowed):
        list_settings(anna, paths.settings())


def test_another_server_is_not_told_it_and_the_owner_is_told_to_type_it_again(
    paths: Paths, box: Inbox
) -> None:
    take_in(ADMIN, paths, open_existing)
    assert put(box, paths, "outbound.smarthost", "SMTP.isp.example:587").problems == ()
    assert said(paths) == PASSWORD, "another port of the same server"
    changed = put(box, paths, "outbound.smarthost", "smtp.evil.example:465")
    (problem,) = changed.problems
    assert problem.field == NAME and "kept for anna at smtp.isp.example" in problem.text
    with pytest.raises(PasswordUnreadable, match="enter it again"):
        said(paths)


def test_an_account_without_a_password_is_told(paths: Paths, box: Inbox) -> None:
    put(box, paths, NAME, None)
    (problem,) = check_settings(ADMIN, paths.settings(), box)
    assert problem.field == NAME
    assert "there is no password for anna at smtp.isp.example" in problem.text
    assert account_of(Settings(), SMARTHOST) is None
    assert check_settings(ADMIN, Settings(), box) == []
