"""Chips and buses: what touches hardware. Knows nothing of calls or mail."""
