"""Business: users, their templates, message aliases, extensions and lines, greetings."""
