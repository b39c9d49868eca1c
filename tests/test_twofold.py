"""Dividing work: results are those of one process, in order, whatever becomes of the fork.

Each test runs in a fresh Python, since a fork needs a process with a single thread.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks on Linux only")

_SETTING = """
    import json, os, time
    from evidence import twofold
    from evidence.twofold import in_two
    HERE = os.getpid()

    def work(number):
        time.sleep(0.01)
        return [number, number * number]

    def childless():
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        return False
"""


def _run(code: str) -> object:
    script = textwrap.dedent(_SETTING) + textwrap.dedent(code)
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    return json.loads(result.stdout)


@pytest.mark.parametrize("count", [0, 1, 2, 30])
def test_results_come_in_order_and_meanwhile_once(count: int) -> None:
    """Also where there is nothing to divide; what is done meanwhile is done here."""
    found = _run(
        f"""
        done = []
        told = in_two(work, {count}, list[int], processes=2, meanwhile=lambda: done.append(os.getpid() == HERE))
        print(json.dumps([told, done, childless()]))
        """
    )
    assert found == [[[n, n * n] for n in range(count)], [True], True]


def test_the_fork_works_while_this_process_is_busy() -> None:
    """With nobody else at the queue, the fork does all of it."""
    found = _run(
        """
        def where(number):
            return "here" if os.getpid() == HERE else "beside"

        print(json.dumps(in_two(where, 3, str, processes=2, meanwhile=lambda: time.sleep(1))))
        """
    )
    assert found == ["beside"] * 3


def test_a_failure_meanwhile_is_raised_and_leaves_no_process() -> None:
    """The fork ends with it."""
    found = _run(
        """
        def fail():
            raise LookupError("no")

        try:
            in_two(work, 30, list[int], processes=2, meanwhile=fail)
        except LookupError as error:
            print(json.dumps([str(error), childless()]))
        """
    )
    assert found == ["no", True]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("moment", ["before", "after_in_parent", "after_in_child"])
def test_asked_to_stop_in_the_middle_of_a_fork(number: signal.Signals, moment: str) -> None:
    """Python drops what is raised in its callbacks around a fork: the request must not be lost, nor leave a trace.

    Asked of the fork, it is that one's own affair: the work is done all the same."""
    asked = f"os.register_at_fork({moment}=lambda: os.kill(os.getpid(), {int(number)}))"
    script = textwrap.dedent(_SETTING) + textwrap.dedent(
        f"""
        import signal

        def leave(number, _frame):
            raise SystemExit(128 + number)

        signal.signal({int(number)}, leave)
        {asked}
        print(in_two(work, 3, list[int], processes=2))
        """
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    kept_on = moment == "after_in_child"
    assert (result.returncode, result.stderr) == (0 if kept_on else 128 + number, "")
    assert result.stdout == ("[[0, 0], [1, 1], [2, 4]]\n" if kept_on else "")


def test_citations_are_the_same_from_two_processes() -> None:
    """Secrets, long files and several sites of one file included."""
    found = _run(
        """
        import sys
        sys.path.insert(0, ".")
        from evidence.citations import cite
        from tests.in_memory import Repository, TOKEN, site
        lines = [b"x = 1\\n", f"TOKEN = '{TOKEN}'\\n".encode()]
        files = {f"part{n}.py": lines[n % 3 > 0] * (n * 40) for n in range(1, 20)}
        sites = [site("x", path, line) for path in files for line in (1, 2, 30)]
        one = cite(sites, Repository(files), "r", {})
        two = cite(sites, Repository(files), "r", {}, processes=2)
        print(json.dumps([len(one), one == two, childless()]))
        """
    )
    assert found == [57, True, True]
