"""One private stack for all HTTP and fault tests, and clients for it."""
import contextlib
import ctypes
import fcntl
import itertools
import os
import pathlib
import shutil
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "helpers"))

import client  # noqa: E402
from shop import make_product, variant_ids  # noqa: E402

PR_SET_PDEATHSIG = 1
if "PYTEST_XDIST_WORKER" in os.environ:  # it ends with the run, however that ends
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def pytest_addoption(parser):
    parser.addoption("--exchanges", metavar="DIR", help="keep every exchange in files there")
    parser.addoption("--contract-of", metavar="DIR",
                     help="check the contract over the exchanges there, not over those of the run")


# The files that take longest, in this order: side by side with the others they end with them.
LONGEST = [f"test_{name}.py" for name in (
    "scale", "reload", "passwords", "mail_smtp", "accounts", "races", "database", "fastcgi", "sweep", "rotate_pii",
    "pools", "oidc", "mfa", "sessions", "email_change", "deletion", "export", "matrix", "canaries", "once",
    "job_failures", "keys")]


def pytest_collection_modifyitems(items):
    """The longest first; the contract is checked over everything that came before."""
    place = {name: i for i, name in enumerate(LONGEST)} | {"test_zz_contract.py": len(LONGEST) + 1}
    items.sort(key=lambda item: place.get(item.path.name, len(LONGEST)))


# ---- requirements: which ids of requirements.tsv the tests that passed show to hold

REQUIREMENTS = dict(line.rstrip("\n").split("\t", 1) for line in
                    open(client.ROOT / "tests" / "requirements.tsv", encoding="utf-8"))
outcomes = {}


def pytest_collection_finish(session):
    for item in session.items:
        for mark in item.iter_markers("req"):
            for name in mark.args:
                assert name in REQUIREMENTS, f"{item.nodeid}: no requirement {name}"
                item.user_properties.append(("req", name))  # goes along with the reports


def pytest_runtest_logreport(report):
    for key, name in report.user_properties:
        if key == "req":
            outcomes[name] = outcomes.get(name, True) and not report.failed


def pytest_terminal_summary(terminalreporter):
    held = sorted(name for name, ok in outcomes.items() if ok)
    lost = sorted(name for name, ok in outcomes.items() if not ok)
    terminalreporter.write_line(f"requirements shown: {' '.join(held) or 'none'}")
    terminalreporter.write_line(f"requirements not shown: {' '.join(lost) or 'none'}")


@pytest.fixture(scope="session")
def place():
    """An empty directory of this run's own, build/test/http or, beside another run, http.1, ..."""
    base = client.ROOT / "build" / "test"
    base.mkdir(parents=True, exist_ok=True)
    for n in itertools.count():
        path = base / (f"http.{n}" if n else "http")
        lock = open(f"{path}.lock", "w", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            lock.close()
    for left_over in path.glob("*/pids"):
        client.Stack(left_over.parent).stop()
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    yield path
    lock.close()


@pytest.fixture(scope="session")
def recorder(place, pytestconfig):
    directory = pathlib.Path(pytestconfig.getoption("exchanges") or place)
    return client.Recorder(directory / f"exchanges.{os.getpid()}.jsonl")


@contextlib.contextmanager
def stacks(place):
    """Call it with a name and settings for a stack; it is stopped at the end."""
    made = []

    def make(name, **settings):
        made.append(client.Stack(place / name, **(client.CROWD | client.PATIENCE | settings)))
        return made[-1].start()

    try:
        yield make
    finally:
        for one in made:
            one.stop()
            shutil.rmtree(one.run / "db", ignore_errors=True)


@pytest.fixture(scope="session")
def stack(place):
    """The stack that all tests share; whoever breaks it takes one of new_stack."""
    with stacks(place) as make:
        yield make("run", workers=4)


@pytest.fixture
def make(new_stack, request):
    """A stack of one's own and a variant with plenty of stock."""

    def one(**settings):
        stack = new_stack(request.node.name, **({"workers": 3, "slow_workers": 1} | settings))
        return stack, variant_ids(make_product(client.Api(stack).staff(), stock=10_000_000))[0]

    return one


@pytest.fixture(scope="session")
def api(stack, recorder):
    return client.Api(stack, recorder)


@pytest.fixture(scope="session")
def db(stack):
    return stack.db()


@pytest.fixture(scope="session")
def mailbox(stack):
    return stack.mailbox()


@pytest.fixture
def guest(api):
    return api.guest()


@pytest.fixture
def customer(api, request):
    """A customer who is just there or, where a file says so (signed_up), went all the way and got mail."""
    return api.sign_up() if request.node.get_closest_marker("signed_up") else api.customer()


@pytest.fixture(scope="session")
def staff(api):
    return api.staff()


@pytest.fixture(autouse=True)
def staff_is_there(request):
    """The staff of all tests signs in again and again: no token and no proof outlives a long run."""
    if "staff" in request.fixturenames:
        request.getfixturevalue("staff").stay_signed_in()


@pytest.fixture
def new_stack(place):
    """Makes stacks of a test's own."""
    with stacks(place) as make:
        yield make


@pytest.fixture(scope="module")
def module_stack(place):
    """Makes stacks of a file's own."""
    with stacks(place) as make:
        yield make
