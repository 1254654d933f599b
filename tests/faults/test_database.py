"""The database stopped, killed, locked and cut off under load: 503 at once, nothing acknowledged is
lost, nothing is done by halves or twice. R-3 to R-6, R-18, INV-2, INV-3, INV-4, INV-6."""
import json
import os
import random
import signal
import threading
import time

import pytest
from client import PATIENCE_S, Api, problem, unique_key, until
from db_proxy import DbProxy
from load import (
    PAY, Load, NginxErrors, Server, counter, expect, hexed, serve, serving, status, stock_lock, ways)
from shop import assert_ledger, make_product, variant_ids
from wire import Wire

CALLS = [
    ("GET", "/v1/me", None), ("GET", "/v1/cart", None), ("GET", "/v1/orders", None),
    ("GET", "/v1/products?limit=2", None), ("POST", "/v1/auth/guest", None),
    ("POST", "/v1/auth/login", {"email": "nobody@example.com", "password": "wrong-wrong-wrong"}),
    ("POST", "/v1/checkout", PAY)]


@pytest.fixture
def make(new_stack, request):
    """A stack of one's own and variants with plenty of stock, in the order in which they are locked."""

    def one(**settings):
        few = {"workers": 3, "slow_workers": 1, "catalog_cache_ms": 0}
        stack = new_stack(request.node.name, **(few | settings))
        made = make_product(Api(stack).staff(), stock=1000000, variants=4)
        return stack, sorted(variant_ids(made))

    return one


class Buyer:
    """Buys again and again, each time as a new guest. A checkout not answered 201 is sent again with
    the same key, which counts once there is an account; every answer is 201 or 503."""

    def __init__(self, variants, pay):
        self.variants, self.pay = variants, pay
        self.guests, self.orders, self.refused = 0, [], 0
        self.key = self.left = None

    def __call__(self, wire):
        """One request."""
        if self.left is None:
            if body := self.post(wire, "/v1/auth/guest"):
                wire.token = json.loads(body)["access_token"]
                self.guests += 1
                self.left = self.variants[: 1 + self.guests % len(self.variants)]
                self.bought = {v: n for n, v in enumerate(self.left, 1)}
        elif self.left:
            line = {"variant_id": self.left[0], "quantity": self.bought[self.left[0]]}
            if self.post(wire, "/v1/cart/items", line):
                self.left = self.left[1:]
        elif body := self.post(wire, "/v1/checkout", self.pay):
            self.orders.append(json.loads(body))
            assert {i["variant_id"]: i["quantity"] for i in self.orders[-1]["items"]} == self.bought
            self.left = wire.token = None

    def post(self, wire, path, sent=None):
        """The body of 201, or None."""
        self.key = self.key or unique_key()
        code, body = wire.send("POST", path, sent, Idempotency_Key=self.key)
        if code == 201:
            self.key = None
            return body
        assert code == 503, f"{path}: {code} {body}"
        self.refused += 1
        time.sleep(0.02)
        return None

    def finish(self, wire):
        """Complete the order under way."""
        n = len(self.orders)
        until(lambda: self(wire) or len(self.orders) > n, what="the order under way")


def rows_of(db, sql):
    return {tuple(r.values()) for r in db.rows(sql)}


def assert_orders(db, buyers, variants):
    """Acknowledged orders are there as they were acknowledged, nobody has another order, and every order
    is whole."""
    acknowledged = {o["id"].replace("-", "").upper(): o for b in buyers for o in b.orders}
    lines = rows_of(db, "SELECT HEX(order_id), HEX(variant_id), quantity, unit_price FROM order_item")
    for id_, order in acknowledged.items():
        assert {x[1:] for x in lines if x[0] == id_} == {
            (i["variant_id"].replace("-", "").upper(), str(i["quantity"]), str(i["unit_price"]["amount"]))
            for i in order["items"]}
    totals = {r["id"]: int(r["total"]) for r in db.rows("SELECT HEX(id) AS id, total FROM orders")}
    assert totals == {id_: o["total"]["amount"] for id_, o in acknowledged.items()}
    whole = {(id_,) for id_ in acknowledged}
    assert rows_of(db, "SELECT HEX(order_id) FROM order_item") == whole
    assert rows_of(db, "SELECT HEX(order_id) FROM payment") == whole
    assert rows_of(db, "SELECT HEX(object_id) FROM audit_log WHERE action = 'order.placed'") == whole
    assert rows_of(db, "SELECT HEX(cause_id), HEX(variant_id), reserved FROM stock_move WHERE kind = 2") == {
        x[:3] for x in lines}
    assert db.value("SELECT COUNT(*) FROM payment") == str(len(whole))
    for variant in variants:
        assert_ledger(db, variant)


