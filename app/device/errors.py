"""What can be in the way of work on the device itself."""


class DeviceError(Exception):
    """The text says what is in the way and what to do."""
