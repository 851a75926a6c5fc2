"""Sound of all lines: mixing, playing, recording, tones, prompts, spandsp."""
