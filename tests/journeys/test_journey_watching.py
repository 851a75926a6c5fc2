"""The whole appliance, watched: a broker hears a call, and Prometheus reads what services say."""

import json
from pathlib import Path
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from tests.kit.broker import Broker
from tests.kit.killing import House
from tests.kit.running import Running, until

SETTINGS = """
[mqtt]
server = "127.0.0.1:{port}"
user = "box"
password = "tin whistle"
"""


def test_a_call_is_told_to_a_broker_and_services_are_measured(tmp_path: Path) -> None:
    with Broker(tmp_path, {"box": "tin whistle"}) as broker:
        house = House(tmp_path / "var")
        house.furnish(["anna"], SETTINGS.format(port=broker.port))
        text = house.paths.settings_file.read_text()
        house.paths.settings_file.write_text(text.replace("[web]", "[web]\nmetrics = true"))
        with Running(house) as box, broker.hear("box", "tin whistle") as ear:
            assert "tin whistle" not in house.paths.settings_file.read_text()
            line = "switchhook/box/line/line1"
            ear.until(line, state="idle")
            box.board('ring line1 from 5551234 "MARTA"')
            ear.until(line, state="ringing", caller_number="5551234", caller_name="MARTA")
            box.board("hangup line1")
            ear.until(line, state="idle")
            port = until(lambda: json.loads(house.paths.web_ports.read_text()))["http"]
            with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
                families = list(text_string_to_metric_families(answer.read().decode()))
            told = {
                (one.name, *one.labels.values()): one.value for f in families for one in f.samples
            }
            assert told[("switchhook_service_answers", "phone")] == 1
            assert told[("switchhook_service_answers", "mail")] == 1
            assert told[("switchhook_line_state", "line1", "idle")] == 1
            assert told[("switchhook_store_readable",)] == 1
        with broker.hear("box", "tin whistle") as late:
            late.until("switchhook/box/status", "offline")
