"""Inputs that nobody would write: mutated octets into everything that reads what others send.

targets.py      what is fed, and what may be raised
shaping.py      how few octets become a long input, and one input many pieces
limits.py       0.2 s and 64 MB for one input
engine.py       one target under atheris, in an environment of its own
campaign.py     many targets for long, resumed where the last run ended
corpus/         inputs that reach different code, one text file a target
"""