class Shop:
    """Buyers at work on a stack; check() looks at what became of it."""

    def __init__(self, stack, variants):
        self.stack, self.variants, self.db = stack, variants, stack.db()
        pay = PAY | ways(Api(stack))
        self.buyers = [Buyer(variants, pay) for _ in range(6)]
        self.pairs = [(Wire(stack), b) for b in self.buyers]
        self.load, self.errors = Load(self.pairs), NginxErrors(stack)

    def more_refused(self):
        """Wait for as many more refusals as there are buyers."""
        want = sum(b.refused for b in self.buyers) + len(self.buyers)
        until(lambda: sum(b.refused for b in self.buyers) >= want, what="refusals")

    def check(self, died=0):
        """Let everybody complete an order, then look at all of them. No answer was one that nginx
        gave because it had waited for too long."""
        assert not self.load.failed, self.load.failed[:5]
        for wire, buyer in self.pairs:
            buyer.finish(wire)
        assert not self.errors.timed_out()
        assert_orders(self.db, self.buyers, self.variants)
        s = status(self.stack)
        assert (s["died"], s["killed"]) == (died, 0)


def test_stopped(make):
    stack, variants = make()
    server, api, wire, errors = Server(stack), Api(stack), Wire(stack).guest(), NginxErrors(stack)
    server.end(signal.SIGTERM)
    for _ in range(3):
        for method, path, body in CALLS:
            answer = api.send(method, path, token=wire.token, key=unique_key(), json=body)
            problem(answer, 503, "unavailable")
            assert int(answer.headers["Retry-After"]) >= 1
        expect(wire.send("GET", "/v1/healthz"), 200)
        expect(wire.send("GET", "/v1/readyz"), 503)
        assert stack.merx("reload").returncode == 0
        pids = {w["pid"] for w in status(stack)["workers"] if w["state"] != "stopping"}
    server.start()
    until(lambda: wire.send("GET", "/v1/readyz")[0] == 200, what="ready again")
    bought = {"variant_id": variants[0], "quantity": 1}
    until(lambda: wire.send("POST", "/v1/cart/items", bought)[0] == 201, what="writing again")
    for method, path, body in CALLS[:-1]:
        until(lambda: wire.send(method, path, body)[0] != 503, what=path)
    assert not errors.timed_out()
    assert {w["pid"] for w in status(stack)["workers"]} >= pids


def test_killed_under_load(make):
    stack, variants = make()
    server, shop = Server(stack), Shop(stack, variants)
    with shop.load as load:
        for _ in range(2):
            load.more(200)
            server.end(signal.SIGKILL)
            shop.more_refused()
            server.start()
        load.more(200)
    assert sum(b.refused for b in shop.buyers) > 0
    shop.check()


def test_silent_under_load(make):
    """A server that neither answers nor goes away, and later carries out what it was sent."""
    stack, variants = make(
        db_connect_timeout_s=1, db_statement_timeout_ms=1500, db_lock_timeout_s=1,
        queue_age_max_ms=3000, request_timeout_ms=8000)
    shop, pid = Shop(stack, variants), stack.pid("db")
    with shop.load as load:
        load.more(200)
        os.kill(pid, signal.SIGSTOP)
        try:
            shop.more_refused()
        finally:
            os.kill(pid, signal.SIGCONT)
        load.more(200)
    assert sum(b.refused for b in shop.buyers) > 0
    shop.check()


def test_connections_killed_under_load(make):
    stack, variants = make()
    shop, killed = Shop(stack, variants), 0
    with shop.load as load:
        for _ in range(30):
            killed += stack.cut_connections()
            load.more(10)
        load.more(200)
    assert killed > 30
    shop.check()


def test_workers_killed_under_load(make):
    stack, variants = make()
    shop, kills = Shop(stack, variants), 10
    with shop.load as load:
        for n in range(kills):
            load.more(30)
            os.kill(until(lambda: serving(stack))[0]["pid"], signal.SIGKILL)
            until(lambda: status(stack)["died"] == n + 1, what="the death was noticed")
        load.more(200)
    shop.check(died=kills)


