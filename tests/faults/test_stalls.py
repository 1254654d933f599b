"""The database stands still or one of its tables is locked: 503 with Retry-After, soon, and all is
well again afterwards without a restart."""
import getpass
import os
import signal
import subprocess
import time

import pytest

import client
from client import problem


@pytest.fixture(scope="module")
def stack(place):
    """A stack of this module's own, with little patience."""
    own = client.Stack(
        place / "stalls", workers=2, db_statement_timeout_ms=400, db_connect_timeout_s=1,
        catalog_cache_ms=0,
    )
    yield own.start()
    own.stop()


@pytest.fixture(scope="module")
def api(stack, recorder):
    return client.Api(stack, recorder)


@pytest.fixture(scope="module")
def guest(api):
    return api.guest()


def soon(call):
    """The answer, which must not have taken long."""
    began = time.monotonic()
    answer = call()
    assert time.monotonic() - began < 8
    assert answer.status_code != 503 or int(answer.headers["Retry-After"]) >= 1
    return answer


def recovers(call):
    client.until(lambda: call().status_code == 200, 30, "recovery")


def test_the_database_stands_still(stack, api, guest):
    os.kill(stack.pid("db"), signal.SIGSTOP)
    try:
        for call in (lambda: guest.get("/v1/cart"), lambda: api.get("/v1/readyz")):
            assert soon(call).status_code == 503
        assert soon(lambda: api.post("/v1/auth/guest")).status_code == 503
        assert api.get("/v1/healthz").status_code == 200
    finally:
        os.kill(stack.pid("db"), signal.SIGCONT)
    recovers(lambda: api.get("/v1/readyz"))
    recovers(lambda: guest.get("/v1/cart"))


def test_a_statement_takes_too_long(stack, api):
    """A lock on the table makes every statement on it wait for longer than it may."""
    admin = ["mariadb", "--no-defaults", "--unbuffered", f"--user={getpass.getuser()}"]
    admin += [f"--socket={stack.env['MERX_DB_SOCKET']}", "merx"]
    with subprocess.Popen(admin, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as lock:
        lock.stdin.write("LOCK TABLES product WRITE; SELECT 'locked';\n")
        lock.stdin.flush()
        assert any("locked" in line for line in iter(lock.stdout.readline, ""))
        problem(soon(lambda: api.get("/v1/products?limit=7")), 503, "deadline_exceeded")
        lock.stdin.close()
    recovers(lambda: api.get("/v1/products?limit=7"))
