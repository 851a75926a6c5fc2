"""Web pages: how mail programs are set up; what a stranger may read, and no more."""
