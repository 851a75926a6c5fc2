"""Lines, calls and sound: the real-time side."""
