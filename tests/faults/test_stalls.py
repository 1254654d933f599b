"""The database stands still or one of its tables is locked: 503 with Retry-After before nginx gives up, and all is
well again afterwards without a restart."""
import getpass
import os
import signal
import subprocess

import pytest

import client
from client import problem
from load import NginxErrors
from shop import make_product, variant_ids


@pytest.fixture(scope="module")
def stack(module_stack):
    """With as little patience as one that nginx does not leave."""
    return module_stack("stalls", workers=2, db_statement_timeout_ms=1500, db_connect_timeout_s=1,
                        queue_age_max_ms=5000, request_timeout_ms=8000, catalog_cache_ms=0)


@pytest.fixture(scope="module")
def api(stack, recorder):
    return client.Api(stack, recorder)


@pytest.fixture(scope="module")
def guest(api):
    return api.guest()


@pytest.fixture(scope="module")
def staff_of_stack(api):
    return api.staff()


@pytest.fixture
def soon(stack):
    """soon(call): the answer, which is merx's own, for nginx did not give up waiting for it."""
    errors = NginxErrors(stack)

    def answer_of(call):
        answer = call()
        assert not errors.timed_out()
        assert answer.status_code != 503 or int(answer.headers["Retry-After"]) >= 1
        return answer

    return answer_of


def recovers(call):
    client.until(lambda: call().status_code == 200, what="recovery")


def test_the_database_stands_still(stack, api, guest, soon):
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


def test_a_statement_takes_too_long(stack, api, soon):
    """A lock on the table makes every statement on it wait for longer than it may."""
    admin = stack.db_client(getpass.getuser(), "--unbuffered", "merx")
    with subprocess.Popen(admin, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as lock:
        lock.stdin.write("LOCK TABLES product WRITE; SELECT 'locked';\n")
        lock.stdin.flush()
        assert any("locked" in line for line in iter(lock.stdout.readline, ""))
        problem(soon(lambda: api.get("/v1/products?limit=7")), 503, "deadline_exceeded")
        lock.stdin.close()
    recovers(lambda: api.get("/v1/products?limit=7"))


def test_a_change_that_takes_too_long_ends_in_the_server_too(stack, guest, staff_of_stack, soon):
    """The time limit of MySQL's sessions is for SELECT alone, and a server that computes does not see
    that its client has hung up: the statement, and its locks, would stay for as long as it takes."""
    variant = variant_ids(make_product(staff_of_stack, stock=5))[0]
    line = {"variant_id": variant, "quantity": 1}
    owner = stack.admin()
    owner.run("GRANT TRIGGER ON merx.cart_item TO 'merx'@'localhost'")
    owner.run("CREATE DEFINER = 'merx'@'localhost' TRIGGER slow BEFORE INSERT ON cart_item FOR EACH ROW"
              " SET @x = BENCHMARK(1000000000, SHA2('x', 512))")
    try:
        answer = soon(lambda: guest.post("/v1/cart/items", line))
        assert answer.status_code == 503, answer.text
        busy = "user = 'merx' AND command IN ('Execute', 'Query') AND time > 0"
        client.until(lambda: not stack.processes(busy), what="the end of the statement")
    finally:
        stack.cut_connections()
        owner.run("DROP TRIGGER slow")
    assert guest.post("/v1/cart/items", line).status_code == 201
