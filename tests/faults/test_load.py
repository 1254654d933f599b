"""Load that rises and falls, and more of it than there can be: workers follow, what is too much is refused at once,
and a host is taken out of service. Times are compared with times of the same run, and printed."""
import contextlib
import functools
import json
import random
import re
import statistics
import subprocess
import threading
import time

import pytest
from client import PATIENCE_S, Api, program, until
from load import Load, NginxErrors, Threads, cart_lock, expect, status, workers
from wire import Wire

CAPACITY_TIMES = 3


@pytest.fixture
def make(make):
    return lambda **settings: make(**({"workers": 2} | settings))


@contextlib.contextmanager
def slow_carts(stack, seconds):
    """Each change of a line of a cart takes so long in the database, and no processor."""
    owner = stack.admin()
    owner.run("GRANT TRIGGER ON merx.cart_item TO 'merx'@'localhost'")
    for event in ("INSERT", "UPDATE"):
        owner.run(f"CREATE DEFINER = 'merx'@'localhost' TRIGGER slow_{event} BEFORE {event} ON cart_item FOR EACH ROW"
                  f" SET @x = SLEEP({seconds})")
    try:
        yield
    finally:
        for event in ("INSERT", "UPDATE"):
            owner.run(f"DROP TRIGGER slow_{event}")


class Clients(Threads):
    """Each adds to a cart of its own, again and again; seconds and status of every answer are in `seen`."""

    def __init__(self, stack, variant, n, pause_s=0):
        self.variant, self.pause_s, self.seen = variant, pause_s, []
        self.failed = []
        self.wires = [Wire(stack).guest() for _ in range(n)]
        super().__init__(functools.partial(self._run, wire) for wire in self.wires)

    def _run(self, wire):
        due = time.monotonic()
        while not self.stop.is_set():
            began = time.monotonic()
            code, body = wire.send("POST", "/v1/cart/items", {"variant_id": self.variant, "quantity": 1})
            self.seen.append((time.monotonic() - began, code))
            if code not in (201, 503):
                self.failed.append((code, body))
            due = max(due + self.pause_s * random.uniform(0, 2), began)
            self.stop.wait(max(due - time.monotonic(), 0))

    def more(self, n):
        """The next n answers."""
        first, end = len(self.seen), time.monotonic() + PATIENCE_S
        while len(self.seen) < first + n:
            assert time.monotonic() < end, "answers are missing"
            time.sleep(0.02)
        return self.seen[first:]


def p99(times):
    return statistics.quantiles(times, n=100)[98]


def ms(seconds):
    return f"{1000 * seconds:.1f} ms"


# ---- following the load


def test_workers_follow_a_step_of_the_load(make, capsys):
    """From 1 client to 64 and back."""
    stack, variant = make(workers="1..8", scale_down_s=1)

    def fast():
        return status(stack)["pools"]["fast"]

    assert (fast()["policy"], fast()["want"], fast()["source"]) == ("dynamic", 1, "load")
    with slow_carts(stack, 0.02):
        with Clients(stack, variant, 1) as one:
            one.more(20)
            assert fast()["want"] <= 2
            with Clients(stack, variant, 64) as many:
                began = time.monotonic()
                until(lambda: fast()["ready"] == 8, what="eight workers")
                took = time.monotonic() - began
                many.more(200)
                settled_p99 = p99([t for t, _ in many.more(400)])
                stack.merx("scale", "1")
                many.more(64)
                one_p99 = p99([t for t, _ in many.more(150)])
                stack.merx("scale", "auto")
                until(lambda: fast()["ready"] == 8, what="eight workers again")
            until(lambda: fast()["want"] <= 2, what="they go again")
            one.more(20)
    with capsys.disabled():
        print(f"\n1 to 64 clients: 8 workers after {took:.1f} s; p99 {ms(settled_p99)} then, {ms(one_p99)} with one")
    assert settled_p99 < one_p99 / 2
    assert not one.failed and not many.failed
    assert {code for _, code in many.seen} == {201}


