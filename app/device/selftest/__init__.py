"""The hardware self-test: what is tried, and what came of it."""
