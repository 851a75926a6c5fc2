"""Bringing up a line hat that nobody has run yet: experiments at the board, without calls."""
