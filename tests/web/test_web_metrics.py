"""/metrics: what Prometheus' own parser reads, and who may read it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.config.settings import Settings
from app.operations.measurements import Answers, Measurement, measure_services
from app.operations.states import LINE_STATES, line_state
from tests.kit.web import Answer, WebHouse, serving, web_settings
from tests.kit.web_visitor import furnish

TOKEN = "f4Ml8-tokens"
STRANGER = {"mail": {"lan": ["10.0.0.0/8"]}}
"""With these settings nobody on loopback is in the LAN."""


def values(answer: Answer) -> dict[tuple[str, ...], float]:
    """Name and labels' values, to the value."""
    assert answer.status == 200, answer.text
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation and family.type in ("gauge", "counter")
        for sample in family.samples:
            found[(sample.name, *sample.labels.values())] = sample.value
    return found


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebHouse]:
    with serving(tmp_path_factory.mktemp("web") / "var", web_settings(metrics=True)) as house:
        yield house


def test_what_is_known_is_told_while_there_is_neither_service_nor_store(house: WebHouse) -> None:
    told = values(house.ask("/metrics"))
    assert told[("switchhook_service_answers", "phone")] == 0
    assert told[("switchhook_store_readable",)] == 0
    assert told[("switchhook_spooled_recordings",)] == 0


def test_store_and_disk_are_measured(house: WebHouse) -> None:
    furnish(house, anna={"admin": True}, ben={}).db.close()
    told = values(house.ask("/metrics"))
    assert told[("switchhook_store_readable",)] == 1
    assert told[("switchhook_inbox_new_messages", "voicemail", "anna")] == 0
    assert told[("switchhook_inbox_size_bytes", "ben")] == 0
    assert told[("switchhook_queue_recipients", "waiting")] == 0
    assert told[("switchhook_disk_free_bytes",)] > 1e6
    assert told[("switchhook_store_changes_total",)] >= 0
    assert told[("switchhook_store_damaged",)] == 0


def test_of_services_lines_and_their_clock_are_told() -> None:
    line = {"kind": "trunk", "state": "dead", "working": True, "call": "", "fault": "no battery"}
    broken = {**line, "state": "down", "working": False, "fault": 'chip "7" gone\n'}
    phone = {"lines": {"line1": line, "line2": broken}, "periods": 500, "lost_periods": 2}
    mail = {"listening": True, "loop_late_ms": 250, "connections": 3}
    phone |= {"scripts": 1, "xruns": 3, "slot_failures": 1}
    found = measure_services(Answers(phone, mail))
    told = {(one.name, *labels.values()): value for one in found for labels, value in one.values}
    assert told[("line_state", "line1", "unplugged")] == told[("line_state", "line2", "fault")] == 1
    assert sum(told[("line_state", "line1", state)] for state in LINE_STATES) == 1
    assert told[("line_working", "line2")] == 0
    assert told[("phone_lost_periods_total",)] == 2
    assert told[("phone_xruns_total",)] == 3
    assert told[("phone_slot_failures_total",)] == 1
    assert told[("mail_loop_late_seconds",)] == 0.25
    assert {one.kind for one in found if one.name.endswith("_total")} == {"counter"}
    assert line_state({**line, "state": "howling", "fault": ""}) == "in use"


def test_hostile_text_in_a_label_makes_no_line_of_its_own() -> None:
    from app.monitoring.exposition import exposition

    evil = 'a"} 1\nswitchhook_evil 1\n\\'
    text = exposition([Measurement("x", "evil\nhelp", "gauge", [({"login": evil}, 1.0)])]).decode()
    (family,) = text_string_to_metric_families(text)
    assert [sample.labels for sample in family.samples] == [{"login": evil}]


def test_it_is_not_told_unless_the_owner_wants_it(tmp_path: Path) -> None:
    with serving(tmp_path / "var", web_settings()) as house:
        assert house.ask("/metrics").status == 404


def test_strangers_need_the_token_and_tls(tmp_path: Path) -> None:
    told = hashlib.sha256(TOKEN.encode()).hexdigest()
    settings = web_settings(metrics=True, metrics_token=told).model_dump() | STRANGER
    bearer = {"authorization": f"Bearer {TOKEN}"}
    with serving(tmp_path / "var", Settings.model_validate(settings)) as house:
        refused = house.ask("/metrics", tls=True)
        assert refused.status == 401 and refused.headers["www-authenticate"] == "Bearer"
        assert "switchhook_" not in refused.text
        wrong = {"authorization": f"Bearer {told}"}  # whoever reads the settings has no token
        assert house.ask("/metrics", headers=wrong, tls=True).status == 401
        assert house.ask("/metrics", headers=bearer).status == 401, "in plain text"
        assert values(house.ask("/metrics", headers=bearer, tls=True))
    settings = web_settings(metrics=True).model_dump() | STRANGER
    with serving(tmp_path / "other", Settings.model_validate(settings)) as house:
        nothing = {"authorization": "Bearer "}
        assert house.ask("/metrics", headers=nothing, tls=True).status == 401
