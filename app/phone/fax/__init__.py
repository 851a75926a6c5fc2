"""Fax calls: a T.30 terminal in a process of its own, and the folder in which pages are kept."""
