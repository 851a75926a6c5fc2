"""The panel of a running box: the virtual board's, operated, in real processes."""

from pathlib import Path

from drivers.models.remote_operator import RemoteOperator
from tests.kit.killing import House
from tests.kit.running import Running, until

SETTINGS = '\n[panel]\nmailbox = "201"\nhandset = "102"\n'


class Eye:
    """Somebody before the panel."""

    def __init__(self, operator: RemoteOperator) -> None:
        self._operator = operator

    def do(self, line: str) -> str:
        done, text = self._operator.run(line)
        assert done, text
        return text

    def sees(self, name: str, light: str) -> bool:
        return f"{name} {light}" in self.do("leds").splitlines()


def test_panel_of_a_running_box_shows_it_and_plays_messages(tmp_path: Path) -> None:
    house = House(tmp_path / "var")
    house.furnish(("anna", "ben"), SETTINGS)
    with Running(house) as box:
        operator = RemoteOperator(house.paths.operator)
        eye = Eye(operator)
        until(lambda: eye.sees("power", "lit"))
        eye.do("press panel night")
        until(lambda: eye.sees("night", "lit"))
        assert (house.paths.greetings / "night").exists()
        eye.do("press panel play")
        eye.do("wait-for 102 ringing within 5s")
        operator.close()
        assert "Traceback" not in box.log("admin")