def test_a_command_pins_and_auto_gives_back(make):
    stack, variant = make(workers="1..4", scale_down_s=1)
    said = json.loads(stack.merx("scale", "3", "--json").stdout)["pools"]["fast"]
    assert (said["want"], said["ready"], said["source"], said["scaled"]) == (3, 3, "command", True)
    with slow_carts(stack, 0.05), Clients(stack, variant, 16) as many:
        many.more(100)
        assert status(stack)["pools"]["fast"]["want"] == 3, "the load changes nothing"
        assert stack.merx("scale", "fast", "auto").stdout == ""
        assert status(stack)["pools"]["fast"]["source"] == "load"
        until(lambda: status(stack)["pools"]["fast"]["ready"] == 4, what="it follows the load again")
    until(lambda: status(stack)["pools"]["fast"]["want"] == 1, what="they go")
    assert "fast 1/1 (1..4)" in stack.merx("status").stdout and not many.failed
    assert stack.merx("scale", "slow", "2").returncode == 0
    assert stack.merx("scale", "slow", "auto").returncode == 0
    slow = status(stack)["pools"]["slow"]
    assert (slow["want"], slow["ready"], slow["policy"], slow["source"]) == (1, 1, "static", "settings")


# ---- shedding


def shares(seen):
    """Times of the answers that were given and of those that were refused."""
    return [t for t, code in seen if code == 201], [t for t, code in seen if code == 503]


def overload(stack, variant, capsys):
    """Normal load, then three times of what can be served; whether the bounds hold, and the figures."""
    with Clients(stack, variant, 2) as few:
        few.more(30)
        began = time.monotonic()
        normal = few.more(200)
        capacity = 200 / (time.monotonic() - began)
    n = 24
    with Clients(stack, variant, n, pause_s=n / (CAPACITY_TIMES * capacity)) as many:
        many.more(200)  # it begins
        api, checks = Api(stack), []
        began = time.monotonic()
        first = len(many.seen)
        while len(many.seen) < first + 1000:
            checks.append(api.get("/v1/healthz").status_code)
            time.sleep(0.05)
        seen = many.seen[first:]
        offered = len(seen) / (time.monotonic() - began)
    served, shed = shares(seen)
    usual = [t for t, _ in normal]
    figures = (f"{offered / capacity:.1f} times of {capacity:.0f}/s: {len(served)} served, {len(shed)} refused; median of"
               f" a refusal {ms(statistics.median(shed))}, p99 of the served {ms(p99(served))}, of normal ones"
               f" {ms(p99(usual))}, their median {ms(statistics.median(usual))}")
    with capsys.disabled():
        print(f"\n{figures}")
    assert not few.failed and not many.failed, many.failed[:3]
    assert set(checks) == {200}, "health checks are answered"
    assert offered > capacity * CAPACITY_TIMES / 2 and len(served) > len(seen) / CAPACITY_TIMES / 2, figures
    return statistics.median(shed) < 2 * statistics.median(usual) and p99(served) < 2 * p99(usual), figures


def test_more_than_can_be_served_is_refused_at_once(make, capsys):
    stack, variant = make(overload_shed="on")
    errors = NginxErrors(stack)
    with slow_carts(stack, 0.01):
        rounds = []
        while len(rounds) < 3 and not (rounds and rounds[-1][0]):
            rounds.append(overload(stack, variant, capsys))
        assert rounds[-1][0], rounds
        code, body = refused(stack, variant)
        assert json.loads(body)["code"] == "overloaded" and code == 503
    assert not errors.new(), errors.new()[:3]
    (count,) = re.findall(r'^merx_shed_total{reason="overload"} (\d+)$', stack.merx("status", "metrics").stdout, re.M)
    assert int(count) > 500
    wire = Wire(stack).guest()
    for _ in range(20):
        expect(wire.send("POST", "/v1/cart/items", {"variant_id": variant, "quantity": 1}), 201)


def refused(stack, variant):
    """A refusal, which says when to come back."""
    wire, end = Wire(stack).guest(), time.monotonic() + PATIENCE_S
    with Clients(stack, variant, 24) as many:
        many.more(200)
        while time.monotonic() < end:
            wire.connection.request("POST", f"{wire.mount}/v1/cart/items", headers={
                "Authorization": f"Bearer {wire.token}", "Content-Type": "application/json"},
                body=json.dumps({"variant_id": variant, "quantity": 1}))
            answer = wire.connection.getresponse()
            body = answer.read()
            if answer.status == 503:
                assert int(answer.headers["Retry-After"]) >= 1
                return answer.status, body
    raise AssertionError("nothing was refused")


