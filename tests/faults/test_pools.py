"""Effects of a busy worker on others: the other workers, the fast pool, status, and
the deadline that ends it. R-10, R-14."""
import collections
import json
import os
import re
import signal
import threading

import fcgi_client
from beside import Beside
from client import PATIENCE_S, Api, until
from load import (
    Load, NginxErrors, Waiting, be_guest, cart_lock, expect, read, sign_in, status,
    stopped, workers)
from wire import Wire
# A worker that gives no sign of life is killed after two of these time-outs and three seconds.
HASTY = {"request_timeout_ms": 1000, "db_statement_timeout_ms": 500, "queue_age_max_ms": 500}


def test_one_worker_waits_and_the_others_do_not(make):
    """Twelve kept connections or more over three workers, of which one has a request that waits."""
    stack, variant = make()
    buyer = Wire(stack).guest()
    body = {"variant_id": variant, "quantity": 1}
    expect(buyer.send("POST", "/v1/cart/items", body), 201)
    connections = []
    owned = [0]
    while len(connections) < 12 or (min(owned) < 2 and len(connections) < 60):
        connections.append(fcgi_client.Connection(stack.env["MERX_SOCKET"]))
        assert connections[-1].get(keep=True).status == 200
        owned = [w["connections"] for w in workers(stack)]
    assert min(owned) >= 2, "they are spread"
    with cart_lock(stack, [buyer]):
        connections[0].send(fcgi_client.request(
            "/v1/cart/items", "POST", json.dumps(body).encode(), keep=True,
            HTTP_AUTHORIZATION=f"Bearer {buyer.token}"))
        (stuck,) = until(lambda: [w for w in workers(stack, state="busy") if w["request_id"]], what="it waits")
        answers = ask_all(connections[1:])
        until(lambda: answers() == len(connections) - stuck["connections"], what="the others")
        for _ in range(50):
            assert fcgi_client.get(stack.env["MERX_SOCKET"]).status == 200
        (still,) = workers(stack, state="busy")
        assert still["request_id"] == stuck["request_id"]
        assert answers() == len(connections) - stuck["connections"]
    assert connections[0].answer().status == 201
    until(lambda: answers() == len(connections) - 1, what="the others of that worker")
    for c in connections:
        c.close()


def ask_all(connections):
    """Send a request on each; a function that says how many have been answered by now, once as many
    as can be are."""
    answered = []

    def ask(c):
        assert c.get(keep=True).status == 200
        answered.append(c)

    threads = [threading.Thread(target=ask, args=(c,)) for c in connections]
    for t in threads:
        t.start()

    def count():
        for t in threads:
            t.join(0.02)
        return len(answered)

    return count


def test_a_waiting_worker_behind_nginx(make):
    """At most the requests on the connections of that worker wait with it, one on each."""
    stack, variant = make()
    answered = collections.Counter()

    def ask(wire):
        expect(wire.send("GET", "/v1/healthz"), 200)
        answered[wire] += 1

    wires = [Wire(stack) for _ in range(8)]
    with Load([(w, ask) for w in wires]) as load:
        load.more(500)
        with Waiting(stack, variant, all_busy=False):
            load.more(500)
            (stuck,) = [w for w in workers(stack) if w["route"] == "cart.items.add"]
            before = answered.copy()
            load.more(2000)
            held = [w for w in wires if answered[w] == before[w]]
        load.more(500)
    assert not load.failed, load.failed[:3]
    assert len(held) <= stuck["connections"]


def test_status_while_all_wait(make):
    stack, variant = make()
    with Waiting(stack, variant):
        for _ in range(5):
            busy = workers(stack)
            assert {(w["state"], w["route"]) for w in busy} == {("busy", "cart.items.add")}
            assert all(w["request_id"] for w in busy)
        assert "cart.items.add" in stack.merx("status").stdout
        assert "merx_requests_total" in stack.merx("status", "metrics").stdout


def test_a_master_that_stands_still(make):
    """Requests are served; questions to the master end, and hold no worker for good."""
    stack, _ = make(slow_workers=1)
    api, site = Api(stack), stack.env["MERX_URL"].removesuffix("/api")
    with stopped([stack.pid("serve")]):
        assert api.get("/v1/healthz").status_code == 200
        done = stack.merx("status", check=False)
        assert done.returncode == 1 and done.stderr == "error: the master does not answer\n"
        assert api.http.get(site + "/metrics", timeout=60).status_code == 200
        assert api.login(stack.env["MERX_CUSTOMER_EMAIL"], stack.env["MERX_CUSTOMER_PASSWORD"])
    assert stack.merx("status").returncode == 0
    until(lambda: api.http.get(site + "/metrics", timeout=60).status_code == 200, what="the metrics")


