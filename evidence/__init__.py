"""Evidence from repositories: a cited digest of what Flask engineers did, for readers who decide themselves."""
