"""One target under atheris, until so many inputs or seconds: started by campaign.py.

    build/fuzz-venv/bin/python -m tests.fuzz.engine TARGET ASIDE FOLDER... [libFuzzer options]

ASIDE is the folder for inputs that take too long here.

atheris must see modules before they are imported, so a target's are imported within its hook. A
fault ends the process; the input is then in the file that libFuzzer names.
"""

import sys
from hashlib import sha256
from pathlib import Path

import atheris

from tests.fuzz.limits import Limited
from tests.fuzz.targets import TARGETS

INSTRUMENTED = ["app", "drivers", "email", "json", "tarfile", "tomllib", "tomlkit"]


def main() -> None:
    """Never returns: libFuzzer ends the process."""
    name, aside, *options = sys.argv[1:]
    target = TARGETS[name]
    with atheris.instrument_imports(include=INSTRUMENTED):
        function = target.function()
    function(b"")  # the library is loaded and the tables made before anything is measured

    def put_aside(data: bytes) -> None:
        (Path(aside) / f"slow-{sha256(data).hexdigest()[:16]}").write_bytes(data)

    limited = Limited(function, put_aside)
    atheris.Setup([name, f"-max_len={target.longest}", *options], limited)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
