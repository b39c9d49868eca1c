"""Signals about dependencies."""
