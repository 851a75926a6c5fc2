"""What callers and owners hear: answering, recording, the owner's menu, lamps."""
