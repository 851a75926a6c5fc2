"""The front panel: what its LEDs show and what its buttons do, whatever kind of panel it is."""
