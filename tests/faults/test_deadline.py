"""A request that passes its deadline: its statement ends in the database, it is answered 503 with
Retry-After and commits nothing, and its worker goes on; a worker that does not come back leaves its stack
and goes. The statement of a dead worker ends in the database, too."""
import os
import pathlib
import re
import signal
import subprocess
import threading

import pytest
from client import PATIENCE_S, Api, Person, problem, program, until
from db_proxy import DbProxy
from load import (
    Load, NginxErrors, Session, alive, be_guest, hexed, note_pid, read, serve, status, workers)
from shop import make_product, variant_ids
from wire import Wire

BUSY = "user = 'merx' AND command IN ('Execute', 'Query')"
# A wait that ends after two seconds leaves the next statement less than its own limit.
EARLY = {"request_timeout_ms": 3500, "db_statement_timeout_ms": 3000, "queue_age_max_ms": 3000}
COMPUTES = ("CREATE DEFINER = 'merx'@'localhost' TRIGGER slow BEFORE UPDATE ON cart_item FOR EACH ROW"
            " SET @x = BENCHMARK(1000000000, SHA2('x', 512))")


@pytest.fixture
def stack(new_stack, request):
    few = {"workers": 2, "slow_workers": 1, "db_lock_timeout_s": 50, "catalog_cache_ms": 0}
    return new_stack(request.node.name.replace("[", "-").rstrip("]"), **(few | EARLY))


@pytest.fixture
def buyer(stack):
    """A guest with one unit in the cart; .add() adds another one in the background."""
    return Buyer(stack)


class Buyer:
    def __init__(self, stack):
        self.stack, self.db, self.api = stack, stack.db(), Api(stack)
        self.guest = self.api.guest()
        sent = {k: stack.env[f"MERX_STAFF_{k.upper()}"] for k in ("email", "password")}
        staff = until(lambda: (a := self.api.post("/v1/auth/login", sent)).status_code == 200 and a, what="a turn to hash")
        variant = variant_ids(make_product(Person(self.api, staff), stock=1000000))[0]
        self.line = {"variant_id": variant, "quantity": 1}
        assert self.guest.post("/v1/cart/items", self.line).status_code == 201
        self.mine = f"(SELECT id FROM cart WHERE account_id = {hexed(self.guest.id)})"
        self.pids = {w["pid"] for w in status(stack)["workers"]}

    def quantity(self):
        return int(self.db.value(f"SELECT SUM(quantity) FROM cart_item WHERE cart_id IN {self.mine}"))

    def hold(self, table, key):
        """A session in which nobody else can change those rows of the guest's."""
        session = Session(self.stack)
        assert session.run(f"BEGIN; SELECT 1 FROM {table} WHERE {key} IN {self.mine} FOR UPDATE")
        return session

    def add(self):
        self.thread = threading.Thread(target=self._add)
        self.thread.start()
        return self

    def _add(self):
        self.answer = self.guest.post("/v1/cart/items", self.line)

    def wait(self):
        self.thread.join(PATIENCE_S)
        return self.answer

    def waits(self, seconds=0):
        return self.stack.processes(f"{BUSY} AND time >= {seconds}")

    def assert_ended(self):
        """Answered in time, nothing left in the server, nothing done; the same workers serve."""
        problem(self.wait(), 503, "deadline_exceeded")
        assert int(self.answer.headers["Retry-After"]) >= 1
        until(lambda: not self.waits(), what="the end of the statement in the server")

    def assert_ended_with_its_worker(self):
        """The statement of a worker that is killed ends in the server before it has what it waits for."""
        with self.hold("cart", "id"):
            self.add()
            until(self.waits, what="it waits")
            os.kill(workers(self.stack, state="busy")[0]["pid"], signal.SIGKILL)
            until(lambda: not self.waits(), what="the end of the statement in the server")
            self.wait()

    def assert_unharmed(self, adds=1):
        s = status(self.stack)
        assert (s["died"], s["killed"]) == (0, 0)
        assert {w["pid"] for w in s["workers"]} == self.pids
        before = self.quantity()
        assert self.guest.post("/v1/cart/items", self.line).status_code == 201
        assert (before, self.quantity()) == (adds, adds + 1)


def killed_statements(stack):
    return [line for line in stack.log().splitlines() if "statement killed" in line]


@pytest.mark.parametrize("then", ["row", "table", "computation"])
def test_a_statement_is_killed(stack, buyer, then):
    """It has not met its own limit yet: the statement before it took most of the time."""
    errors, owner = NginxErrors(stack), stack.admin()
    if then == "computation":
        owner.run("GRANT TRIGGER ON merx.cart_item TO 'merx'@'localhost'")
        owner.run(COMPUTES)
    with buyer.hold("cart", "id") as first:
        second = buyer.hold("cart_item", "cart_id") if then == "row" else Session(stack)
        with second:
            buyer.add()
            until(lambda: buyer.waits(2), what="most of the time has gone")
            if then == "table":
                second.run("LOCK TABLES cart_item WRITE")
            first.__exit__()
            buyer.assert_ended()
    (line,) = killed_statements(stack)
    assert "route=cart.items.add" in line and "statement=cart." in line, line
    assert status(stack)["statements_killed"] == 1
    assert not errors.timed_out()
    if then == "computation":
        owner.run("DROP TRIGGER slow")
    buyer.assert_unharmed()


