"""Listening sockets, connections and line reading, for every mail protocol."""
