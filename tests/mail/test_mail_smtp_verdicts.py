"""Verdicts of mails that were committed together: the loop is woken once for all of them."""

from pathlib import Path

import pytest

from tests.kit.mail_box import MailBox


def test_verdicts_of_a_group_wake_the_loop_once_and_one_that_fails_keeps_none_from_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = MailBox(tmp_path)
    service = box.service._smtp_service
    asked: list[object] = []
    told: list[int] = []
    monkeypatch.setattr(service, "in_loop", asked.append)
    for number in range(5):
        service.decided(lambda number=number: told.append(1 // number))  # type: ignore[misc]
    assert asked == [service._tell_verdicts]
    with pytest.raises(ZeroDivisionError):
        service._tell_verdicts()
    assert asked == [service._tell_verdicts] * 2
    service._tell_verdicts()
    assert told == [1, 0, 0, 0]
    service.decided(lambda: None)
    assert len(asked) == 3
