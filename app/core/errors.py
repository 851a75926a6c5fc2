"""The family of errors that Switchhook raises on purpose.

Every one says in its text what happened, what it means and what to do; a command prints it as one
line and exits with 1, a service logs it. Hardware errors have a family of their own
(drivers/errors.py), because drivers know nothing of this package.
"""


class SwitchhookError(Exception):
    """Base of every error raised on purpose above the drivers."""

    @property
    def text(self) -> str:
        """What str() gives, as the Sentence it was made of [app/core/sentences.py]."""
        return self.args[0] if self.args and isinstance(self.args[0], str) else str(self)


class DeviceError(SwitchhookError):
    """Something is in the way of work on the device itself: a program, a disk, a file."""
