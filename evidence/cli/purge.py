"""``evidence purge``: remove everything that evidence keeps of what it has read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from evidence.cli.writing import print_out
from evidence.patterns import regex

_DATABASE = ("web.sqlite3", "web.sqlite3-wal", "web.sqlite3-shm")
# The names are common ones: where no database of ours lies beside them, each is ours only if it looks as we make it.
_KEY = "secret_key"
_OUR_KEY = regex(r"[A-Za-z0-9_-]{64}")
_FOLDERS = {"work": regex(r"work-[a-z0-9_]{8}"), "begun": regex(r"[A-Za-z0-9_-]{22}")}


def purge_everything(cache: Path | None, given: Mapping[str, object]) -> None:
    """Remove the cache folder, if there is one, and what the web page keeps. Each thing removed is named; OSError where
    one cannot be."""
    from evidence.web.settings import read_settings

    settings = read_settings(given)
    if settings.database is not None:
        _empty_database(given)
    if cache is not None and _gone(cache):
        print_out(f"Removed {cache}")
    removed = [each for each in _kept(settings.data) if _gone(each)]
    print_out("\n".join(f"Removed {each}" for each in removed) or f"Nothing of the web page is in {settings.data}")


def _kept(data: Path) -> Iterator[Path]:
    """What the web page keeps in this folder, and nothing else that lies there: it may be any folder."""
    ours = [data / name for name in _DATABASE]
    if ours[0].is_file():
        yield from (*ours, data / _KEY, *(data / name for name in _FOLDERS))
        return
    keyed = (data / _KEY).is_file() and bool(_OUR_KEY.fullmatch((data / _KEY).read_text("ascii", "replace")))
    if keyed:
        yield data / _KEY
    for name, shape in _FOLDERS.items():
        entries = [each.name for each in (data / name).iterdir()] if (data / name).is_dir() else []
        if (entries or keyed) and all(shape.fullmatch(each) for each in entries):
            yield data / name


def _gone(each: Path) -> bool:
    """Remove a file or a folder, and say whether it was there."""
    if each.is_dir() and not each.is_symlink():
        shutil.rmtree(each)
    elif each.exists() or each.is_symlink():
        each.unlink()
    else:
        return False
    return True


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
