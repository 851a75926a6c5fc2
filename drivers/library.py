"""Libraries of hardware that a machine may lack."""

from collections.abc import Iterator
from contextlib import contextmanager

from drivers.errors import HardwareError


@contextmanager
def library(package: str, purpose: str) -> Iterator[None]:
    """Around an import: a missing library is an error that says how to get it.

    Raises HardwareError.
    """
    try:
        yield
    except ImportError as error:
        raise HardwareError(
            f"{purpose} needs the Python library {package} ({error}): "
            f"install it with `.venv/bin/pip install {package}`, or take the virtual board"
        ) from error
