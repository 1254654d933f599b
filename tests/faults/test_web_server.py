"""nginx stopped, killed, started and reloaded under load: merx serves again as soon as nginx does, what was
acknowledged is there, and the same key gives the same answer."""
import http.client
import json
import signal

import invariants
import pytest
from client import Api, unique_key, until
from load import PAY, Load, NginxErrors, expect, status, ways, workers
from shop import assert_ledger, make_product, variant_ids
from web_server import WebServer
from wire import Wire

BROKEN = (OSError, http.client.HTTPException)


def insist(wire, method, path, body=None, key=None, broken=lambda: None):
    """The answer to a request that is sent again, with its key, as often as its connection breaks."""
    more = {"Idempotency_Key": key} if key else {}

    def answered():
        try:
            return wire.send(method, path, body, **more)
        except BROKEN:
            broken()
            wire.connection.close()
            return None

    return until(answered, what=path)


class Buyer:
    """Orders as one guest after the other. A request that breaks is sent again with the same key, as often as need be."""

    def __init__(self, variant, pay):
        self.variant, self.pay, self.keys, self.broken = variant, pay, {}, 0

    def __call__(self, wire):
        wire.token = None
        wire.token = json.loads(self.post(wire, "/v1/auth/guest"))["access_token"]
        self.post(wire, "/v1/cart/items", {"variant_id": self.variant, "quantity": 1})
        key = unique_key()
        answer = self.post(wire, "/v1/checkout", self.pay, key)
        self.keys[key] = (wire.token, json.loads(answer))

    def post(self, wire, path, body=None, key=None):
        return expect(insist(wire, "POST", path, body, key or unique_key(), self.count_broken), 201)

    def count_broken(self):
        self.broken += 1


@pytest.fixture
def shop(new_stack, request):
    stack = new_stack(request.node.name.replace("[", "-").rstrip("]"), workers=2, slow_workers=1, catalog_cache_ms=0)
    return Shop(stack)


class Shop:
    def __init__(self, stack):
        self.stack, self.server = stack, WebServer(stack)
        self.since = invariants.now(stack.db())
        self.variant = variant_ids(make_product(Api(stack).staff(), stock=1_000_000))[0]
        pay = PAY | ways(Api(stack))
        self.buyers = [Buyer(self.variant, pay) for _ in range(4)]
        self.load = Load([(Wire(stack), b) for b in self.buyers])
        self.pids = {w["pid"] for w in workers(stack)}

    def check(self):
        """Nobody saw anything but a broken connection; each order that was acknowledged is the only one of its
        key, and there is no other. The workers are those of before."""
        assert not self.load.failed, self.load.failed[:3]
        told = {key: sent for b in self.buyers for key, sent in b.keys.items()}
        ids = {order["id"].replace("-", "").upper() for _, order in told.values()}
        assert len(ids) == len(told)
        db = self.stack.db()
        stored = {row["id"] for row in db.rows("SELECT HEX(id) AS id FROM orders")}
        assert stored == ids
        wire = Wire(self.stack)
        for key, (token, order) in told.items():
            wire.token = token
            shown = expect(insist(wire, "GET", f"/v1/orders/{order['id']}"), 200)
            assert json.loads(shown)["id"] == order["id"]
        for b in self.buyers:
            key, (wire.token, order) = list(b.keys.items())[-1]
            again = expect(insist(wire, "POST", "/v1/checkout", b.pay, key), 201)
            assert json.loads(again) == order
        invariants.check(db, self.since)
        assert assert_ledger(db, self.variant)["reserved"] == len(stored)
        now = status(self.stack)
        assert (now["died"], now["killed"]) == (0, 0) and {w["pid"] for w in workers(self.stack)} == self.pids


@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGTERM, signal.SIGKILL])
def test_restarted(shop, how):
    with shop.load as load:
        for _ in range(3):
            load.more(4)
            shop.server.end(how)
            shop.server.start()
        load.more(5)
    assert sum(b.broken for b in shop.buyers) > 0
    shop.check()


def test_reloaded(shop):
    """Nobody notices but by a connection that was closed between two requests."""
    errors = NginxErrors(shop.stack)
    with shop.load as load:
        for _ in range(5):
            load.more(5)
            shop.server.reload()
        load.more(5)
    assert not errors.new(), errors.new()[:3]
    shop.check()
