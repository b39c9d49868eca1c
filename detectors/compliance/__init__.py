"""Detectors of compliance."""
