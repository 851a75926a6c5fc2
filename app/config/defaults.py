"""Defaults of settings that others than their declarations must know."""

from pathlib import Path

SOUNDS = Path("/usr/share/asterisk/sounds")
"""Where Debian's sound packs are."""
ALL_HANDSETS = "all"
"""In place of jacks."""
