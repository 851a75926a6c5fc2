"""Units in which settings and messages to people tell sizes; in code sizes are octets."""

MB = 1_000_000
"""Octets."""
