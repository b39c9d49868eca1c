"""Shell text as command lines, and the files that hold command lines."""
