"""Proofs that take long: `make soak` runs them, and goes on where it ended.

kills.py        a box that is killed, cut off and given a failing disk, again and again
days.py         a week of a large box at free pace
attacks.py      eight calls while strangers attack
"""
