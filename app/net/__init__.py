"""Listening sockets, connections, TLS and line reading, for mail and the web alike."""
