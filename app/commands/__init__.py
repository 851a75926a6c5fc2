"""The commands of `python -m app`, a file for each subject."""
