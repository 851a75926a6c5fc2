"""The serial console: who may log in there, and a shell of the commands of `python -m app`.

It needs neither network nor web pages nor store: each command runs in a child of its own, and what
is broken breaks that command alone. What it shows is readable without colour, on anything that
shows lines of text.
"""
