"""Whatever a test run starts ends with it, also when the run is killed."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

import pytest
from client import ROOT, until

HOLDS = '''
import pathlib
import signal

from beside import Beside


def test_holds(new_stack, tmp_path):
    stack = new_stack("held", workers=1, slow_workers=1)
    Beside(stack, tmp_path)
    pathlib.Path({told!r}).write_text(f"{{stack.run}}\\n{{tmp_path}}\\n")
    signal.pause()
'''


def living(*where):
    """The processes that have a path below one of these directories in their command or environment."""
    found = set()
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + b"\0" + (process / "environ").read_bytes()
        except OSError:
            continue  # it has ended, or is another's
        if any(f"{directory}/".encode() in told for directory in where):
            found.add(int(process.name))
    return found


@pytest.mark.parametrize("more", ((), ("-n", "1")), ids=("alone", "with a process of its own"))
def test_nothing_outlives_a_killed_run(tmp_path, more):
    told, held = tmp_path / "told", tmp_path / "test_held.py"
    held.write_text(HOLDS.format(told=str(told)))
    short = tempfile.mkdtemp(prefix="mx-")  # paths of sockets are short
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}  # it is nobody's part
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-c", "tests/pytest.ini", "--rootdir=tests", "-p", "conftest",
         f"--basetemp={short}", *more, held],
        cwd=ROOT, env=env | {"PYTHONPATH": str(ROOT / "tests")}, stdout=subprocess.DEVNULL)
    try:
        until(lambda: run.poll() is not None or told.exists() and told.read_text(), what="the stack serves")
        where = told.read_text().split()
        assert len(living(where[0])) >= 5, "database, two masters, jobs, nginx"
        assert living(where[1]), "workers beside the stack"
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    until(lambda: not living(*where), what="all of it has ended")
    shutil.rmtree(short)
