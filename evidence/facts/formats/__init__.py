"""Readers of file formats, each a function of the content alone: configuration, documents, templates, build files."""
