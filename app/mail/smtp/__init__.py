"""SMTP in: a session without sockets, its grammar and replies, the service over the store."""
