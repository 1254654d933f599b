"""A worker killed, or its database connection cut, around COMMIT: the retry with the same key gives
exactly one order. R-1, R-6, R-7, INV-2, INV-4, INV-6."""
import json
import os
import signal
import subprocess

import fcgi_client
import pytest
from client import program, tied, unique_key, until
from db_proxy import DbProxy
from shop import assert_ledger, make_product, variant_ids

PAY = json.dumps({"payment": {"provider": "sandbox", "token": "tok_ok"},
                  "email": "guest@example.com"}).encode()


@pytest.fixture(scope="module")
def beside(stack, tmp_path_factory):
    """Workers of their own whose database connections can fail at COMMIT; yields (proxy, socket)."""
    where = tmp_path_factory.mktemp("commit")
    proxy = DbProxy(where / "db.sock", stack.env["MERX_DB_SOCKET"])
    env = stack.environment(
        socket=where / "fast.sock", socket_slow=where / "slow.sock", control=where / "control.sock",
        db_socket=proxy.path, log=where / "merx.log", workers=2, slow_workers=1, sandbox_provider="on")
    master = subprocess.Popen(tied(program(), "serve"), env=env)
    until(lambda: subprocess.run([program(), "status"], env=env, capture_output=True).returncode == 0)
    yield proxy, where / "fast.sock"
    master.send_signal(signal.SIGTERM)
    assert master.wait(60) == 0
    proxy.close()


@pytest.fixture
def buyer(api, staff):
    """A guest with one unit in the cart, and the variant."""
    guest = api.guest()
    guest.variant = variant_ids(make_product(staff, stock=5))[0]
    guest.fill_cart(guest.variant)
    return guest


def pay(sock, buyer, key):
    return fcgi_client.get(
        sock, "/v1/checkout", method="POST", body=PAY, HTTP_AUTHORIZATION=f"Bearer {buyer.token}",
        HTTP_IDEMPOTENCY_KEY=key)


def once(proxy, action):
    """Do `action(forward)` at the next COMMIT only."""

    def hook(forward):
        proxy.at_commit = None
        return action(forward)

    proxy.at_commit = hook


@pytest.mark.parametrize("carried_out", [False, True], ids=["before", "after"])
def test_connection_cut_at_commit(beside, buyer, db, carried_out):
    proxy, sock = beside
    key = unique_key()

    def cut(forward):
        if carried_out:
            forward()
        return False

    once(proxy, cut)
    first = pay(sock, buyer, key)
    assert first.status in (201, 503), first.body
    if first.status == 503:
        assert int(first.headers["retry-after"]) >= 1
    again = pay(sock, buyer, key)
    assert again.status == 201, again.body
    order = json.loads(again.body)
    if first.status == 201:
        assert first.body == again.body
    assert [o["id"] for o in buyer.get("/v1/orders").json()["data"]] == [order["id"]]
    assert assert_ledger(db, buyer.variant)["reserved"] == 1


@pytest.mark.parametrize("carried_out", [False, True], ids=["before", "after"])
def test_worker_killed_at_commit(beside, buyer, db, carried_out):
    proxy, sock = beside
    key = unique_key()

    def kill(forward):
        if carried_out:
            forward()
        os.kill(proxy.peer_pid, signal.SIGKILL)
        return False

    once(proxy, kill)
    with pytest.raises(fcgi_client.Dropped):
        pay(sock, buyer, key)
    assert len(buyer.get("/v1/orders").json()["data"]) == int(carried_out)
    again = until(lambda: retry(sock, buyer, key), what="an answer after the kill")
    assert again.status == 201, again.body
    assert [o["id"] for o in buyer.get("/v1/orders").json()["data"]] == [json.loads(again.body)["id"]]
    assert assert_ledger(db, buyer.variant)["reserved"] == 1


def retry(sock, buyer, key):
    try:
        return pay(sock, buyer, key)
    except (fcgi_client.Dropped, ConnectionError):
        return None
