"""Reload, scaling, recycling, stop and sudden ends of workers and master behind nginx, under load.
R-1, R-12, R-17, R-22."""
import concurrent.futures
import os
import signal
import subprocess
import time

import pytest
from client import Api, program, until
from load import (
    Adder, Load, NginxErrors, alive, cart_locked, hurry_nginx, mixed, note_pid, settled, status, workers)
from shop import make_product, variant_ids
from wire import Wire


@pytest.fixture
def make(new_stack):
    """A stack of one's own and a variant with plenty of stock."""

    def one(name, **settings):
        stack = new_stack(name, **({"workers": 3, "slow_workers": 1} | settings))
        return stack, variant_ids(make_product(Api(stack).staff(), stock=1000000))[0]

    return one


def assert_whole(load, errors):
    """Nobody saw a failure, neither clients nor nginx."""
    assert not load.failed, load.failed[:5]
    assert not errors.new(), errors.new()[:5]
    assert load.good > 100


def assert_problem(wire):
    """nginx answers for the workers that are not there."""
    status_, body = wire.send("GET", "/v1/healthz")
    assert status_ == 503 and b'"code":"unavailable"' in body, body


def test_twenty_reloads(make):
    stack, variant = make("reload")
    errors, serve = NginxErrors(stack), stack.pid("serve")
    with Load(mixed(stack, variant)) as load:
        for n in range(20):
            if n % 4 < 3:
                done = stack.merx("reload")
                assert f"generation {n + 2}" in done.stdout, done
            else:
                os.kill(serve, signal.SIGHUP)
                until(lambda: status(stack)["generation"] == n + 2, 20, "reloaded")
            load.more(20)
    assert_whole(load, errors)
    until(lambda: settled(stack), 20, "the old workers ended")
    s = status(stack)
    assert (s["died"], s["killed"]) == (0, 0), s
    assert {w["generation"] for w in s["workers"]} == {21}


def test_reloads_while_nginx_closes_connections(make):
    stack, variant = make("closing")
    hurry_nginx(stack)
    errors = NginxErrors(stack)
    with Load(mixed(stack, variant)) as load:
        for _ in range(6):
            stack.merx("reload")
            time.sleep(0.7)
    assert_whole(load, errors)
    until(lambda: settled(stack), 20, "the old workers ended")
    assert (status(stack)["died"], status(stack)["killed"]) == (0, 0)


def test_scaling_under_load(make):
    stack, variant = make("scaling")
    hurry_nginx(stack)
    errors, serve = NginxErrors(stack), stack.pid("serve")
    with Load(mixed(stack, variant)) as load:
        for want in (5, 1, 8, 2):
            assert stack.merx("scale", str(want)).returncode == 0
            assert status(stack)["pools"]["fast"]["want"] == want
            load.more(20)
        for sig, steps, want in ((signal.SIGTTIN, 6, 8), (signal.SIGTTOU, 6, 2)):
            for _ in range(steps):
                before = status(stack)["pools"]["fast"]["want"]
                os.kill(serve, sig)
                until(lambda: status(stack)["pools"]["fast"]["want"] != before, 10, "one step")
            assert status(stack)["pools"]["fast"]["want"] == want
            load.more(20)
    assert_whole(load, errors)
    until(lambda: settled(stack), 20, "two workers are left")
    s = status(stack)
    assert len([w for w in s["workers"] if w["pool"] == "fast"]) == 2 and s["scaled"]
    assert (s["died"], s["killed"]) == (0, 0)


def test_recycling_under_load(make):
    stack, variant = make("recycling", max_requests=40)
    hurry_nginx(stack)
    errors = NginxErrors(stack)
    with Load(mixed(stack, variant)) as load:
        until(lambda: status(stack)["recycled"] >= 20, 30, "twenty workers have ended")
    assert_whole(load, errors)
    until(lambda: settled(stack), 20, "the recycled ended")
    assert (status(stack)["died"], status(stack)["killed"]) == (0, 0)


@pytest.mark.parametrize("line", ["workers = many", "no_such_setting = 1", "workers = 64", "keys = /none"])
def test_broken_setting_keeps_the_old_workers(make, tmp_path, line):
    conf = tmp_path / "merx.conf"
    conf.write_text("log_level = info\n")
    stack, variant = make("broken", conf=conf)
    if line.partition(" ")[0] in ("workers", "keys"):
        pytest.skip("the environment of the stack decides this one")
    before = {w["pid"] for w in workers(stack)}
    errors = NginxErrors(stack)
    with Load(mixed(stack, variant, signs_in=False)) as load:
        conf.write_text(line + "\n")
        done = stack.merx("reload", check=False, conf="")
        assert done.returncode == 1 and "error: " in done.stderr, done
        load.more(50)
    assert_whole(load, errors)
    s = status(stack, conf="")
    assert s["generation"] == 1 and s["phase"] == "serving"
    assert {w["pid"] for w in s["workers"] if w["pool"] == "fast"} == before


def in_hand(stack, n):
    """n guests, each with an addition that waits for its cart; (locks, futures)."""
    raise NotImplementedError
