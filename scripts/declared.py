"""Declarations of C made ready for Python: `python -m scripts.declared`, when one has changed.

cffi can read them whenever a service starts, but keeps 4 MB for that in each, with the parser of C;
what is written here needs its compiled part alone. A test compares.
"""

import tempfile
from pathlib import Path

import cffi  # type: ignore[import-untyped]  # it has no stubs

ROOT = Path(__file__).resolve().parents[1]
DECLARED = {
    "app/phone/sound/spandsp.h": "app/phone/sound/spandsp_declared.py",
    "app/phone/sound/native/sound.h": "app/phone/sound/native/declared.py",
}
"""Headers, and the modules made of them."""
_HEAD = '''"""The declarations of {header}; written by `python -m scripts.declared`."""

# ruff: noqa
# fmt: off
from typing import Any

import _cffi_backend  # type: ignore[import-untyped]

ffi: Any = _cffi_backend.FFI'''


def module_of(header: str) -> str:
    """The text of the module of a header."""
    ffi = cffi.FFI()
    ffi.cdef((ROOT / header).read_text(encoding="utf-8"))
    ffi.set_source(Path(DECLARED[header]).stem, None)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made.py"
        ffi.emit_python_code(str(made))
        _, _, rest = made.read_text().partition("ffi = _cffi_backend.FFI")
    return _HEAD.format(header=Path(header).name) + rest


if __name__ == "__main__":
    for header, module in DECLARED.items():
        (ROOT / module).write_text(module_of(header))
