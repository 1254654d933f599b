"""Logs as an operator wants them: JSON, priorities for the journal, no health checks, rotated files, and
the same signals for both programs."""
import json
import os
import pathlib
import signal
import subprocess
import time

import fcgi_client
import load
import pytest
from beside import Beside
from client import program, tied, until
from load import hexed


@pytest.fixture
def beside(stack, tmp_path_factory, request):
    made = []

    def start(**settings):
        made.append(Beside(stack, tmp_path_factory.mktemp("log"), **settings))
        return made[-1]

    yield start
    for one in made:
        one.stop()


def lines(beside):
    with open(beside.env["MERX_LOG"], encoding="utf-8") as f:
        return f.read().splitlines()


def test_json(beside):
    one = beside(log_format="json")
    assert fcgi_client.get(one.fast, "/v1/products", HTTP_X_REQUEST_ID="json-1").status == 200
    records = until(lambda: (lambda found: any(r["msg"] == "request" for r in found) and found)(
        [json.loads(line) for line in lines(one)]), what="the request's line")
    (request,) = [r for r in records if r["msg"] == "request" and r.get("req") == "json-1"]
    assert request["route"] == "products.list" and request["status"] == 200
    assert isinstance(request["ms"], float) and request["trips"] > 0 and request["queue_ms"] == 0
    assert request["bytes_in"] == 0 and request["bytes_out"] > 2
    assert len(request["trace"]) == 32 and len(request["span"]) == 16 and request["parent"] == "-"
    assert {r["level"] for r in records} <= {"info", "warn"}


def test_health_checks_are_left_out(beside):
    one = beside(log_health_checks="off")
    for path in ("/v1/healthz", "/v1/readyz", "/v1/no-such", "/v1/products"):
        fcgi_client.get(one.fast, path)
    until(lambda: any("route=products.list" in line for line in lines(one)), what="the last line")
    told = [line for line in lines(one) if 'msg="request"' in line]
    assert len(told) == 2 and "status=404" in told[0], told


def test_a_log_is_for_its_owner_and_group(beside):
    one = beside()
    assert os.stat(one.env["MERX_LOG"]).st_mode & 0o777 == 0o640


@pytest.mark.parametrize("ours", [True, False], ids=["journal", "pipe"])
def test_priorities_for_the_journal(stack, tmp_path, ours):
    reader, writer = os.pipe()
    of = os.fstat(writer)
    env = stack.environment(log="", socket=tmp_path / "a", socket_slow=tmp_path / "b",
                            control=tmp_path / "no" / "such" / "directory")
    env["JOURNAL_STREAM"] = f"{of.st_dev}:{of.st_ino}" if ours else "8:12345"
    done = subprocess.run([program(), "serve"], env=env, stderr=writer, check=False, timeout=60)
    os.close(writer)
    with open(reader, encoding="utf-8") as f:
        told = f.read().splitlines()
    assert done.returncode != 0 and told
    assert all(line.startswith("<3>ts=" if ours else "ts=") for line in told if "level=error" in line), told
    assert any("level=error" in line for line in told)


class Jobs:
    """A job runner with settings of its own in a file."""

    def __init__(self, stack, where):
        self.conf, self.log = where / "merx.conf", where / "jobs.log"
        env = {k: v for k, v in stack.environment(log=self.log).items() if k != "MERX_JOB_INTERVAL_MS"}
        self.set("log_level = info")
        self.process = subprocess.Popen(tied(program(), "-c", self.conf, "jobs"), env=env)
        self.wait('msg="jobs started"')

    def set(self, text):
        self.conf.write_text(f"{text}\njob_interval_ms = 20\n")

    def wait(self, text, n=1):
        until(lambda: self.log.exists() and self.log.read_text().count(text) >= n, what=text)


@pytest.fixture
def jobs(stack, tmp_path):
    one = Jobs(stack, tmp_path)
    yield one
    one.process.kill()
    one.process.wait()


def test_jobs_reopen_their_log(jobs, tmp_path):
    jobs.log.rename(tmp_path / "jobs.log.1")
    jobs.process.send_signal(signal.SIGUSR1)
    until(jobs.log.exists, what="the new file")
    jobs.process.send_signal(signal.SIGQUIT)
    assert jobs.process.wait(60) == 0
    assert 'msg="jobs ended"' in jobs.log.read_text()


def test_jobs_take_the_other_signals_of_the_master(jobs):
    """Those for the number of workers have no effect; USR2 begins the installed program anew."""
    for number in (signal.SIGTTIN, signal.SIGTTOU, signal.SIGUSR2):
        jobs.process.send_signal(number)
    jobs.wait('msg="jobs started"', 2)
    jobs.process.send_signal(signal.SIGINT)
    assert jobs.process.wait(60) == 0


def open_files(pid):
    return {os.readlink(entry) for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir() if os.path.lexists(entry)}


