"""The wall clock jumps by an hour, forth and back, while merx serves: durations do not, tokens and what is
due follow it, and ids go on in order."""
import base64
import json
import os
import pathlib
import signal
import subprocess

import pytest
from client import Api, problem, program, tied, unique_email, unique_key, until
from load import (
    PAY, Load, NginxErrors, Waiting, alive, be_guest, expect, hexed, note_pid, serve, status, stopped, ways, workers)
from shop import assert_ledger, make_product, variant_ids
from web_server import WebServer
from wire import Wire

HOUR = 3600
JUMPS = (HOUR, 0, -HOUR, 0)
LIBRARY = sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


class Clock:
    """The wall clock of the processes that begin with .environment, and of nothing else of theirs."""

    def __init__(self, place):
        self.file = place / "clock"
        self.set(0)
        self.environment = {
            "LD_PRELOAD": str(LIBRARY[0]), "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}

    def set(self, seconds):
        """So many beside the true time, for all at the same moment."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.rename(self.file)


def forget_names(pid):
    """Of what libfaketime shares among the process and its children, who have it open: it would stay."""
    for path in pathlib.Path("/dev/shm").glob(f"*faketime_*_{pid}"):
        path.unlink()


@pytest.fixture(scope="module")
def clock(tmp_path_factory):
    if not LIBRARY:
        pytest.skip("libfaketime is not installed")
    if "san-" in program().parent.name:
        pytest.skip("libfaketime and the sanitizer both stand before the C library")
    return Clock(tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="module")
def stack(module_stack, clock):
    """nginx, workers and jobs have that clock; the database is another host's."""
    stack = module_stack("clock", workers=1, slow_workers=1, pay_workers=1, job_interval_ms=20,
                         rate_login_per_account_ip_burst=1)
    serve(stack, clock.environment)
    jobs = stack.pid("jobs")
    os.kill(jobs, signal.SIGTERM)
    until(lambda: not alive(jobs), what="the old jobs ended")
    runner = subprocess.Popen(tied(program(), "jobs"), env=stack.environment() | clock.environment, start_new_session=True)
    note_pid(stack, "jobs", runner.pid)
    server = WebServer(stack)
    server.end()
    server.start(clock.environment)
    for part in ("serve", "jobs", "nginx"):
        forget_names(stack.pid(part))
    return stack


@pytest.fixture(autouse=True)
def true_time(clock):
    yield
    clock.set(0)


@pytest.fixture(scope="module")
def variant(stack):
    return variant_ids(make_product(Api(stack).staff(), stock=100_000))[0]


@pytest.fixture
def api(stack):
    return Api(stack)


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Visitor:
    """Becomes a guest, buys something and is back as another one."""

    def __init__(self, variant, pay):
        self.line, self.pay = {"variant_id": variant, "quantity": 1}, pay

    def __call__(self, wire):
        be_guest(wire)
        expect(wire.send("POST", "/v1/cart/items", self.line), 201)
        expect(wire.send("POST", "/v1/checkout", self.pay, Idempotency_Key=unique_key()), 201)
        expect(wire.send("GET", "/v1/orders"), 200)


def test_nobody_is_refused_for_a_jump(stack, api, clock, variant):
    """But for whoever is on the way just then: a request from an hour ago is too old, and so is a token,
    which is told at once, and nothing of it is run."""
    pay, errors = PAY | ways(api), NginxErrors(stack)
    acts = [(Wire(stack), Visitor(variant, pay)) for _ in range(4)]
    with Load(acts) as load:
        for jump in JUMPS:
            clock.set(jump)
            load.more(20)
    told = [text for _, text in load.failed]
    assert len(told) <= len(acts) * len(JUMPS), told
    assert all(text.startswith(("AssertionError: 401 ", "AssertionError: 503 ")) for text in told), told
    assert not errors.new()
    s = status(stack)
    assert (s["died"], s["killed"]) == (0, 0)


def test_waiting_is_no_longer_for_a_jump(stack, clock, variant):
    """A request waits for a lock meanwhile: no limit of time ends it, its worker or the connection."""
    with Waiting(stack, variant, all_busy=False) as waiting:
        for jump in JUMPS:
            clock.set(jump)
            for _ in range(3):
                assert len(workers(stack, state="busy")) == 1
        waiting.release()
        assert [code for code, _ in waiting.answers()] == [201]
    s = status(stack)
    assert (s["died"], s["killed"]) == (0, 0)


def test_ids_go_on_in_order(stack, api, clock):
    ids = []
    for jump in JUMPS:
        clock.set(jump)
        ids += [api.guest().id for _ in range(5)]
    assert ids == sorted(set(ids))


def test_tokens_follow_it(api, clock):
    """One has ended an hour later and is not yet good an hour before; the session goes on all the time."""
    person = api.customer()
    first = person.token
    for jump in JUMPS:
        clock.set(jump)
        answers = [api.get("/v1/me", token=token).status_code for token in (first, person.token)]
        assert answers == [401 if jump else 200, 401], jump
        renewed = api.post("/v1/auth/refresh", {"refresh_token": person.refresh_token})
        assert renewed.status_code == 200, (jump, renewed.text)
        person.token, person.refresh_token = renewed.json()["access_token"], renewed.json()["refresh_token"]
        assert api.get("/v1/me", token=person.token).status_code == 200


def test_a_session_that_ended_at_another_host_ends_here(stack, api, clock):
    """Also when this host was ahead of its time then, a minute ago, and asked for what had ended since."""
    person = api.customer()
    with stopped(w["pid"] for w in status(stack)["workers"] if w["pool"] != "fast"):
        clock.set(HOUR)
        assert api.guest().get("/v1/me").status_code == 200
        stack.admin().run("UPDATE session SET revoked_at = UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE"
                          f" WHERE id = {hexed(claims(person.token)['sid'])}")
        clock.set(0)
        until(lambda: person.get("/v1/me").status_code == 401, what="the end of the session")


def test_a_session_that_ended_an_hour_before_stays_ended(stack, api, clock):
    """The clock was set back, and a minute after the session had ended forward again: a token of before
    goes with it."""
    person = api.customer()
    assert person.get("/v1/me").status_code == 200
    clock.set(-HOUR)
    renewed = api.post("/v1/auth/refresh", {"refresh_token": person.refresh_token}).json()
    assert api.post("/v1/auth/logout", token=renewed["access_token"]).status_code == 204
    stack.admin().run("UPDATE session SET revoked_at = revoked_at - INTERVAL 1 MINUTE"
                      f" WHERE id = {hexed(claims(person.token)['sid'])}")
    clock.set(0)
    assert person.get("/v1/me").status_code == 401


def test_nobody_is_locked_out_for_a_jump(api, clock):
    """Nor let in by it: limits count by a clock of their own."""
    wrong = {"email": unique_email(), "password": "wrong-wrong-wrong"}
    problem(api.post("/v1/auth/login", wrong), 401, "invalid_credentials")
    for jump in JUMPS:
        clock.set(jump)
        answer = api.post("/v1/auth/login", wrong)
        problem(answer, 429, "rate_limited")
        assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_jobs_go_on(stack, api, clock, variant):
    """Orders that were not paid end when their time is over by that clock, and mail leaves at once."""
    for jump in JUMPS:
        clock.set(jump)
        guest, address = api.guest(), unique_email()
        guest.fill_cart(variant)
        assert guest.checkout(email=address).status_code == 201
        stack.mailbox().wait(address)
    guest.fill_cart(variant)
    unpaid = guest.checkout("tok_declined").json()["order_id"]
    state = f"SELECT status FROM orders WHERE id = {hexed(unpaid)}"
    clock.set(-HOUR)
    mailed = api.guest()
    mailed.fill_cart(variant)
    assert mailed.checkout(email=(address := unique_email())).status_code == 201
    stack.mailbox().wait(address)
    assert stack.db().value(state) == "0"
    clock.set(HOUR)
    until(lambda: stack.db().value(state) == "4", what="it has expired")
    assert assert_ledger(stack.db(), variant)
