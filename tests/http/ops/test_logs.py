"""Logs as an operator wants them: JSON, priorities for the journal, no health checks, rotated files, and
the same signals for both programs."""
import json
import os
import signal
import subprocess

import fcgi_client
import pytest
from beside import Beside
from client import program, tied, until


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
    assert isinstance(request["ms"], float) and request["trips"] > 0
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