def test_each_route_in_its_pool(make):
    """By method and path: one path may have routes of both."""
    stack, _ = make(pay_workers=1, staff_workers=1)
    api = Api(stack)
    pool_of = {w["pid"]: w["pool"] for w in status(stack)["workers"]}
    wanted = {}
    for path, methods in api.get("/v1/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            if "x-pool" in operation and path.startswith("/v1"):
                sent = {"X-Request-Id": f"pool-{len(wanted)}"}
                api.send(method.upper(), re.sub("{[^}]*}", "x", path), headers=sent)
                wanted[sent["X-Request-Id"]] = (operation["x-pool"], method, path)

    def found():
        lines = re.findall(r'pid=(\d+) req=(pool-\d+) .*msg="request"', stack.log())
        return {req: pool_of[int(pid)] for pid, req in lines}

    until(lambda: len(found()) == len(wanted), what="all are in the log")
    served = found()
    assert [w for req, w in wanted.items() if served[req] != w[0]] == []
    assert {"fast", "slow", "pay", "staff"} == set(served.values())


def test_sign_ins_do_not_delay_the_fast_pool(make):
    stack, variant = make(slow_workers=2)
    errors = NginxErrors(stack)
    with Load([(Wire(stack), sign_in(stack)) for _ in range(8)]) as signing:
        signing.more(8)
        with stopped(w["pid"] for w in workers(stack, "slow")):
            until(lambda: status(stack)["pools"]["slow"]["queue"] > 0, what="sign-ins queue up")
            before = [w["requests"] for w in workers(stack, "slow")]
            with Load([(Wire(stack).guest(), read), (Wire(stack), be_guest)]) as load:
                load.more(300)
            assert [w["requests"] for w in workers(stack, "slow")] == before
        signing.more(8)
    assert not load.failed and not signing.failed, (load.failed[:3], signing.failed[:3])
    assert not errors.new(), errors.new()[:5]


def test_deadline(make):
    """A worker that is busy for too long is killed; its client hears of it, and nobody else."""
    stack, variant = make(request_timeout_ms=6000, db_statement_timeout_ms=5500, queue_age_max_ms=5500)
    with Waiting(stack, variant, all_busy=False) as waiting:
        (stuck,) = workers(stack, state="busy")
        others = {w["pid"] for w in workers(stack)} - {stuck["pid"]}
        os.kill(stuck["pid"], signal.SIGSTOP)
        ((code, body),) = waiting.answers()
        assert code == 503 and json.loads(body)["code"] == "unavailable", body
        (line,) = [x for x in stack.log().splitlines() if "passed its deadline, worker killed" in x]
        assert "route=cart.items.add" in line and f"worker={stuck['pid']}" in line, line
        until(lambda: len(workers(stack, state="ready")) == 3, what="it was replaced")
        assert {w["pid"] for w in workers(stack)} > others
        assert (status(stack)["killed"], status(stack)["died"]) == (1, 0)
    waiting.lock.process.wait(PATIENCE_S)
    wire = waiting.wires[0]
    expect(wire.send("POST", "/v1/cart/items", waiting.body), 201)
    assert waiting.quantities(stack.db()) == [2]


def test_stuck_between_requests(new_stack):
    stack = new_stack("stuck", workers=3, slow_workers=1, **HASTY)
    before = workers(stack)
    os.kill(before[0]["pid"], signal.SIGSTOP)
    until(lambda: status(stack)["killed"] == 1, what="the stopped worker was killed")
    until(lambda: len(workers(stack, state="ready")) == 3, what="it was replaced")
    assert {w["pid"] for w in workers(stack)} & {w["pid"] for w in before} == {
        w["pid"] for w in before[1:]}
    assert "does not respond between requests" in stack.log()


def test_stopped_together(new_stack, tmp_path):
    """A worker that wakes up with the master is not taken for stuck. The pause ends when another
    master has killed a worker that stood still alone."""
    stack = new_stack("together", workers=3, slow_workers=1, **HASTY)
    other = Beside(stack, tmp_path)
    pids = [stack.pid("serve"), *(w["pid"] for w in status(stack)["workers"])]
    with stopped(pids):
        other.lose_a_worker()
    other.lose_a_worker()
    other.stop()
    assert [w["pid"] for w in status(stack)["workers"]] == pids[1:]
    assert status(stack)["killed"] == 0
