"""Brings the inbox here and the one on the IMAP server together, person by person."""
