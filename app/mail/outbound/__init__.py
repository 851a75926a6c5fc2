"""The outgoing queue: routing, the SMTP client, sender rewriting, status notices."""
