"""The database goes away, stalls, comes back: 503 quickly, and no restart needed afterwards."""
import getpass
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

import client
from client import problem


@pytest.fixture(scope="module")
def stack(place):
    """A stack of this module's own, with a short patience."""
    own = client.Stack(
        place / "database",
        workers=2,
        db_statement_timeout_ms=400,
        db_lock_timeout_s=1,
        db_connect_timeout_s=1,
    )
    yield own.start()
    own.stop()


@pytest.fixture(scope="module")
def api(stack, recorder):
    return client.Api(stack, recorder)


def quickly(call):
    """The answer, which must not have taken long."""
    began = time.monotonic()
    answer = call()
    assert time.monotonic() - began < 8
    return answer


@pytest.fixture(scope="module")
def guest(api):
    return api.guest()


def recovered(api):
    client.until(lambda: api.get("/v1/readyz").status_code == 200, 30, "recovery")


def test_a_database_that_stands_still(stack, api, guest):
    os.kill(stack.pid("db"), signal.SIGSTOP)
    try:
        answer = quickly(lambda: guest.get("/v1/cart"))
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert api.get("/v1/healthz").status_code == 200
    finally:
        os.kill(stack.pid("db"), signal.SIGCONT)
    recovered(api)
    client.until(lambda: guest.get("/v1/cart").status_code == 200, what="the cart")


def test_a_statement_that_takes_too_long(stack, api, guest):
    """A lock on the table makes every statement on it wait for longer than it may."""
    admin = ["mariadb", "--no-defaults", f"--socket={stack.env['MERX_DB_SOCKET']}"]
    admin += [f"--user={getpass.getuser()}", "merx"]
    with subprocess.Popen(admin, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as lock:
        lock.stdin.write("LOCK TABLES product WRITE; SELECT 'locked';\n")
        lock.stdin.flush()
        while "locked" not in lock.stdout.readline():
            pass
        answer = quickly(lambda: api.get("/v1/products?limit=7"))
        problem(answer, 503, "deadline_exceeded")
        lock.stdin.close()
    client.until(lambda: api.get("/v1/products?limit=7").status_code == 200, what="the list")


def test_a_database_that_is_killed_and_comes_back(stack, api, guest):
    """As a service manager would start it again; what was acknowledged is still there."""
    pid = stack.pid("db")
    command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
    os.kill(pid, signal.SIGKILL)
    client.until(lambda: not alive(pid), what="the end of the database")
    for call in (lambda: guest.get("/v1/cart"), lambda: api.post("/v1/auth/guest")):
        assert int(problem_headers(quickly(call))["Retry-After"]) >= 1
    problem(quickly(lambda: api.get("/v1/readyz")), 503, "unavailable")
    assert api.get("/v1/healthz").status_code == 200
    workers = stack.merx("status", "json").stdout
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as database:
        try:
            recovered(api)
            client.until(lambda: guest.get("/v1/cart").status_code == 200, what="the cart")
            assert pids(workers) == pids(stack.merx("status", "json").stdout)
        finally:
            stack.stop()
            database.terminate()


def problem_headers(answer):
    problem(answer, 503, "unavailable")
    return answer.headers


def pids(status):
    return sorted(w["pid"] for w in json.loads(status)["workers"])


def alive(pid):
    try:
        return open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
