"""Worker processes that read files, so that a hostile one costs that file only."""
