"""The tests of a project."""
