"""Countries of which only the line settings are known: their tones are in no table we have."""
