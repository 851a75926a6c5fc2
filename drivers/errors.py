"""What can go wrong with hardware, in words a person can act on."""


class HardwareError(Exception):
    """A part does not do what it must; the text says which part, what was seen, what to check."""

    @property
    def text(self) -> str:
        """What str() gives, as the Sentence it was made of [app/core/sentences.py]."""
        return self.args[0] if self.args and isinstance(self.args[0], str) else str(self)


class ChipMissing(HardwareError):
    """No chip answers at this place, or it is another chip than the board file says."""


class ChipTimeout(HardwareError):
    """A chip did not finish something in its time; the text says what was waited for."""


class ChipFault(HardwareError):
    """A chip answers but reports or shows a fault (power alarm, no line supply, bad read-back)."""


class FieldRange(HardwareError, ValueError):
    """A value does not fit the register field it was meant for; nothing was written."""


class BoardFileError(HardwareError, ValueError):
    """The board file is wrong; the text says file, key and allowed values."""


class BusClosed(HardwareError):
    """The other end of a bus is gone (the virtual box ended, a device node vanished)."""
