"""Signals about the tools that developers run on the code."""
