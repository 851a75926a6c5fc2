"""What can go wrong with the store's file itself."""

from app.core.errors import SwitchhookError


class StoreError(SwitchhookError):
    """Base of the errors of the store's file."""


class SchemaTooNew(StoreError):
    """The store was last written by a newer program whose files this one must not touch."""


class StoreFailed(StoreError):
    """A transaction could not be made durable. Its outcome is unknown: treat it as not done."""
