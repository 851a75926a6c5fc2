"""Helpers of the tests: benches, worlds, and scripted peers."""
