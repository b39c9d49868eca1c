"""Debug mode: where it is switched on, and whether the default or production path of the project reaches it."""
