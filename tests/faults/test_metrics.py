"""Metrics are read from shared memory: they are exact, never go backwards, and neither a master nor workers nor
a database that stand still keep them from whoever asks. P5."""
import os
import signal
import socket

import pytest
from client import Api, until
from load import stopped, workers
from metrics import OPENMETRICS, of_master, parse, through_nginx, value
from shop import make_product, variant_ids

COUNTS = ("_total", "_count", "_sum", "_bucket")


@pytest.fixture
def stack(new_stack, request, tmp_path):
    return new_stack(request.node.name, workers=2, slow_workers=1, metrics_socket=tmp_path / "metrics.sock")


def scrape(stack):
    return parse(through_nginx(stack).text)


def answered(samples, route, status="2xx"):
    return value(samples, "merx_request_duration_seconds_count", route=route, **{"class": status}) or 0


def counters(samples):
    return {key: v for key, v in samples.items() if key[0].endswith(COUNTS)}


def test_exact(stack, tmp_path):
    """Each answer is counted once, by its route and class, in histograms whose last bucket is the count."""
    api, before = Api(stack), scrape(stack)
    for _ in range(20):
        assert api.get("/v1/healthz").status_code == 200
    for _ in range(7):
        assert api.get("/v1/me").status_code == 401
    for _ in range(3):
        assert api.get("/v1/no-such-path").status_code == 404
    after = until(lambda: (s := scrape(stack)) and answered(s, "unknown", "4xx") == 3 and s, what="the last one")
    assert answered(after, "meta.healthz") - answered(before, "meta.healthz") == 20
    assert answered(after, "me.get", "4xx") == 7
    pool = {"pool": "fast", "class": "4xx"}
    assert value(after, "merx_requests_total", **pool) - value(before, "merx_requests_total", **pool) == 10
    for (name, labels), count in after.items():
        if name.endswith("_count"):
            last = name.removesuffix("_count") + "_bucket", tuple(sorted((*labels, ("le", "+Inf"))))
            assert after[last] == count
    head, body = of_master(tmp_path / "metrics.sock")
    assert answered(parse(body), "meta.healthz") == answered(after, "meta.healthz")
    assert "Content-Type: text/plain; version=0.0.4" in head


def test_both_formats(stack, tmp_path):
    """By Accept: OpenMetrics with its end mark and families without _total, or Prometheus text."""
    for content_type, text in (
        (through_nginx(stack, OPENMETRICS).headers["Content-Type"], through_nginx(stack, OPENMETRICS).text),
        of_master(tmp_path / "metrics.sock", f"text/plain;q=0.5, {OPENMETRICS};version=1.0.0"),
    ):
        assert f"{OPENMETRICS}; version=1.0.0; charset=utf-8" in content_type
        assert text.endswith("\n# EOF\n") and "# TYPE merx_requests counter\n" in text
        assert "# UNIT merx_worker_pss_bytes bytes\n" in text and "# TYPE merx_build info\n" in text
        parse(text)
    plain = through_nginx(stack).text
    assert "# EOF" not in plain and "# TYPE merx_requests_total counter\n" in plain
    assert "# TYPE merx_build_info gauge\n" in plain


def test_never_backwards(stack):
    """Workers that die, are killed, scaled away and replaced by a reload leave what they counted."""
    api = Api(stack)
    for _ in range(30):
        api.get("/v1/healthz")
    seen = scrape(stack)
    for disturb in (
        lambda: os.kill(workers(stack, state="ready")[0]["pid"], signal.SIGKILL),
        lambda: stack.merx("scale", "1"),
        lambda: stack.merx("reload"),
        lambda: stack.merx("scale", "3"),
    ):
        disturb()
        until(lambda: api.get("/v1/healthz").status_code == 200, what="an answer, not of the one that died")
        now = scrape(stack)
        for key, count in counters(seen).items():
            assert now[key] >= count, key
        seen = now
    assert answered(seen, "meta.healthz") >= 34
    ends = until(lambda: (s := scrape(stack)) and value(
        s, "merx_worker_exits_total", pool="slow", reason="stopped") == 1 and s, what="the old generation")
    assert value(ends, "merx_worker_exits_total", pool="fast", reason="stopped") == 2
    assert sum(value(ends, "merx_worker_exits_total", pool=p, reason="crash") for p in ("fast", "slow")) == 1
    assert value(ends, "merx_generation") == 2


