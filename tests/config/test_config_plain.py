"""Settings as plain values: whoever is spared pydantic reads the same, but for secrets."""

import subprocess
import sys
from pathlib import Path

from pydantic import BaseModel

from app.config import plain
from app.config.settings import Settings
from app.config.toml_file import SECRETS

FULL = Settings.model_validate(
    {
        "site": {"hostname": "box.test", "domains": ["a.test", "b.test"]},
        "network": {"wlan": "house", "passphrase": "tin whistle"},
        "outbound": {"smarthost": "mail.test", "smarthost_password": "tin whistle"},
        "phone": {"incoming": {"line1": {"handsets": ["101", "102"], "mailbox": "201"}}},
        "voicemail": {"sounds": "/srv/sounds"},
    }
)


def same(one: object, other: object) -> int:
    """Compare all settings of a section; how many there were."""
    if not isinstance(one, BaseModel):
        if isinstance(one, dict) and isinstance(other, dict):
            assert one.keys() == other.keys()
            return sum(same(value, other[name]) for name, value in one.items())
        assert one == other and type(one) is type(other)
        return 1
    counted = 0
    for name in type(one).model_fields:
        if name in SECRETS:
            assert getattr(other, name) == ""
        else:
            counted += same(getattr(one, name), getattr(other, name))
    return counted


def test_plain_settings_have_all_that_settings_have_but_secrets() -> None:
    for settings in (Settings(), FULL):
        text = plain.as_text(settings)
        assert same(settings, plain.from_text(text)) > 60
        assert "tin whistle" not in text


def test_plain_settings_are_read_without_pydantic(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(plain.as_text(FULL))
    code = (
        "import sys; from pathlib import Path; from app.config import plain;"
        f"s = plain.from_text(Path({str(file)!r}).read_text());"
        "print(s.phone.incoming['line1'].mailbox, 'pydantic' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout == "201 False\n"
