"""The end of the logs, harmless to whoever reads them."""

from pathlib import Path

import pytest

from app.appliance import Inbox
from app.config.paths import Paths
from app.operations.errors import NotAllowed, NotFound
from app.operations.logs import READ, log_tail
from app.operations.people import NewPerson, add_person
from tests.kit.actors import ADMIN, owner


def write(paths: Paths, service: str, *lines: str, name: str = "current") -> Path:
    """A log as s6-log keeps it; a line is "04 text" with its second."""
    path = paths.logs / service / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        "".join(f"2026-11-28 02:46:{line[:2]}.123456789  {line[3:]}\n" for line in lines)
    )
    return path


def texts(paths: Paths, service: str = "", **how: object) -> list[str]:
    return [line.text for line in log_tail(paths, ADMIN, service, **how).lines]  # type: ignore[arg-type]


def test_lines_of_all_services_are_in_the_order_of_their_time(paths: Paths) -> None:
    write(paths, "mail", "01 mail: INFO a: one", "03 mail: INFO a: three")
    write(paths, "phone", "02 phone: WARNING b: two")
    found = log_tail(paths, ADMIN)
    assert found.services == ("mail", "phone")
    assert [(line.at[-2:], line.service) for line in found.lines] == [
        ("01", "mail"),
        ("02", "phone"),
        ("03", "mail"),
    ]
    assert [line.worth_reading for line in found.lines] == [False, True, False]


def test_lines_are_chosen_by_service_word_and_weight(paths: Paths) -> None:
    write(paths, "mail", "01 mail: INFO a: Anna came", "02 mail: ERROR a: no disk")
    write(paths, "phone", "03 phone: ERROR b: anna left")
    assert texts(paths, "mail", warnings=True) == ["mail: ERROR a: no disk"]
    assert texts(paths, containing="ANNA") == [
        "mail: INFO a: Anna came",
        "phone: ERROR b: anna left",
    ]
    assert texts(paths, limit=1) == ["phone: ERROR b: anna left"]


def test_what_was_put_aside_last_comes_before_the_current_file(paths: Paths) -> None:
    write(paths, "mail", "01 mail: INFO a: older", name="@40000000aaaa.s")
    write(paths, "mail", "02 mail: INFO a: newer")
    assert texts(paths, "mail") == ["mail: INFO a: older", "mail: INFO a: newer"]


def test_foreign_text_in_a_log_moves_no_cursor_and_turns_no_line(paths: Paths) -> None:
    write(paths, "mail", "01 mail: INFO a: \x1b[2Jsubject \u202egnp.exe")
    assert texts(paths, "mail") == ["mail: INFO a: \\x1b[2Jsubject \\u202egnp.exe"]


def test_a_large_log_is_read_from_its_end_only(paths: Paths) -> None:
    path = write(paths, "mail", *(f"01 mail: INFO a: line {n}" for n in range(20_000)))
    assert path.stat().st_size > 2 * READ
    found = texts(paths, "mail", limit=1000)
    assert len(found) == 1000 and found[-1].endswith("line 19999")
    assert texts(paths, "mail", containing="line 0") == []


def test_a_service_without_a_log_and_who_is_no_administrator_are_refused(
    paths: Paths, box: Inbox
) -> None:
    write(paths, "mail", "01 mail: INFO a: one")
    with pytest.raises(NotFound) as refused:
        log_tail(paths, ADMIN, "../keys")
    assert refused.value.field == "service" and "mail" in str(refused.value)
    add_person(box, ADMIN, NewPerson("anna", "Anna", "201", "101"))
    with pytest.raises(NotAllowed):
        log_tail(paths, owner(box, "anna"))
