"""What lies under everything: clock, change notices, log."""
