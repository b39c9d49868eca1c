"""Detectors of security: identity, rights, tokens, browsers, secrets, scanners, and the trail that is kept."""
