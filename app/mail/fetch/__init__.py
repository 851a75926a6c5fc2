"""Mail that people have elsewhere, fetched by POP3: a session without sockets, and its service."""
