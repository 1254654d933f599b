"""One private stack for all HTTP and fault tests, and clients for it."""
import pathlib
import sys

import pytest

for directory in ("http", "faults"):
    sys.path.insert(0, str(pathlib.Path(__file__).parent / directory))

import client  # noqa: E402

BUILD = client.ROOT / "build" / "test"


def pytest_collection_modifyitems(items):
    """The contract is checked over everything that came before."""
    items.sort(key=lambda item: item.path.name == "test_zz_contract.py")


@pytest.fixture(scope="session")
def recorder():
    BUILD.mkdir(parents=True, exist_ok=True)
    return client.Recorder(BUILD / "exchanges.jsonl")


@pytest.fixture(scope="session")
def stack():
    """The stack that all tests share; whoever breaks it takes one of new_stack."""
    shared = client.Stack(BUILD / "run", workers=4)
    shared.stop()
    shared.start()
    yield shared
    shared.stop()


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
def customer(api):
    return api.customer()


@pytest.fixture(scope="session")
def staff(api):
    return api.staff()


@pytest.fixture
def new_stack():
    """Call it with a name and settings for a stack of one's own; it is stopped at the end."""
    made = []

    def make(name, **settings):
        made.append(client.Stack(BUILD / name, **settings))
        made[-1].stop()
        return made[-1].start()

    yield make
    for one in made:
        one.stop()
