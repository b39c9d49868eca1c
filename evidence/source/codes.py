"""What the codes mean that this layer writes into the ledger."""

from evidence.source import forges

LEDGER_CODES = {
    **forges.LEDGER_CODES,
    "changes_not_fetched": "own commits of changes are not here",
    "fork_unread": "a fork's parent could not be read",
    "fork_upstream": "the repository is a fork, and part of it is its parent's",
    "file_too_large": "a file is larger than what is read of one file",
    "history_incomplete": "commits, or the files that commits changed, are missing from this clone",
    "history_truncated": "the history is longer than what is read",
    "lfs_pointer": "a file's content is kept in Git LFS",
    "lines_not_counted": "the contents that a commit changed are missing from this clone",
    "lines_sampled": "changed lines are counted for a sample of commits",
    "object_missing": "a file or folder is missing from this clone",
    "object_unreadable": "a file's object is damaged",
    "portfolio_chosen": "some of a portfolio's repositories are read",
    "source_failed": "one of several sources could not be read",
    "submodule": "a submodule is another repository and is not read",
    "symlink": "a symbolic link is not followed",
    "too_many_files": "the tree has more paths than are read",
    "total_too_large": "the files together are larger than what is read",
    "tree_too_deep": "folders are nested deeper than what is read",
    "unsafe_path": "a path is doubled, too long, or has parts that lead elsewhere",
}
