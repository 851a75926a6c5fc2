"""The technician's way through the experiments, and the report that is left."""

import json
from pathlib import Path

import pytest

from app.bringup import on_station
from app.bringup.experiments import EXPERIMENTS, TITLES
from app.bringup.report import VALUES, NoReport, Report, Result, load, save
from drivers.board import virtual_board
from drivers.models.faults import Fault
from tests.kit.bring_up import BringUp

ALL = [one.key for one in EXPERIMENTS]


def test_bring_up_as_a_whole_leaves_a_result_of_each_experiment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(on_station, "STARTS", 1)
    whole = BringUp().up()
    whole.call_when_asked()
    phone, chip = whole.box.telephones["101"], whole.box.chips["101"]
    whole.does |= {
        "Lift the handset and lay it": phone.lift,
        "4. Slots": phone.hang_up,
        "now join TIP and RING": lambda: chip.inject(Fault.SHORT),
    }
    whole.answers = ["", "", "", "Si3201", "85", *[""] * 20]
    assert whole.session().run()
    report = whole.reports[-1]
    assert [one.key for one in report.results] == ALL
    assert report.skipped == []
    assert all(one.text and one.values for one in report.results)
    assert report.chips == {"101": "Si3210 revision E", "line1": "Si3050 + Si3019 revision D"}


def test_step_is_skipped_by_s_and_the_next_one_offered() -> None:
    one = BringUp().up()
    one.answers = ["s", "s", "q"]
    assert not one.session().run()
    assert one.reports[-1].skipped == ALL[:2] and one.reports[-1].results == []
    assert any(text.startswith("3. ") for text in one.said)


def test_step_is_repeated_by_r_and_its_last_result_kept() -> None:
    one = BringUp(virtual_board(1, 0)).up()
    one.answers = ["s", "s", "", "r", "q"]
    one.session().run()
    results = one.reports[-1].results
    assert [result.key for result in results] == ["framing"]
    assert len(one.reports) == 5  # ring-detector left out by itself, two skipped, framing twice


def test_stop_and_go_on_later_begins_at_the_first_step_that_is_not_done() -> None:
    one = BringUp().up()
    one.answers = ["s", "s", "s", "", "q"]
    one.session().run()
    later = BringUp().up()
    later.answers = ["q"]
    later.session(one.reports[-1]).run()
    assert "5. Slots after an overrun" in later.said
    assert not any(text.startswith("4. ") for text in later.said)


def test_end_of_input_stops() -> None:
    one = BringUp().up()
    assert not one.session().run()
    assert one.reports == []


def test_key_that_means_nothing_is_asked_again() -> None:
    one = BringUp().up()
    one.answers = ["x", "r", "q"]
    assert not one.session().run()
    assert [text for text in one.said if "none of these keys" in text] == [
        "  'x' is none of these keys",
        "  'r' is none of these keys",
    ]


def test_board_without_outside_lines_leaves_their_experiments_out() -> None:
    one = BringUp(virtual_board(1, 0)).up()
    one.answers = ["s"] * 6
    assert one.session().run()
    assert {"ring-detector", "ringing-voltage"} <= set(one.reports[-1].skipped)
    assert "  left out: no outside line works on this board" in one.said


def test_handset_behind_a_codec_has_no_registers_to_look_at() -> None:
    one = BringUp(virtual_board(1, 0))
    del one.bench.lines["101"], one.bench.sounds["101"]  # a board of such handsets alone
    one.up()
    assert one.session().run()
    assert sorted(one.reports[-1].skipped) == sorted(ALL) and one.asked == []
    assert "  left out: no handset with a chip on SPI works on this board" in one.said


def test_chip_that_never_came_up_is_named_and_its_battery_can_be_looked_at() -> None:
    one = BringUp()
    one.box.chips["101"].inject(Fault.NO_SUPPLY)
    one.up()
    one.answers = ["s", "", "", "", "q"]
    session = one.session()
    assert "supply" in session.report.chips["101"]
    session.run()
    assert [result.key for result in one.reports[-1].results] == ["battery"]
    assert not one.reports[-1].results[0].as_assumed


def test_fault_of_the_hardware_is_the_result_of_the_step() -> None:
    one = BringUp().up()
    one.answers = ["s", "s", "", "q"]  # nobody has lifted the handset
    one.session().run()
    result = one.reports[-1].results[0]
    assert not result.as_assumed and "the handset is not lifted" in result.text


REPORT = Report("virtual", "test", {"101": "Si3210 revision E"}, [Result("framing", "101", True, "ok", {"x": [1]})], ["battery"])  # fmt: skip  # noqa: E501


def test_report_is_text_with_its_values_below_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    save(REPORT, path, TITLES)
    text, _, values = path.read_text().partition(f"{VALUES}\n")
    assert "4. Slots of the PCM stream (101): as the drivers assume\n  ok" in text
    assert "left out: 2. Battery at a start" in text
    assert json.loads(values)["results"][0]["values"] == {"x": [1]}
    assert load(path) == REPORT


def test_report_that_is_none_is_refused_and_one_that_is_not_there_begun(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    assert load(path) is None
    for text in ("a letter\n", f"x\n{VALUES}\n{{", f"x\n{VALUES}\n[]\n", "\xff"):
        path.write_text(text, encoding="latin-1")
        with pytest.raises(NoReport, match=r"report\.txt"):
            load(path)


def test_report_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NoReport, match="name another by --report"):
        save(REPORT, tmp_path / "file" / "report.txt", TITLES)


def test_report_names_nobody(tmp_path: Path) -> None:
    one = BringUp(virtual_board(1, 0)).up()
    one.answers = ["s", "s", "", "q"]
    one.session().run()
    path = tmp_path / "report.txt"
    save(one.reports[-1], path, TITLES)
    assert "5551234" not in path.read_text() and str(tmp_path) not in path.read_text()
