"""Detectors of performance work."""
