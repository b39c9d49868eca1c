"""What a project depends on."""
