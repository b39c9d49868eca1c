"""What a statement counts: a thing that is told of in two places is one thing."""

from __future__ import annotations

from evidence import detect
from evidence.model import Ledger
from evidence.testkit import Case, project_of

COMMANDS = (
    "import click\nfrom flask.cli import with_appcontext\n\n\n"
    '@click.command("drop-old")\n@with_appcontext\ndef purge():\n    click.echo("purged")\n\n\n'
    "@click.command()\ndef seed():\n    click.echo('seeded')\n"
)
FACTORY = (
    "from flask import Flask\n\nfrom app import commands\n\n\ndef create_app():\n    app = Flask(__name__)\n"
    "    app.cli.add_command(commands.purge)\n    app.cli.add_command(commands.seed)\n    return app\n"
)
FILES = {
    "app/__init__.py": FACTORY,
    "app/commands.py": COMMANDS,
    "wsgi.py": "from app import create_app\n\napp = create_app()\n",
}


def test_a_command_that_is_defined_here_and_added_there_is_one() -> None:
    """A decorated function and the call that adds it to the application are two places of one command."""
    results = detect.run(detect.discover(), project_of(Case("", FILES, (), ())), "fixture", Ledger())
    finding, _ = results["flask.cli_commands"]
    assert finding.measures["commands"] == 2
    assert finding.statement == "2 commands run inside the application (purge, seed)."