def test_nobody_is_waited_for(stack, tmp_path):
    """P5: with the master stopped workers tell; with all workers stopped, or the database, the master does."""
    with stopped([stack.pid("serve")]):
        told = scrape(stack)
        assert value(told, "merx_workers", pool="slow", state="idle") is not None
    seen = value(told, "merx_master_seen_timestamp_seconds")
    assert until(lambda: value(scrape(stack), "merx_master_seen_timestamp_seconds") > seen, what="the master")
    with stopped([w["pid"] for w in workers(stack)]):
        _, body = of_master(tmp_path / "metrics.sock")
        assert value(parse(body), "merx_workers_wanted", pool="fast") == 2
    os.kill(stack.pid("db"), signal.SIGSTOP)
    try:
        _, body = of_master(tmp_path / "metrics.sock")
        assert "merx_job_due" in body
    finally:
        os.kill(stack.pid("db"), signal.SIGCONT)


def test_what_the_master_is_not_asked_for(stack, tmp_path):
    """Another path, another method, no HTTP, too much of it, and clients that say nothing: it goes on."""
    path = tmp_path / "metrics.sock"
    assert of_master(path, request="GET / HTTP/1.1")[0].startswith("HTTP/1.1 404 ")
    assert of_master(path, request="POST /metrics HTTP/1.1")[0].startswith("HTTP/1.1 405 ")
    assert of_master(path, request="status")[0].startswith("HTTP/1.1 400 ")
    assert of_master(path, request="HEAD /metrics?x=1 HTTP/1.0")[1] == ""
    with socket.socket(socket.AF_UNIX) as wire:
        wire.connect(str(path))
        try:
            wire.sendall(b"GET /metrics HTTP/1.1\r\n" + b"x: y\r\n" * 10000)
        except (BrokenPipeError, ConnectionResetError):
            pass
    silent = [socket.socket(socket.AF_UNIX) for _ in range(8)]
    for wire in silent:
        wire.connect(str(path))
        wire.sendall(b"GET /metr")
    assert of_master(path)[0].startswith("HTTP/1.1 200 ")
    assert stack.merx("status").returncode == 0
    for wire in silent:
        wire.close()
    assert (os.stat(path).st_mode & 0o777) == 0o660


def test_the_job_runner_tells_of_itself(stack, tmp_path):
    """Through the file beside the control socket, which a runner that starts again replaces."""
    def runs(samples):
        return value(samples, "merx_job_runs_total", job_name="events", result="ok") or 0

    first = until(lambda: (s := scrape(stack)) and runs(s) and s, what="a run")
    assert value(first, "merx_jobs_seen_timestamp_seconds") > 0
    assert value(first, "merx_job_lag_seconds", job_name="mail") is not None
    assert until(lambda: runs(parse(of_master(tmp_path / "metrics.sock")[1])) > runs(first), what="more of them")


def broken(stack, invariant):
    samples = scrape(stack)
    if value(samples, "merx_invariant_round_timestamp_seconds", invariant=invariant):
        return value(samples, "merx_invariant_violations", invariant=invariant)
    return None


def test_money_that_does_not_add_up_is_told_of(stack):
    """Counter and ledger, lines and total, payment and order: each is found by the rounds of the job runner, and
    forgotten when it is mended."""
    api = Api(stack)
    product = make_product(api.staff(), stock=5)
    buyer = api.guest()
    buyer.fill_cart(variant_ids(product)[0])
    assert buyer.checkout().status_code == 201
    rows = stack.admin().rows
    for name in ("stock", "order", "payment"):
        until(lambda: broken(stack, name) == 0, what=f"a round of {name}")
    for name, breaks, mends in (
        ("stock", "UPDATE stock SET on_hand = on_hand + 1", "UPDATE stock SET on_hand = on_hand - 1"),
        ("order", "UPDATE order_item SET line_total = line_total + 1", "UPDATE order_item SET line_total = line_total - 1"),
        ("payment", "UPDATE payment SET amount = amount + 1", "UPDATE payment SET amount = amount - 1"),
    ):
        rows(breaks)
        assert until(lambda: broken(stack, name), what=f"the broken {name}") >= 1
        rows(mends)
        until(lambda: broken(stack, name) == 0, what=f"the whole {name}")
    log = (stack.run / "merx.log").read_text()
    assert 'msg="a row breaks an invariant" invariant=stock row=' in log
