"""Looking in two processes: what is seen never depends on it, and nothing that the fork does can harm the scan.

Each test runs in a fresh Python, since a fork needs a process with a single thread.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks on Linux only")

_SETTING = """
    import json, os, sys, threading, time
    from types import SimpleNamespace
    from evidence import observe, twofold
    from evidence.model import Signal, Site, never
    from evidence.testkit import Case, project_of

    SIGNAL = Signal(id="x.one", title="One", competency="app-structure", seeds=("S2.1",), counts="It is there.",
                    strong="It is tested.", not_credited="A word.", clauses=("defined",), defining=("defined",),
                    practised=lambda sites: True, sustained=never, measures=lambda sites: {},
                    statement=lambda sites: "There.", how_to_show="Show it.")
    HERE = os.getpid()
    project = project_of(Case("A project", {"app.py": "from flask import Flask\\napp = Flask(__name__)\\n"}, (), ()))

    def seeing(name, before=lambda: None):
        def detect(project):
            before()
            place = "here" if os.getpid() == HERE else "beside"
            value = place if "where" in sys.argv else 0.5
            yield SIGNAL, Site(path="app.py", clause="defined", subject=name, value=value)
            yield SIGNAL, Site(path="app.py", clause="defined", subject="a", value=7)
        return SimpleNamespace(__name__=name, SIGNALS=(SIGNAL,), detect=detect)

    def beside(do):
        # this process takes its time, so that the other one comes to do it too
        return lambda: time.sleep(0.1) if os.getpid() == HERE else do()

    def told(detectors, processes=2):
        return [[s.failure, {k: [str(site) for site in v] for k, v in s.sites.items()}]
                for s in observe.observe(detectors, project, processes)]

    # whoever is first at the queue leaves some for the other
    families = [seeing(f"family{n}.one", lambda: time.sleep(0.05)) for n in range(8)]
"""


def _run(code: str, *options: str) -> object:
    script = textwrap.dedent(_SETTING) + textwrap.dedent(code)
    command = [sys.executable, "-c", script, *options]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(result.stdout)


def test_two_processes_share_the_work() -> None:
    """Of many families some are looked at here and some in the fork, and each once."""
    places = _run(
        """
        seen = observe.observe(families, project, 2)
        print(json.dumps([[site.value for site in s.sites["x.one"] if site.subject != "a"] for s in seen]))
        """,
        "where",
    )
    assert isinstance(places, list)
    assert sorted({place for (place,) in places}) == ["beside", "here"]


def test_what_stands_alone_is_looked_at_while_facts_are_joined() -> None:
    """The fork takes it meanwhile, and nothing else before that is over."""
    found = _run(
        """
        done = []
        alone = [SimpleNamespace(**vars(seeing(f"history.{name}")), ALONE=True) for name in ("one", "two")]
        after = seeing("family.one", lambda: done.append("looked"))
        seen = observe.observe([after, *alone], project, 2, lambda: (time.sleep(1), done.append("joined")))
        print(json.dumps([*(s.sites["x.one"][-1].value for s in seen[1:]), done[0]]))
        """,
        "where",
    )
    assert found == ["beside", "beside", "joined"]


def test_two_processes_see_what_one_sees() -> None:
    """Sites, their order, values of every type and failures are those of a single process."""
    same = _run(
        """
        def fails(): raise LookupError("no")
        detectors = [*families, seeing("broken.one", fails), seeing("family1.two")]
        print(json.dumps([told(detectors), told(detectors, 1)]))
        """
    )
    assert isinstance(same, list)
    assert same[0] == same[1]
    assert [failure for failure, _ in same[0] if failure] == ["stopped with LookupError"]


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "os._exit(0)", "sys.exit(1)", "time.sleep(600)"])
def test_a_fork_that_ends_or_hangs_costs_time_only(end: str) -> None:
    """What a fork that was killed, left early or stood still did not tell is looked at here."""
    same = _run(
        f"""
        twofold.PATIENCE = 0.5
        detectors = [*families, *(seeing(f"odd{{n}}.one", beside(lambda: {end})) for n in range(8))]
        print(json.dumps([told(detectors), told(detectors, 1)]))
        """
    )
    assert isinstance(same, list)
    assert same[0] == same[1]


def test_no_fork_where_it_is_not_safe_or_not_wanted() -> None:
    """With a second thread, or when one process is asked for, everything is looked at here; and no child stays."""
    found = _run(
        """
        def places(processes):
            seen = observe.observe(families, project, processes)
            return sorted({site.value for s in seen for site in s.sites["x.one"] if site.subject != "a"})

        def childless():
            try:
                os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return True
            return False

        both, alone = places(2), places(1)
        stop = threading.Event()
        thread = threading.Thread(target=stop.wait)
        thread.start()
        threaded = places(2)
        stop.set()
        print(json.dumps([both, alone, threaded, childless()]))
        """,
        "where",
    )
    assert found == [["beside", "here"], ["here"], ["here"], True]
