"""`switchhook board` passes lines on to a running box, and starts no more than that needs."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_line_for_the_board_waits_neither_for_settings_nor_for_models() -> None:
    """Their libraries are four fifths of what such a command would have to load."""
    code = (
        "import sys; import app.commands.board;"
        " print([name for name in ('pydantic', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