def test_the_database_is_not_heard_of(stack, tmp_path):
    """A connection on which nothing comes any more: neither the statement's end nor an answer to what
    kills it. The worker hangs up."""
    proxy = DbProxy(tmp_path / "db", stack.env["MERX_DB_SOCKET"])
    serve(stack, db_socket=proxy.path)
    buyer, errors, stuck, release = Buyer(stack), NginxErrors(stack), [], threading.Event()

    def hook(_forward):
        if proxy.peer_pid in buyer.pids:
            stuck.append(proxy.peer_pid)
            release.wait(PATIENCE_S)
            return False
        return True

    proxy.at_command = hook
    buyer.add()
    until(lambda: stuck, what="the statement is on its way")
    answer = buyer.wait()
    proxy.at_command = None
    release.set()
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1
    assert killed_statements(stack) and not errors.timed_out()
    buyer.assert_unharmed()
    proxy.close()


def test_a_worker_that_does_not_come_back_leaves_its_stack(stack, tmp_path):
    """It waits for a greeting for longer than its request may take."""
    proxy = DbProxy(tmp_path / "db", stack.env["MERX_DB_SOCKET"])
    serve(stack, db_socket=proxy.path, db_connect_timeout_s=60)
    buyer = Buyer(stack)
    proxy.mute = True
    stack.cut_connections()
    answer = buyer.add().wait()
    proxy.mute = False
    assert answer.status_code == 503 and answer.json()["code"] == "unavailable", answer.text
    (killed,) = [x for x in stack.log().splitlines() if "passed its deadline, worker killed" in x]
    (died,) = until(lambda: [x for x in stack.log().splitlines() if "worker died" in x], what="its end")
    assert "route=cart.items.add" in killed
    assert "signal=6" in died and "poll)" in died and "route=cart.items.add" in died, died
    assert {"mx_link_open", "mx_dispatch"} <= set(functions(died))
    s = status(stack)
    assert (s["died"], s["killed"]) == (0, 1)
    until(lambda: buyer.guest.post("/v1/cart/items", buyer.line).status_code == 201, what="recovery")
    proxy.close()


def functions(line):
    """Of the program's own frames."""
    offsets = re.findall(r"merx\+(0x[0-9a-f]+)", line)
    found = subprocess.run(["addr2line", "-i", "-f", "-e", str(program()), *offsets], check=True, capture_output=True,
                           text=True)
    return found.stdout.splitlines()[::2]


def test_a_crash_leaves_its_stack(stack):
    (pid, *_) = [w["pid"] for w in workers(stack, state="ready")]
    os.kill(pid, signal.SIGSEGV)
    (died,) = until(lambda: [x for x in stack.log().splitlines() if "worker died" in x], what="its end")
    assert f"worker={pid}" in died and "signal=11" in died and "epoll_wait" in died, died
    until(lambda: len(workers(stack, state="ready")) == 2, what="it was replaced")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_lost_worker_leaves_no_statement_behind(stack, buyer, how):
    """The server would go on with it once it has the lock, and commit a statement of its own."""
    with buyer.hold("cart", "id"):
        buyer.add()
        until(buyer.waits, what="it waits")
        (stuck,) = workers(stack, state="busy")
        os.kill(stuck["pid"], how)
        assert buyer.wait().status_code == 503
        until(lambda: not buyer.waits(), what="the end of the statement in the server")
    assert buyer.quantity() == 1
    until(lambda: buyer.guest.post("/v1/cart/items", buyer.line).status_code == 201, what="recovery")


def test_the_killer_dies(stack, buyer):
    """It is replaced, and the next one takes orders."""
    first = status(stack)["killer"]
    os.kill(first, signal.SIGKILL)
    until(lambda: status(stack)["killer"] not in (0, first), what="another one")
    buyer.assert_ended_with_its_worker()
    last = status(stack)["killer"]
    stack.merx("reload")
    assert status(stack)["killer"] not in (0, last)
    until(lambda: not alive(last), what="the one before has ended")


def test_the_killer_has_the_log_of_its_master(stack):
    """Another file is opened: it is replaced by one that writes there."""
    first = status(stack)["killer"]
    os.kill(status(stack)["pid"], signal.SIGUSR1)
    until(lambda: status(stack)["killer"] not in (0, first) and not alive(first), what="another one")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_killer_ends_with_its_master(stack, how):
    """However that ends."""
    now = status(stack)
    assert name_of(now["killer"]) == "merx killer"
    os.kill(now["pid"], how)
    until(lambda: not alive(now["pid"]) and not alive(now["killer"]), what="the end of both")


def test_an_upgrade_brings_a_killer_of_its_own(stack, buyer):
    """The one before serves the workers that drain, and ends with their master."""
    before = status(stack)
    stack.merx("upgrade")
    now = status(stack)
    note_pid(stack, "serve", now["pid"])
    assert now["pid"] != before["pid"] and now["killer"] not in (0, before["killer"])
    until(lambda: not alive(before["killer"]), what="the end of the one before")
    buyer.assert_ended_with_its_worker()


def name_of(pid):
    return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()


def test_a_worker_that_grows_is_replaced(new_stack):
    """Between requests, and nobody notices."""
    stack = new_stack("grows", workers=2, slow_workers=1, worker_rss_max_mb=1)
    errors, first = NginxErrors(stack), {w["pid"] for w in status(stack)["workers"]}
    with Load([(Wire(stack).guest(), read), (Wire(stack), be_guest)]) as load:
        until(lambda: not first & {w["pid"] for w in status(stack)["workers"]}, what="all were replaced")
        load.more(20)
    assert not load.failed and not errors.new(), (load.failed[:3], errors.new()[:3])
    s = status(stack)
    assert s["outgrown"] >= 3 and (s["died"], s["killed"], s["recycled"]) == (0, 0, 0)
    assert "worker has grown too large" in stack.log()
    assert 'reason="memory"' in stack.merx("status", "metrics").stdout