def test_commits_lost_under_load(make, tmp_path):
    """A third of the COMMITs is lost with its connection, half of them after it was carried out."""
    stack, variants = make()
    proxy = DbProxy(tmp_path / "db", stack.env["MERX_DB_SOCKET"])
    serve(stack, db_socket=proxy.path)
    shop, chance, lost = Shop(stack, variants), random.Random(1), []

    def hook(forward):
        fate = chance.choice(["relay"] * 4 + ["lost", "carried out"])
        if fate != "relay":
            lost.append(fate)
        if fate == "carried out":
            forward()
        return fate == "relay"

    proxy.at_commit = hook
    with shop.load as load:
        load.more(1000)
    proxy.at_commit = None
    shop.check()
    assert len(set(lost)) == 2 and len(lost) > 100
    proxy.close()


# ---- locks


@pytest.fixture
def buyer(make):
    """A guest with two lines in the cart; .stack, .variants in the order of their locks, .body."""
    stack, variants = make(db_lock_timeout_s=1)
    wire = Wire(stack).guest()
    wire.stack, wire.variants, wire.pay = stack, variants[:2], PAY | ways(Api(stack))
    for v in wire.variants:
        expect(wire.send("POST", "/v1/cart/items", {"variant_id": v, "quantity": 1}), 201)
    return wire


class Checkout:
    """A checkout in the background."""

    def __init__(self, wire):
        self.key = unique_key()
        self.thread = threading.Thread(target=self._run, args=(wire,))
        self.thread.start()

    def _run(self, wire):
        self.code, self.body = wire.send("POST", "/v1/checkout", wire.pay, Idempotency_Key=self.key)

    def wait(self):
        self.thread.join(PATIENCE_S)
        return self.code


def test_lock_wait_is_repeated(buyer):
    before = counter(buyer.stack, "lock_timeouts")
    with stock_lock(buyer.stack, buyer.variants[1]):
        checkout = Checkout(buyer)
        until(lambda: counter(buyer.stack, "lock_timeouts") > before, what="one wait has ended")
    assert checkout.wait() == 201, checkout.body
    assert_one_order(buyer)


def test_lock_wait_ends(buyer):
    with stock_lock(buyer.stack, buyer.variants[1]):
        checkout = Checkout(buyer)
        assert checkout.wait() == 503, checkout.body
    db = buyer.stack.db()
    for table in ("orders", "order_item", "payment", "idempotency"):
        assert db.value(f"SELECT COUNT(*) FROM {table}") == "0", table
    assert db.value("SELECT COUNT(*) FROM audit_log WHERE object_type = 'order'") == "0"
    assert db.value("SELECT COUNT(*) FROM stock_move WHERE kind = 2") == "0"
    assert len(json.loads(expect(buyer.send("GET", "/v1/cart"), 200))["items"]) == 2
    expect(buyer.send("POST", "/v1/checkout", buyer.pay, Idempotency_Key=checkout.key), 201)
    assert_one_order(buyer)


def test_deadlock_is_repeated(buyer):
    """The checkout holds the first stock row and waits for the second; the other session holds the
    second, has changed more and asks for the first, so that the checkout is chosen to lose."""
    with stock_lock(buyer.stack, buyer.variants[1]) as lock:
        lock.run("UPDATE product SET sold = sold + 1")
        checkout = Checkout(buyer)
        until(lambda: counter(buyer.stack, "lock_row_lock_current_waits"), what="the checkout waits")
        first = lock.run(f"SELECT 1 FROM stock WHERE variant_id = {hexed(buyer.variants[0])} FOR UPDATE")
        assert first == ["1"]
        assert counter(buyer.stack, "lock_deadlocks") == 1
    assert checkout.wait() == 201, checkout.body
    assert_one_order(buyer)


def assert_one_order(buyer):
    db = buyer.stack.db()
    assert len(json.loads(expect(buyer.send("GET", "/v1/orders"), 200))["data"]) == 1
    assert db.value("SELECT COUNT(*) FROM payment") == "1"
    assert db.value("SELECT COUNT(*) FROM order_item") == "2"
    for variant in buyer.variants:
        assert assert_ledger(db, variant)["reserved"] == 1