def test_no_process_keeps_a_log_that_was_rotated(beside):
    """Renamed as logrotate does, while requests come: each has one line in one of the files."""
    one = beside()
    log = pathlib.Path(one.env["MERX_LOG"])
    old = log.with_suffix(".1")
    for i in range(20):
        fcgi_client.get(one.fast, "/v1/products", HTTP_X_REQUEST_ID=f"rotated-{i}")
        if i == 10:
            log.rename(old)
            one.master.send_signal(signal.SIGUSR1)
    pids = [one.master.pid, *(w["pid"] for w in one.status()["workers"])]
    assert len(pids) == 3
    until(lambda: not any(str(old) in open_files(pid) for pid in pids), what="nobody has the old file open")
    text = until(lambda: (lambda t: t.count("rotated-") >= 20 and t)(old.read_text() + log.read_text()), what="all lines")
    assert all(text.count(f" req=rotated-{i} ") == 1 for i in range(20))


def test_jobs_reload_their_settings(jobs):
    jobs.set("log_format = xml")
    jobs.process.send_signal(signal.SIGHUP)
    jobs.wait("reload failed, the old settings stay")
    assert "log_format must be logfmt or json" in jobs.log.read_text()
    jobs.set("log_format = json")
    jobs.process.send_signal(signal.SIGHUP)
    jobs.wait('"msg":"jobs started"')
    jobs.process.send_signal(signal.SIGTERM)
    assert jobs.process.wait(60) == 0
    assert jobs.log.read_text().splitlines()[-1].endswith('"msg":"jobs ended"}')


# ---- slow requests


def slow(one, request):
    """The line of a slow request, its statements as {name: (trips, ms)}."""
    (line,) = until(lambda: [r for r in map(json.loads, lines(one))
                             if r["msg"] == "slow request" and r["req"] == request], what="the slow request's line")
    told = [part.split() for part in line["statements"].split(", ") if part]
    return line, {name: (int(trips), float(ms)) for name, trips, ms in told}


def test_a_slow_request_names_its_statements(beside):
    one = beside(log_format="json", slow_request_ms=1)
    one.proxy.at_command = lambda _: time.sleep(0.05) or True
    answer = fcgi_client.get(one.fast, "/v1/products?q=nobody-may-read-this", HTTP_X_REQUEST_ID="slow-1")
    one.proxy.at_command = None
    assert answer.status == 200
    line, told = slow(one, "slow-1")
    assert line["level"] == "warn" and line["route"] == "products.list" and len(line["trace"]) == 32
    assert line["ms"] >= line["db_ms"] >= 50 and line["trips"] == sum(trips for trips, _ in told.values()) > 0
    assert any(name.startswith("catalog.") for name in told), told
    assert max(ms for _, ms in told.values()) >= 50
    assert list(told.values()) == sorted(told.values(), key=lambda cost: -cost[1]), "the slowest first"
    assert not any("nobody-may-read-this" in text for text in lines(one))


def test_a_slow_sign_in_says_that_it_hashed(beside):
    one = beside(log_format="json", slow_request_ms=1)
    sent = {"email": "nobody@example.com", "password": "no-such-Password-9"}
    body = json.dumps(sent).encode()
    assert fcgi_client.get(one.slow, "/v1/auth/login", method="POST", body=body,
                           HTTP_X_REQUEST_ID="slow-2").status == 401
    line, _ = slow(one, "slow-2")
    assert line["ms"] > line["hash_ms"] > 1 and line["hash_wait_ms"] >= 0 and line["provider_ms"] == 0
    assert not any(value in text for text in lines(one) for value in sent.values())


def test_a_slow_request_says_that_it_ran_again(beside, stack, api):
    """Its row is locked until it has waited for db_lock_timeout_s."""
    guest = api.guest()
    assert guest.patch("/v1/cart", {"note": "a"}).status_code == 200
    one = beside(log_format="json", slow_request_ms=1, db_lock_timeout_s=1, db_statement_timeout_ms=2500)
    with load.Session(stack) as held:
        assert held.run(f"BEGIN; SELECT 1 FROM cart WHERE account_id = {hexed(guest.id)} FOR UPDATE") == ["1"]
        status, _ = one.send(one.fast, "PATCH", "/v1/cart", {"note": "b"}, guest.token)
    assert status == 503
    line = until(lambda: [r for r in map(json.loads, lines(one)) if r["msg"] == "slow request"], what="the line")[0]
    assert line["retries"] >= 1 and line["route"] == "cart.patch" and line["db_ms"] > 1000, line


def test_no_line_of_a_request_that_is_not_slow(beside):
    one = beside(slow_request_ms=60000)
    fcgi_client.get(one.fast, "/v1/products")
    until(lambda: any("route=products.list" in line for line in lines(one)), what="the request's line")
    assert not any("slow request" in line for line in lines(one))
