"""Which shared library spandsp is, and whether it is there; quick, as nothing else is loaded."""

import ctypes

SONAMES = ("libspandsp.so.2", "libspandsp.so.3")
"""0.0.6 (Debian) and 3.x (Buildroot)."""


class SpandspMissing(RuntimeError):
    """The DSP library is not installed; the text names the package."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(
            f"spandsp cannot be loaded ({'; '.join(problems)}); "
            "install the package libspandsp2 (Debian) or spandsp (Buildroot)"
        )


def check() -> None:
    """Raise SpandspMissing if it cannot be loaded."""
    problems = []
    for name in SONAMES:
        try:
            ctypes.CDLL(name)
        except OSError as problem:
            problems.append(str(problem))
        else:
            return
    raise SpandspMissing(problems)
