"""Take-homes: what the seed had is nobody's here, wherever it was moved to."""

from __future__ import annotations

import pytest

from evidence.attribution import Seed
from tests.attribution.conftest import Ask
from tests.attribution.telling import ADA, Story, lines, text

FRAME = lines("seed", *range(1, 21))
OWN = lines("ada", *range(1, 11))


def seed(files: dict[str, str], scanned: dict[str, str]) -> Seed:
    """A seed with these files, asked about these scanned ones."""
    contents = {path: content.encode() for path, content in scanned.items()}
    return Seed("local/seed@" + "a" * 40, {path: c.encode() for path, c in files.items()}, contents.get)


@pytest.mark.parametrize(
    ("scanned", "had"),
    [
        (text(FRAME), set(range(1, 21))),
        (text(OWN), set()),
        (text(FRAME[:10], OWN, FRAME[10:]), {*range(1, 11), *range(21, 31)}),
        (text(["    " + line for line in FRAME[:5]], OWN), set(range(1, 6))),
        ("import os\n" + text(OWN), set()),
        ("", set()),
    ],
    ids=["untouched", "own", "between", "indented", "one common line", "empty"],
)
def test_lines_of_the_seed_are_known_by_content(scanned: str, had: set[int]) -> None:
    """In the file of the same name, and in one of another name, the seed's lines are the same."""
    start = {"a.py": text(FRAME), "other.py": "import os\n"}
    assert seed(start, {"a.py": scanned}).lines("a.py") == had
    assert seed(start, {"moved/b.py": scanned}).lines("moved/b.py") == had


SEED_CODE = """
def create_app(config=None):
    app = Flask(__name__)
    app.config.update(SECRET_KEY='dev', JSON_SORT_KEYS=False, MAX_CONTENT_LENGTH=16 * 1024 * 1024, TESTING=False)
    if config: app.config.update(config)

    @app.errorhandler(404)
    def missing(error):
        return jsonify({'error': 'not found', 'path': request.path}), 404

    return app
"""
FORMATTED = """
def create_app(config=None):
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="dev",
        JSON_SORT_KEYS=False,
        MAX_CONTENT_LENGTH=16 * 1024 * 1024,
        TESTING=False,
    )
    if config:
        app.config.update(config)

    @app.errorhandler(404)
    def missing(error):
        return jsonify({"error": "not found", "path": request.path}), 404

    @app.errorhandler(409)
    def conflict(error):
        return jsonify({"error": "conflict", "detail": str(error)}), 409

    return app
"""


@pytest.mark.parametrize("path", ["app.py", "shop/__init__.py"])
def test_a_formatter_makes_no_line_ones_own(path: str) -> None:
    """The seed's code broken into other lines, with other quotes, moved or not, stays the seed's; what was written into
    it does not."""
    told = seed({"app.py": SEED_CODE}, {path: FORMATTED}).lines(path)
    own = [line for number, line in enumerate(FORMATTED.splitlines(), 1) if line.strip() and number not in told]
    assert [line.strip() for line in own if line.strip() != "return app"] == [
        "@app.errorhandler(409)",
        "def conflict(error):",
        'return jsonify({"error": "conflict", "detail": str(error)}), 409',
    ]


def test_only_what_was_added_counts(story: Story, ask: Ask) -> None:
    """The candidate committed the seed in their own name and moved it about: its lines are left out."""
    story.commit(ADA, {"a.py": text(FRAME)})
    story.commit(ADA, {"a.py": None, "pkg/b.py": text(FRAME[:10], OWN, FRAME[10:])})
    scanned = {"pkg/b.py": text(FRAME[:10], OWN, FRAME[10:])}
    asked = ask(story.written(), "ada@example.org", seed=seed({"a.py": text(FRAME)}, scanned))
    assert asked.agreement("ada") == 1.0
    assert {s.left_out for site, s in asked.shares().items() if asked.text(site).startswith("seed")} == {"baseline"}
