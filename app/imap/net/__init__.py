"""An IMAP client: what others may use of it is in `api`, and `connect` in `connection`."""
