"""POP3: a session without sockets, maildrops, logins, and the service over the store."""
