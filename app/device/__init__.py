"""What only the device does: start slots, updates, and the state of the machine itself."""
