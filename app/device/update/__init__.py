"""Slots and signed updates: install, try, keep or go back."""
