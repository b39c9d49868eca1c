"""The commands, declared: names, options and help. What each does is in the module named after it."""

from __future__ import annotations

from pathlib import Path

import click

from evidence.cli.given import Named, Seconds

_FORMATS = ("json", "html", "markdown", "csv", "pdf")
_FILE = Named(dir_okay=False, path_type=Path)
_FOLDER = Named(file_okay=False, path_type=Path)
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
_INSECURE = click.option(
    "--allow-insecure-host",
    "insecure_hosts",
    metavar="[URL]",
    multiple=True,
    is_flag=False,
    flag_value="",
    help="An origin that may be asked by plain http or on loopback (without URL: those of --host): for tests and "
    "private networks.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="portfolio-evidence", prog_name="evidence")
def group() -> None:
    """From a Git repository to a cited evidence digest for a Flask competency matrix.

    Evidence, not verdicts: no score and no rank, only what can be opened and checked again.
    """


@group.command()
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--commit", metavar="REV", help="Scan this commit, branch or tag in place of HEAD.")
@click.option("--format", "form", type=click.Choice(_FORMATS), help="json unless -o's suffix says otherwise.")
@click.option("-o", "--output", type=_FILE, help="Write to this file; standard output without it.")
@click.option("--output-dir", type=_FOLDER, help="Write digest.json, digest.html and digest.md to this folder.")
@click.option(
    "--candidate",
    "candidates",
    metavar="WHO",
    multiple=True,
    help="Whose work to tell from others': a name, e-mail or login; repeat it for each that one person has.",
)
@click.option(
    "--baseline",
    metavar="SEED",
    help="A repository or revision that the work started from: only what was added on top counts.",
)
@click.option("--profile", metavar="NAME", help="The role that the matrix is read for.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes that parse.")
@click.option("--no-cache", is_flag=True, help="Neither read nor write the cache of facts and digests.")
@click.option("--keep-clone", is_flag=True, help="Keep the clone of a URL in the cache folder for the next scan.")
@click.option(
    "--host", "hosts", metavar="HOST[=github]", multiple=True, help="Another GitLab (or GitHub) host to ask, by https."
)
@_INSECURE
@click.option(
    "--limit", type=click.IntRange(1, 100), default=10, show_default=True, help="Repositories of a portfolio."
)
@click.option("--include", metavar="GLOB", multiple=True, help="Of a portfolio, only owner/name, or name, that match.")
@click.option("--exclude", metavar="GLOB", multiple=True, help="Of a portfolio, no owner/name, or name, that matches.")
@click.option(
    "--forge/--no-forge",
    default=None,
    help="Ask the forge for changes and reviews, or do not; else asked for addresses, and where a token is set.",
)
@click.option("--resume", is_flag=True, help="Go on where an earlier scan's questions to the forge broke off.")
@click.option(
    "--forge-wait",
    type=Seconds(0, 3600),
    default=12.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the forge, all in all, where it asks for patience or fails.",
)
@click.option("--profile-detectors", is_flag=True, help="Say on standard error how long each detector took.")
@click.option("--as", "identity", metavar="URL", help="The address that citations of a local repository link to.")
def scan(
    sources: tuple[str, ...],
    commit: str | None,
    form: str | None,
    output: Path | None,
    output_dir: Path | None,
    candidates: tuple[str, ...],
    baseline: str | None,
    profile: str | None,
    workers: int,
    no_cache: bool,
    keep_clone: bool,
    hosts: tuple[str, ...],
    insecure_hosts: tuple[str, ...],
    limit: int,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    forge: bool | None,
    resume: bool,
    forge_wait: float,
    profile_detectors: bool,
    identity: str | None,
) -> int:
    """Scan each SOURCE, a repository's URL, a local path, or a person's or group's URL, and write one digest.

    Nothing of the repository is checked out or run. Exit code 3 tells of a digest that is not complete.
    """
    from evidence.cli.scan import Output, check_profile, scan_to
    from evidence.request import ScanRequest

    if len(sources) > 1 and (commit or identity):
        raise click.UsageError("--commit and --as are for one source: with several, put the revision in each address.")
    wanted = Output.chosen(form, output, output_dir)
    check_profile(profile)
    if any(not value.strip() for value in candidates):
        raise click.UsageError("--candidate is empty: give a name, an e-mail or a login.")
    folder = cache_folder()
    request = ScanRequest(
        source=sources[0],
        further=sources[1:],
        revision=commit,
        candidates=candidates,
        baseline=baseline,
        profile=profile,
        workers=workers,
        cache=None if no_cache else folder,
        keep_clone=clones_in(folder) if keep_clone else None,
        hosts=hosts,
        insecure_hosts=insecure_hosts,
        identity=identity,
        limit=limit,
        include=include,
        exclude=exclude,
        forge=forge,
        resume=resume,
        forge_wait=forge_wait,
        keep=click.get_current_context().obj,
    )
    return scan_to(request, wanted, profile_detectors)


@group.command()
@click.argument("digest", type=_EXISTING)
@click.option(
    "--repo",
    "sources",
    required=True,
    multiple=True,
    metavar="[ID=]SOURCE",
    help="The repository's URL or a local path; of a digest of several, one for each, after its id where names differ.",
)
@click.option("--full", is_flag=True, help="Also scan again, and compare every finding and cell.")
@click.option("--baseline", metavar="SEED", help="The repository that the digest's work started from, if it has one.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes that parse.")
@click.option(
    "--host", "hosts", metavar="HOST[=github]", multiple=True, help="Another GitLab (or GitHub) host to ask, by https."
)
@_INSECURE
def verify(
    digest: Path,
    sources: tuple[str, ...],
    full: bool,
    baseline: str | None,
    workers: int,
    hosts: tuple[str, ...],
    insecure_hosts: tuple[str, ...],
) -> int:
    """Check every citation of DIGEST (its JSON form) against the repository that it is of.

    Exit code 0 says that all of it holds, 1 lists what differs, 3 that something could not be looked at.
    """
    from evidence.cli.check import check

    return check(
        digest, sources, full=full, baseline=baseline, workers=workers, hosts=hosts, insecure_hosts=insecure_hosts
    )


@group.command()
@click.argument("source")
@click.option("--commit", metavar="REV", help="Read the history of this commit, branch or tag in place of HEAD.")
@click.option("-o", "--output", type=_FILE, help="A .csv or .parquet file; CSV to standard output without it.")
@click.option(
    "--host", "hosts", metavar="HOST[=github]", multiple=True, help="Another GitLab (or GitHub) host to ask, by https."
)
@_INSECURE
def history(
    source: str, commit: str | None, output: Path | None, hosts: tuple[str, ...], insecure_hosts: tuple[str, ...]
) -> int:
    """Write the commits of SOURCE as a table: authors, dates, what each touches, requests, reverts and trailers.

    Authors are keys and names, never addresses; lines are counted for a sample of the commits.
    """
    from evidence.cli.history import export
    from evidence.request import ScanRequest

    return export(ScanRequest(source=source, revision=commit, hosts=hosts, insecure_hosts=insecure_hosts), output)


@group.command()
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
def signals(form: str) -> None:
    """List the signals that the installed detectors look for."""
    from evidence.cli.reading import list_signals

    list_signals(form)


@group.command()
@click.argument("signal")
def explain(signal: str) -> None:
    """Say what SIGNAL sees, what counts at each grade, what does not, and how to show it."""
    from evidence.cli.reading import explain_signal

    explain_signal(signal)


@group.command()
@click.argument("row", required=False)
@click.option("--format", "form", type=click.Choice(("text", "markdown", "json")), default="text", show_default=True)
def matrix(row: str | None, form: str) -> None:
    """Show the competency matrix, or one ROW of it with its markers, rules and questions."""
    from evidence.cli.reading import show_matrix

    show_matrix(row, form)


@group.command()
@click.option("--host", metavar="NAME", help="Where to listen. Beyond this machine an access secret or OIDC is needed.")
@click.option("--port", type=click.IntRange(0, 65535), help="8321 without it; 0 takes a free one.")
@click.option("--data", type=_FOLDER, help="The folder of the database; the user's data folder without it.")
@click.option("--database", metavar="URL", help="PostgreSQL by URL in place of SQLite.")
@click.option("--forge", "forges", metavar="HOST[=github]", multiple=True, help="Another GitLab (or GitHub) host.")
@_INSECURE
def serve(**given: object) -> None:
    """Serve the web page: paste a link, watch it work, read the digest.

    On loopback, with SQLite in the user's data folder, unless told otherwise. Every setting can also come from the
    environment as EVIDENCE_WEB_<NAME>; docs/web.md lists them.
    """
    from evidence.cli.serve import serve_until_stopped

    serve_until_stopped({name: value for name, value in given.items() if value not in (None, ())})


@group.command()
@click.option("--data", type=_FOLDER, help="The folder of the web page's database.")
@click.option("--database", metavar="URL", help="The web page's database, where it is not in that folder.")
@click.confirmation_option(prompt="Remove every digest and scan of the web page, and the cache?")
def purge(**given: object) -> None:
    """Remove all that is kept: digests and scans of the web page, cached facts, digests and answers, kept clones.

    Stop `evidence serve` first. Files that you have written elsewhere stay.
    """
    from evidence.cli.purge import purge_everything

    purge_everything(cache_folder(), {name: value for name, value in given.items() if value is not None})


@group.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print the completion script for SHELL, to be sourced from its start-up file."""
    from click.shell_completion import get_completion_class

    from evidence.cli.writing import print_out

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    print_out(found(group, {}, "evidence", "_EVIDENCE_COMPLETE").source())


def cache_folder() -> Path | None:
    """The user's cache folder for evidence, by the XDG base directory rules (a relative XDG_CACHE_HOME is ignored);
    None for a user without a home, as a container may run one."""
    from evidence.store.database import default_cache_folder

    try:
        return default_cache_folder()
    except RuntimeError:
        return None


def clones_in(cache: Path | None) -> Path:
    """Where clones are kept; wrong usage where there is no cache folder."""
    if cache is None:
        raise click.UsageError("--keep-clone has no folder to keep it in: set HOME or XDG_CACHE_HOME.")
    return cache / "clones"
