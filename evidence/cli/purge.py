"""``evidence purge``: remove everything that evidence keeps of what it has read."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from evidence.cli.writing import print_out

_OF_THE_WEB = ("web.sqlite3", "web.sqlite3-wal", "web.sqlite3-shm", "secret_key", "work", "begun")


def purge_everything(cache: Path, given: Mapping[str, object]) -> None:
    """Remove the cache folder and what the web page keeps. Each thing removed is named; OSError where one cannot be."""
    from evidence.web.settings import read_settings

    settings = read_settings(given)
    if settings.database is not None:
        _empty_database(given)
    for each in (cache, *(settings.data / name for name in _OF_THE_WEB)):
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        elif each.exists() or each.is_symlink():
            each.unlink()
        else:
            continue
        print_out(f"Removed {each}")


def _empty_database(given: Mapping[str, object]) -> None:
    from evidence.web import keeping
    from evidence.web.app import create_app
    from evidence.web.serve import prepare
    from evidence.web.settings import read_settings

    app = create_app(read_settings(given))
    prepare(app)
    with app.app_context():
        count = keeping.purge()
    print_out(f"Removed {count} digests from the database")
