"""Signals about tests: that they are there, how they are layered, measured and prepared."""
