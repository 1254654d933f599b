"""`merx scale` and `merx reload` return when what they say is true: kept connections have moved to the new
workers, and old workers serve nothing any more."""
import json
import time

import fcgi_client
import pytest
from client import Api, unique_key
from load import Load, NginxErrors, expect, mixed, settled, status, workers
from shop import make_product, variant_ids
from wire import Wire

CLIENTS = 32


@pytest.fixture
def stack(new_stack, request):
    return new_stack(request.node.name, workers=1, slow_workers=1)


def ask(wire):
    expect(wire.send("GET", "/v1/healthz"), 200)


def served(stack, pool="fast"):
    """Requests so far by worker."""
    return {w["pid"]: w["requests"] for w in workers(stack, pool)}


def shares(stack, load, n):
    """Parts of an even share that each worker serves of the next n requests."""
    before = served(stack)
    load.more(n)
    more = {pid: total - before[pid] for pid, total in served(stack).items()}
    return [part * len(more) / sum(more.values()) for part in more.values()]


def test_new_workers_have_their_share_when_scale_returns(stack):
    with Load([(Wire(stack), ask) for _ in range(CLIENTS)]) as load:
        load.more(500)
        for want in (8, 2, 6):
            assert stack.merx("scale", str(want)).stdout == ""
            assert settled(stack) and len(served(stack)) == want
            assert any(min(shares(stack, load, 6000)) > 1 / 3 for _ in range(5)), "some have no part"
    assert not load.failed, load.failed[:3]


def test_old_workers_have_ended_when_reload_returns(stack):
    stack.merx("scale", "4")
    with Load([(Wire(stack), ask) for _ in range(CLIENTS)]) as load:
        load.more(500)
        for n in range(3):
            assert stack.merx("reload").stdout == f"generation {n + 2}\n"
            assert {w["generation"] for w in status(stack)["workers"]} == {n + 2}
            assert settled(stack) and len(served(stack)) == 4
    assert not load.failed, load.failed[:3]


def check_out(wire):
    """A checkout of an empty cart."""
    expect(wire.send("POST", "/v1/checkout", {}, Idempotency_Key=unique_key()), 422)


def test_twenty_rounds_under_posts(new_stack):
    """Reload, scaling up and down and recycling: nobody sees a failure."""
    stack = new_stack("rounds", workers=3, slow_workers=1, max_requests=500)
    variant = variant_ids(make_product(Api(stack).staff(), stock=1000000))[0]
    errors = NginxErrors(stack)
    staff = Wire(stack, Api(stack).staff().token)
    acts = [(Wire(stack).guest(), check_out), (staff, lambda w: expect(w.send("GET", "/v1/admin/roles"), 200))]
    with Load(mixed(stack, variant) + acts) as load:
        for n in range(20):
            for act in (("scale", "+2"), ("scale", "pay", "2"), ("reload",), ("scale", "staff", "2"), ("scale", "-2"),
                        ("scale", "pay", "auto"), ("scale", "slow", "+1"), ("scale", "slow", "auto"),
                        ("scale", "staff", "auto")):
                stack.merx(*act)
                load.more(20)
    assert not load.failed, load.failed[:5]
    assert not errors.new(), errors.new()[:5]
    s = status(stack)
    assert s["generation"] == 21 and s["recycled"] > 0 and (s["died"], s["killed"]) == (0, 0)


def test_what_scale_takes(stack):
    for args, want in ((["3"], (3, 1)), (["+1"], (4, 1)), (["-2"], (2, 1)), (["slow", "2"], (2, 2)),
                       (["slow", "+1"], (2, 3)), (["fast", "1"], (1, 3))):
        said = json.loads(stack.merx("scale", *args, "--json").stdout)
        pools = said["pools"]
        assert (pools["fast"]["want"], pools["slow"]["want"]) == want, args
        assert all(p["ready"] == p["want"] for p in pools.values()) and len(said["workers"]) == sum(want)
    for args in (["0"], ["-1"], ["-5"], ["x"], ["+"], ["medium", "2"], ["slow"], ["slow", "2 3"], ["2000"],
                 ["slow", "1000"]):
        done = stack.merx("scale", *args, check=False)
        assert done.returncode == 1 and done.stderr.startswith("error: ") and not done.stdout, args
    for args in ([], ["fast", "1", "2"]):
        assert stack.merx("scale", *args, check=False).returncode == 2


def test_reload_keeps_what_was_scaled(stack):
    stack.merx("scale", "slow", "2")
    stack.merx("scale", "3")
    said = json.loads(stack.merx("reload", "--json").stdout)
    assert said["generation"] == 2
    pools = said["pools"]
    assert [(pools[p]["want"], pools[p]["scaled"]) for p in ("fast", "slow", "pay")] == [
        (3, True), (2, True), (0, False)]
    assert [pools[p]["source"] for p in ("fast", "slow", "pay")] == ["command", "command", "load"]


def test_scale_says_what_keeps_it(new_stack):
    """A client of the workers that never closes: scale gives up and says so."""
    stack = new_stack("kept", workers=1, slow_workers=1, drain_timeout_s=1, request_timeout_ms=1000,
                      db_statement_timeout_ms=500, queue_age_max_ms=500)
    kept = fcgi_client.Connection(stack.env["MERX_SOCKET"])
    assert kept.get(keep=True).status == 200
    began = time.monotonic()
    done = stack.merx("scale", "2", check=False)
    assert done.returncode == 1 and "workers with connections from before: 1" in done.stderr, done
    assert time.monotonic() - began > 1
    assert status(stack)["pools"]["fast"]["ready"] == 2
    kept.close()
    assert stack.merx("scale", "2").returncode == 0