# ---- out of service


def code_of(api, path="/v1/products?limit=1"):
    return api.get(path).status_code


def test_a_host_is_taken_out_of_service(make):
    stack, variant = make(drain_lead_s=1)
    api, buyer = Api(stack), Wire(stack).guest()
    body = {"variant_id": variant, "quantity": 1}
    expect(buyer.send("POST", "/v1/cart/items", body), 201)
    lock, answers = cart_lock(stack, [buyer]), []
    waits = threading.Thread(target=lambda: answers.append(buyer.send("POST", "/v1/cart/items", body)))
    try:
        waits.start()
        until(lambda: workers(stack, state="busy"), what="a request is in hand")
        drain = subprocess.Popen([program(), "drain", "--json"], env=stack.environment(), stdout=subprocess.PIPE, text=True)
        until(lambda: code_of(api, "/v1/readyz") == 503, what="it is not ready")
        assert api.get("/v1/readyz").json()["service"] == "draining"
        until(lambda: code_of(api) == 503, what="nothing new is taken")
        answer = api.get("/v1/products?limit=1")
        assert answer.json()["code"] == "unavailable" and int(answer.headers["Retry-After"]) >= 1
        assert code_of(api, "/v1/healthz") == 200
        assert drain.poll() is None and not answers, "one is in hand"
    finally:
        lock.__exit__()
        waits.join()
    said = json.loads(drain.communicate(timeout=PATIENCE_S)[0])
    assert drain.returncode == 0 and answers[0][0] == 201
    assert all(p["draining"] for p in said["pools"].values())
    assert "draining" in stack.merx("status").stdout
    stack.merx("reload")
    assert code_of(api, "/v1/readyz") == 503, "also after a reload"
    stack.merx("upgrade")
    assert code_of(api, "/v1/readyz") == 503, "and after an upgrade"
    assert stack.merx("resume").stdout == ""
    assert code_of(api) == code_of(api, "/v1/readyz") == 200
    assert not any(p["draining"] for p in status(stack)["pools"].values())


def test_one_pool_is_taken_out_of_service(make):
    stack, _ = make(drain_lead_s=0, pay_workers=1)
    guest = Api(stack).guest()
    assert stack.merx("drain", "staff").returncode == 0
    assert Api(stack).get("/v1/readyz").status_code == 200
    assert guest.get("/v1/admin/products").status_code == 503
    assert guest.get("/v1/me").status_code == 200
    assert stack.merx("resume", "staff").returncode == 0
    assert guest.get("/v1/admin/products").status_code == 403
    refused_name = stack.merx("drain", "nowhere", check=False)
    assert refused_name.returncode == 1 and "the pools are fast, slow, pay, staff" in refused_name.stderr
    assert stack.merx("drain", "a", "b", check=False).returncode == 2


def test_load_balancers_have_time_to_leave(make):
    """Served as ever, but not ready; a resume ends the wait of who drains."""
    stack, _ = make(drain_lead_s=300)
    api = Api(stack)
    drain = subprocess.Popen([program(), "drain"], env=stack.environment(), stdout=subprocess.PIPE, text=True)
    until(lambda: code_of(api, "/v1/readyz") == 503, what="it is not ready")
    for _ in range(20):
        assert code_of(api) == 200
    assert drain.poll() is None
    assert stack.merx("resume").returncode == 0 and code_of(api, "/v1/readyz") == 200
    drain.communicate(timeout=PATIENCE_S)
    assert drain.returncode == 1


# ---- nginx that keeps nothing


def test_nginx_that_keeps_no_connections_loses_nothing(make):
    """P4"""
    stack, variant = make(max_requests=200)
    stack.change_nginx("merx-http.conf", {"    keepalive 32;\n": ""})
    errors = NginxErrors(stack)
    acts = [(Wire(stack).guest(), lambda w: expect(
        w.send("POST", "/v1/cart/items", {"variant_id": variant, "quantity": 1}), 201)) for _ in range(8)]
    with Load(acts) as load:
        load.more(1500)
    assert not load.failed, load.failed[:3]
    assert not errors.new(), errors.new()[:3]
