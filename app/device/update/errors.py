"""What updates and slots refuse, and what can go wrong with them."""

from app.core.errors import DeviceError


class UpdateError(DeviceError):
    """Base; the text says what is in the way and what would do."""


class NoSlots(UpdateError):
    """This system was not started from a slot, so there is no other slot to install to."""


class BundleError(UpdateError):
    """A file is no bundle, or not the whole of one, or not signed by anybody known here."""


class Refused(UpdateError):
    """A good bundle does not fit this device as it is; the running slot is untouched."""


class WriteFailed(UpdateError):
    """The other slot could not be written as it should be; the running slot is untouched."""


class CheckFailed(UpdateError):
    """A slot on trial does not do what it must; the text says what."""
