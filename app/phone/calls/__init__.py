"""Calls: who is connected to what, the dial plan, and call scripts."""
