"""What a person can do at a door: one function each, for commands, web, console and panel alike."""
