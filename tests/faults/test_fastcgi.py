"""Workers and master under bad peers and sudden ends, spoken to without nginx. The database is a
socket that takes connections and stays silent: who asks it is busy until it is gone."""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import random
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import pytest

import client
import fcgi_client as fcgi
from fcgi_lies import LIES

BUSY = "/v1/readyz"  # waits for the database
# Where the test waits for an end that comes with time: workers wait for a second for their peers, and
# for two at most for a request.
HASTY = {"db_connect_timeout_s": 1, "db_statement_timeout_ms": 500, "db_lock_timeout_s": 1,
         "queue_age_max_ms": 1000, "request_timeout_ms": 4000}


class Merx:
    """A master of its own below a short path, without web server."""

    def __init__(self, **settings):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="mx-"))
        self.database = socket.socket(socket.AF_UNIX)
        self.database.bind(str(self.dir / "db"))
        self.conf = self.dir / "merx.conf"
        self.log = self.dir / "log"
        self.write(**settings)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("MERX_")}
        self.process = None

    def write(self, **settings):
        """Write the settings file anew."""
        self.settings = {
            "socket": self.dir / "fast",
            "socket_slow": self.dir / "slow",
            "control": self.dir / "control",
            "keys": self.dir / "keys",
            "log": self.log,
            "db_socket": self.dir / "db",
            "workers": 2,
            "slow_workers": 1,
        } | client.PATIENCE | settings
        self.conf.write_text("".join(f"{k} = {v}\n" for k, v in self.settings.items()))

    def run(self, *args):
        """A sub-command with the settings file."""
        return self.ask("-c", self.conf, *args)

    def ask(self, *args):
        """A sub-command that finds the control socket only, whatever the settings file has become."""
        return subprocess.run(
            [client.program(), *args],
            env=self.env | {"MERX_CONTROL": str(self.dir / "control")},
            text=True,
            capture_output=True,
            timeout=client.PATIENCE_S,
        )

    def start(self):
        made = self.run("key", "new")
        assert made.returncode == 0, made.stderr
        self.process = subprocess.Popen(client.tied(client.program(), "-c", self.conf, "serve"), env=self.env)
        client.until(self.ready, what="ready")
        return self

    def ready(self):
        assert self.process.poll() is None, self.log.read_text()
        return self.log.exists() and 'msg="ready"' in self.log.read_text()

    @property
    def socket(self):
        return self.settings["socket"]

    def status(self):
        done = self.ask("status", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def workers(self, pool="fast", state=None):
        return [
            w
            for w in self.status()["workers"]
            if w["pool"] == pool and (state is None or w["state"] == state)
        ]

    def worker(self):
        """Pid of the only worker of the fast pool."""
        (one,) = [w for w in self.workers() if w["state"] != "stopping"]
        return one["pid"]

    def alive(self, pid):
        return pathlib.Path(f"/proc/{pid}").exists()

    def hang_up(self):
        """The database ends the connections that it has."""
        self.database.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.database.accept()[0].close()

    def stop(self, sig=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(sig)
            self.process.wait(client.PATIENCE_S)
        return self.process.returncode if self.process else None

    def remove(self):
        if self.stop(signal.SIGINT) is None and self.process:
            self.process.kill()
        self.database.close()
        shutil.rmtree(self.dir)


@pytest.fixture
def make():
    made = []

    def one(**settings):
        made.append(Merx(**settings))
        return made[-1].start()

    yield one
    for merx in made:
        merx.remove()


@pytest.fixture
def merx(make):
    """Two workers."""
    return make()


@pytest.fixture
def single(make):
    """One worker, so that whatever holds it up is seen by the next request."""
    return make(workers=1)


@pytest.fixture
def hasty(make):
    """One worker that does not wait for long."""
    return make(workers=1, **HASTY)


def dropped(connection):
    with pytest.raises(fcgi.Dropped):
        connection.answer()


def serves(merx):
    assert fcgi.get(merx.socket).status == 200


class InHand:
    """A request that keeps its worker busy, sent in the background; .worker is what status says of it."""

    def __init__(self, merx):
        self.merx = merx
        client.until(self.hold, what="a busy worker")

    def hold(self):
        """Workers refuse at once for a while after the database failed them."""
        self.connection = fcgi.Connection(self.merx.socket)
        self.connection.send(fcgi.request(BUSY))
        client.until(self.begun, what="a worker that has it")
        if self.answered():
            self.connection.close()
            return False
        (self.worker,) = self.busy()
        return True

    def begun(self):
        """A worker may be waiting for the database between two requests."""
        return self.answered() or self.busy() or self.merx.hang_up()

    def busy(self):
        return [w for w in self.merx.workers(state="busy") if w["route"] == "meta.readyz"]

    def answered(self):
        return select.select([self.connection.sock], [], [], 0)[0]

    def answer(self):
        """The answer once the database is gone."""
        self.merx.database.close()
        return self.connection.answer()


@pytest.fixture
def stalled(single):
    """The only worker's database listens now, and never answers."""
    single.database.listen(64)
    return single


# ---- requests


def test_whole_request(merx):
    answer = fcgi.get(merx.socket)
    assert answer.status == 200
    assert json.loads(answer.body) == {"status": "ok"}
    assert int(answer.headers["content-length"]) == len(answer.body)


def test_many_requests_on_one_connection(merx):
    with fcgi.Connection(merx.socket) as c:
        for _ in range(200):
            assert c.get(keep=True).status == 200
        assert c.get(keep=False).status == 200
        assert c.closed()


def test_many_connections_on_one_worker(single):
    connections = [fcgi.Connection(single.socket) for _ in range(40)]
    for _ in range(3):
        for c in connections:
            c.send(fcgi.request(keep=True))
        for c in connections:
            assert c.answer().status == 200
    (worker,) = single.workers()
    assert worker["connections"] == 40
    for c in connections:
        c.close()
    client.until(lambda: single.workers()[0]["connections"] == 0, what="the connections closed")


@pytest.mark.parametrize("pool", ["fast", "slow", "pay", "staff"])
def test_a_worker_closes_what_the_peer_does_not_keep(merx, pool):
    """And nothing else, in any pool: what nginx keeps it may send on at any time."""
    path = merx.dir / pool if pool in ("fast", "slow") else merx.dir / f"fast-{pool}"
    with fcgi.Connection(path) as c:
        for _ in range(3):
            assert c.get(keep=True).status == 200
        assert c.get(keep=False).status == 200
        assert c.closed()


def test_a_worker_of_the_slow_pool_takes_one_at_a_time(merx):
    """A second connection waits in the queue, where any worker finds it, not behind the first one."""
    slow = merx.settings["socket_slow"]
    with fcgi.Connection(slow) as first:
        client.until(lambda: merx.workers("slow")[0]["connections"] == 1, what="the first is taken")
        with fcgi.Connection(slow) as second:
            second.send(fcgi.request())
            client.until(lambda: merx.status()["pools"]["slow"]["queue"] == 1, what="the second in the queue")
            assert merx.workers("slow")[0]["connections"] == 1
            first.send(fcgi.request())
            assert first.answer().status == 200 and second.answer().status == 200


def test_head(merx):
    with fcgi.Connection(merx.socket) as c:
        head = c.get(method="HEAD", keep=True)
        get = c.get(keep=True)
        assert head.status == get.status == 200
        assert head.body == b""
        assert head.headers["content-length"] == get.headers["content-length"]


def test_bodies_do_not_leak_into_the_next_request(single):
    with fcgi.Connection(single.socket) as c:
        for size in (0, 1, 8191, 8192, 8193, 65536, 300000):
            answer = c.get(method="POST", body=b"x" * size, keep=True)
            assert answer.status == 405
            assert c.get(keep=True).status == 200


def test_oversized_body(single):
    with fcgi.Connection(single.socket) as c:
        answer = c.get("/v1/auth/guest", method="POST", body=b"x" * 200000, keep=True)
        assert answer.status == 413
        assert json.loads(answer.body)["code"] == "payload_too_large"
        assert c.get(keep=True).status == 200


def test_old_request_is_not_run(single):
    """But a health check is."""
    old = "%.3f" % (time.time() - 60)
    answer = fcgi.get(single.socket, "/v1/openapi.json", MX_ARRIVAL=old)
    assert answer.status == 503
    assert json.loads(answer.body)["code"] == "overloaded"
    assert fcgi.get(single.socket, MX_ARRIVAL=old).status == 200
    assert fcgi.get(single.socket, "/v1/openapi.json", MX_ARRIVAL="%.3f" % time.time()).status == 200
    for junk in ("x", "1.5", "1.5555", "99999999999999999999.000", "-1.000", ".123"):
        assert fcgi.get(single.socket, MX_ARRIVAL=junk).status == 200


# ---- peers that break the rules


def test_silent_clients_hold_nobody_up(hasty):
    silent = [fcgi.Connection(hasty.socket) for _ in range(100)]
    for _ in range(10):
        serves(hasty)
    for c in silent:
        assert c.closed()
        c.close()
    serves(hasty)


@pytest.mark.parametrize("end", ["close", "wait"])
@pytest.mark.parametrize("part", ["header", "begin", "pair", "between pairs", "no end"])
def test_half_params(hasty, part, end):
    names = fcgi.params()
    whole = fcgi.pairs(names)
    half = fcgi.pairs(dict(list(names.items())[:3]))
    sent = {
        "header": fcgi.begin()[:5],
        "begin": fcgi.begin()[:12],
        "pair": fcgi.begin() + fcgi.record(fcgi.PARAMS, half[:-2]),
        "between pairs": fcgi.begin() + fcgi.record(fcgi.PARAMS, half),
        "no end": fcgi.begin() + fcgi.record(fcgi.PARAMS, whole),
    }[part]
    with fcgi.Connection(hasty.socket) as c:
        c.send(sent)
        if end == "wait":
            dropped(c)
    serves(hasty)


@pytest.mark.parametrize(
    "missing", [{"MX_PARAMS_END": None}, {"REQUEST_METHOD": None}, {"REQUEST_METHOD": ""}]
)
def test_missing_params(single, missing):
    with fcgi.Connection(single.socket) as c:
        c.send(fcgi.request(**missing))
        dropped(c)
    serves(single)


@pytest.mark.parametrize("length", ["x", "-1", "1x", "99999999999999999999", "0x10", "1000000000"])
def test_bad_content_length(single, length):
    with fcgi.Connection(single.socket) as c:
        c.send(fcgi.request(method="POST", CONTENT_LENGTH=length))
        dropped(c)
    serves(single)


@pytest.mark.parametrize("how", ["end of stream", "close", "silence"])
def test_short_body(hasty, how):
    head = fcgi.begin(True) + fcgi.stream(
        fcgi.PARAMS, fcgi.pairs(fcgi.params(method="POST", CONTENT_LENGTH="100"))
    )
    with fcgi.Connection(hasty.socket) as c:
        c.send(head + fcgi.record(fcgi.STDIN, b"x" * 50))
        if how == "end of stream":
            c.send(fcgi.record(fcgi.STDIN))
        if how != "close":
            dropped(c)
    serves(hasty)


@pytest.mark.parametrize("announced", ["", "0", "10"])
def test_overlong_body(single, announced):
    with fcgi.Connection(single.socket) as c:
        c.send(
            fcgi.begin(True)
            + fcgi.stream(
                fcgi.PARAMS, fcgi.pairs(fcgi.params(method="POST", CONTENT_LENGTH=announced))
            )
            + fcgi.stream(fcgi.STDIN, b"x" * 11)
        )
        dropped(c)
    serves(single)


def test_body_without_end(hasty):
    with fcgi.Connection(hasty.socket) as c:
        c.send(
            fcgi.begin(True)
            + fcgi.stream(
                fcgi.PARAMS, fcgi.pairs(fcgi.params(method="POST", CONTENT_LENGTH="10"))
            )
            + fcgi.record(fcgi.STDIN, b"x" * 10)
        )
        dropped(c)
    serves(hasty)


def test_bytes_one_by_one(single):
    with fcgi.Connection(single.socket) as c:
        for byte in fcgi.request(method="POST", body=b"abc", keep=True):
            c.send(bytes([byte]))
        assert c.answer().status == 405
        assert c.get(keep=True).status == 200


@pytest.mark.parametrize("when", ["in params", "in body", "after the answer"])
def test_abort(hasty, when):
    body = b"x" * 100
    head = fcgi.begin(True)
    all_params = fcgi.stream(fcgi.PARAMS, fcgi.pairs(fcgi.params(method="POST", body=body)))
    with fcgi.Connection(hasty.socket) as c:
        if when == "in params":
            c.send(head + all_params[:40] + fcgi.record(fcgi.ABORT))
            dropped(c)
        elif when == "in body":
            c.send(head + all_params + fcgi.record(fcgi.STDIN, body[:9]) + fcgi.record(fcgi.ABORT))
            dropped(c)
        else:
            assert c.get(keep=True).status == 200
            c.send(fcgi.record(fcgi.ABORT))
            dropped(c)
    serves(hasty)


@pytest.mark.parametrize(
    "garbage",
    [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 100, b"\1\1\0\0\0\0\0\0", os.urandom(5000)],
    ids=["http", "zeros", "request id 0", "random"],
)
def test_garbage(single, garbage):
    with fcgi.Connection(single.socket) as c:
        try:
            c.send(garbage)
            c.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        dropped(c)
    serves(single)


def test_unknown_role(single):
    with fcgi.Connection(single.socket) as c:
        c.send(fcgi.begin(role=9) + fcgi.stream(fcgi.PARAMS, fcgi.pairs(fcgi.params())))
        dropped(c)
    serves(single)


def test_huge_param(single):
    assert fcgi.get(single.socket, HTTP_USER_AGENT="x" * 1_000_000).status == 200
    answer = fcgi.get(single.socket, "/v1/me", HTTP_AUTHORIZATION="Bearer " + "x" * 1_000_000)
    assert answer.status == 401


def test_param_that_claims_two_gigabytes(single):
    with fcgi.Connection(single.socket) as c:
        claim = b"\x01" + b"\xff\xff\xff\xff" + b"X" * 1000
        c.send(fcgi.begin() + fcgi.record(fcgi.PARAMS, claim))
        c.sock.shutdown(socket.SHUT_WR)
        dropped(c)
    serves(single)


@pytest.mark.parametrize("sent", LIES.values(), ids=LIES.keys())
def test_records_that_lie(single, sent):
    """S5: libfcgi never has them, so no worker dies of them."""
    before = single.worker()
    with fcgi.Connection(single.socket) as c:
        c.send(sent)
        c.sock.shutdown(socket.SHUT_WR)
        dropped(c)
    serves(single)
    assert single.worker() == before and single.status()["died"] == 0


def test_records_that_lie_in_the_slow_pool(merx):
    with fcgi.Connection(merx.settings["socket_slow"]) as c:
        c.send(LIES["lengths that overflow"])
        c.sock.shutdown(socket.SHUT_WR)
        dropped(c)
    assert fcgi.get(merx.settings["socket_slow"]).status == 200
    assert merx.status()["died"] == 0


def test_records_that_lie_on_a_kept_connection(single):
    before = single.worker()
    with fcgi.Connection(single.socket) as c:
        assert c.get(keep=True).status == 200
        c.send(LIES["lengths that overflow"])
        dropped(c)
    serves(single)
    assert single.worker() == before


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_parameters_in_many_records(single, size):
    data = fcgi.pairs(fcgi.params(method="POST", body=b"xyz", HTTP_USER_AGENT="x" * 300))
    parts = [data[i : i + size] for i in range(0, len(data), size)]
    whole = fcgi.begin() + b"".join(fcgi.record(fcgi.PARAMS, part) for part in parts)
    whole += fcgi.record(fcgi.PARAMS)
    whole += b"".join(fcgi.record(fcgi.STDIN, b) for b in (b"x", b"y", b"z", b""))
    with fcgi.Connection(single.socket) as c:
        c.send(whole)
        assert c.answer().status == 405


def test_padding(single):
    def padded(kind, content, n):
        return fcgi.record(kind, content)[:6] + bytes([n, 0]) + content + b"\xff" * n

    data = fcgi.pairs(fcgi.params(method="POST", body=b"x" * 100000))
    records = [(fcgi.PARAMS, data, 7), (fcgi.PARAMS, b"", 255)]
    records += [(fcgi.STDIN, b"x" * 10000, 255) for _ in range(10)] + [(fcgi.STDIN, b"", 9)]
    sent = fcgi.begin(True) + b"".join(padded(*r) for r in records)
    with fcgi.Connection(single.socket) as c:
        for _ in range(3):
            c.send(sent)
            assert c.answer().status == 405
        assert c.get(keep=True).status == 200


def test_bytes_behind_a_request(single):
    """One request at a time: what comes before the answer to the first is nobody's."""
    with fcgi.Connection(single.socket) as c:
        c.send(fcgi.request(keep=True) + fcgi.request(keep=True))
        dropped(c)
    serves(single)


def test_too_many_parameters(single):
    data = fcgi.pairs(fcgi.params() | {f"HTTP_X_{n}": "x" * 100 for n in range(10000)})
    with fcgi.Connection(single.socket) as c:
        with contextlib.suppress(OSError):
            c.send(fcgi.begin() + fcgi.stream(fcgi.PARAMS, data) + fcgi.record(fcgi.STDIN))
        dropped(c)
    serves(single)


def test_a_request_that_trickles(hasty):
    """Each wait is short; all of them together are limited too, so that the worker lives."""
    before = hasty.worker()
    with fcgi.Connection(hasty.socket) as c:
        with contextlib.suppress(OSError):
            for byte in fcgi.request(HTTP_USER_AGENT="x" * 60000):
                c.send(bytes([byte]))
                time.sleep(0.01)
        dropped(c)
    serves(hasty)
    assert hasty.worker() == before and hasty.status()["killed"] == 0


@pytest.mark.parametrize("seed", range(4))
def test_random_changes_of_a_request(single, seed):
    """Whatever a byte becomes, the worker lives and the next request is answered."""
    rng = random.Random(seed)
    sound = fcgi.request("/v1/auth/guest", method="POST", body=b"{}" + b" " * 50, keep=True)
    before = single.worker()
    for _ in range(300):
        sent = bytearray(sound)
        for _ in range(rng.randint(1, 4)):
            sent[rng.randrange(len(sent))] = rng.choice((0, 1, 4, 9, 0x7F, 0x80, 0xFE, 0xFF))
        with fcgi.Connection(single.socket) as c:
            with contextlib.suppress(OSError, fcgi.Dropped):
                c.send(bytes(sent))
                c.sock.shutdown(socket.SHUT_WR)
                c.answer()
    serves(single)
    assert single.worker() == before and single.status()["died"] == 0


def test_reader_that_stops_reading(hasty):
    """Another request is sent whenever the answer to the one before is there, which nobody reads."""
    with fcgi.Connection(hasty.socket) as c:
        for _ in range(100):
            try:
                c.send(fcgi.request("/v1/openapi.json", keep=True))
            except OSError:
                break
            select.select([c.sock], [], [])
            client.until(lambda: "not delivered" in hasty.log.read_text() or not hasty.workers(state="busy"))
        client.until(lambda: hasty.workers()[0]["connections"] == 0, what="it is dropped")
    assert "not delivered" in hasty.log.read_text()
    serves(hasty)


def test_client_that_leaves(single):
    for _ in range(50):
        with fcgi.Connection(single.socket) as c:
            c.send(fcgi.request())
    serves(single)


# ---- workers that end


def test_term_idle(single):
    before = single.worker()
    os.kill(before, signal.SIGTERM)
    client.until(lambda: not single.alive(before), what="the worker ended")
    serves(single)
    assert single.status()["died"] == 0


def test_term_serves_kept_connections_on(single):
    with fcgi.Connection(single.socket) as c:
        assert c.get(keep=True).status == 200
        before = single.worker()
        os.kill(before, signal.SIGTERM)
        client.until(lambda: single.workers(state="stopping"), what="it drains")
        for _ in range(20):
            assert c.get(method="POST", body=b"x", keep=True).status == 405
        assert single.alive(before)
        serves(single)
    client.until(lambda: not single.alive(before), what="the worker ended")


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGUSR1])
@pytest.mark.parametrize("where", ["params", "body"])
def test_signal_in_the_middle_of_a_request(single, where, sig):
    body = b"x" * 60000
    whole = fcgi.request(method="POST", body=body)
    cut = 60 if where == "params" else len(whole) - 30000
    pid = single.worker()
    with fcgi.Connection(single.socket) as c:
        c.send(whole[:cut])
        client.until(lambda: single.workers(state="busy"), what="it reads")
        os.kill(pid, sig)
        c.send(whole[cut:])
        assert c.answer().status == 405
    serves(single)


def test_term_in_the_middle_of_a_request(stalled):
    in_hand = InHand(stalled)
    os.kill(in_hand.worker["pid"], signal.SIGTERM)
    assert in_hand.answer().status == 503
    serves(stalled)


def test_kill(single):
    with fcgi.Connection(single.socket) as c:
        assert c.get(keep=True).status == 200
        before = single.worker()
        os.kill(before, signal.SIGKILL)
        assert c.closed()
    serves(single)
    assert single.status()["died"] == 1


def test_kill_again_and_again(merx):
    stop, failed, good = threading.Event(), [], []

    def ask():
        while not stop.is_set():
            try:
                good.append(fcgi.get(merx.socket).status)
            except (fcgi.Dropped, OSError) as e:
                failed.append(e)

    thread = threading.Thread(target=ask)
    thread.start()
    for _ in range(6):
        alive = [w["pid"] for w in merx.workers() if w["state"] in ("ready", "busy")]
        for pid in alive:
            os.kill(pid, signal.SIGKILL)
        before = len(good)
        client.until(lambda: len(good) >= before + 20, what="more answers")
    stop.set()
    thread.join()
    assert set(good) == {200}
    assert len(failed) <= 12
    client.until(lambda: len(merx.workers(state="ready")) == 2, what="both are back")


def test_deadline(make):
    """It is also that of a worker which has all the time in the world for its database."""
    merx = make(workers=1, **HASTY | {"db_connect_timeout_s": 60})
    merx.database.listen(64)
    in_hand = InHand(merx)
    with pytest.raises(fcgi.Dropped):
        in_hand.connection.answer()
    assert "deadline" in merx.log.read_text()
    assert merx.status()["killed"] == 1
    merx.database.close()
    serves(merx)


def test_recycling(make):
    merx = make(max_requests=50)
    connections = [fcgi.Connection(merx.socket) for _ in range(4)]
    for n in range(400):
        assert connections[n % 4].get(method="POST", body=b"x", keep=True).status == 405
        if n % 10 == 9:
            connections[n % 4].close()
            connections[n % 4] = fcgi.Connection(merx.socket)
        serves(merx)
    for c in connections:
        c.close()
    status = merx.status()
    assert status["recycled"] >= 4
    assert status["died"] == 0


# ---- the master


def test_status(merx):
    serves(merx)
    table = merx.run("status")
    assert table.returncode == 0
    assert "fast 2/2" in table.stdout and "meta.healthz" in table.stdout
    status = merx.status()
    assert status["pid"] == merx.process.pid
    assert status["totals"]["requests"] >= 1
    metrics = merx.run("status", "metrics").stdout
    assert 'merx_requests_total{pool="fast",class="2xx"}' in metrics


def test_status_while_every_worker_is_busy(stalled):
    in_hand = InHand(stalled)
    (busy,) = stalled.workers()
    assert (busy["pid"], busy["state"]) == (in_hand.worker["pid"], "busy")
    assert in_hand.answer().status == 503


def test_reload(merx):
    """The command returns when the old workers have ended; until then they serve kept connections on."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with fcgi.Connection(merx.socket) as c:
            assert c.get(keep=True).status == 200
            before = {w["pid"] for w in merx.workers()}
            reload = pool.submit(merx.run, "reload")
            client.until(lambda: {w["generation"] for w in merx.workers(state="ready")} == {2}, what="new ones")
            after = {w["pid"] for w in merx.workers(state="ready")}
            assert len(after) == 2 and not after & before
            assert c.get(keep=True).status == 200
            assert not reload.done()
        done = reload.result()
    assert done.returncode == 0, done.stderr
    assert "generation 2" in done.stdout and not any(map(merx.alive, before))
    serves(merx)


def test_reload_under_load(merx):
    stop, failed, good = threading.Event(), [], []

    def ask(keep):
        c = None
        while not stop.is_set():
            try:
                c = c or fcgi.Connection(merx.socket)
                good.append(c.get(method="POST", body=b"y" * 3000, keep=keep).status)
                if not keep or len(good) % 50 == 0:
                    c.close()
                    c = None
            except (fcgi.Dropped, OSError) as e:
                failed.append(e)
                c = None

    threads = [threading.Thread(target=ask, args=(n % 2 == 0,)) for n in range(4)]
    for t in threads:
        t.start()
    for _ in range(4):
        assert merx.run("reload").returncode == 0
        want = merx.status()["pools"]["fast"]["want"]
        merx.process.send_signal(signal.SIGTTIN)
        client.until(lambda: merx.status()["pools"]["fast"]["want"] == want + 1, what="one more")
        merx.process.send_signal(signal.SIGTTOU)
    stop.set()
    for t in threads:
        t.join()
    assert not failed
    assert len(good) > 100 and set(good) == {405}


def test_reload_takes_new_settings(merx):
    merx.write(workers=3)
    assert merx.run("reload").returncode == 0
    assert len(merx.workers(state="ready")) == 3


@pytest.mark.parametrize(
    "bad", [{"workers": "many"}, {"no_such_setting": 1}, {"keys": "/nonexistent"}, {"workers": 60}]
)
def test_bad_reload_keeps_the_old_workers(merx, bad):
    before = {w["pid"] for w in merx.workers()}
    merx.write(**bad)
    done = merx.ask("reload")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    client.until(lambda: merx.status()["phase"] == "serving", what="serving again")
    assert before <= {w["pid"] for w in merx.workers()}
    assert merx.status()["generation"] == 1
    serves(merx)


def test_scale(merx):
    assert merx.run("scale", "5").returncode == 0
    assert len(merx.workers(state="ready")) == 5
    assert merx.run("scale", "1").returncode == 0
    client.until(lambda: len(merx.workers()) == 1, what="one is left")
    serves(merx)
    for n in ("0", "x", "1000"):
        assert merx.run("scale", n).returncode != 0
    assert merx.run("reload").returncode == 0
    client.until(lambda: len(merx.workers()) == 1, what="the command outlives a reload")


def test_scale_by_signal(merx):
    merx.process.send_signal(signal.SIGTTIN)
    client.until(lambda: len(merx.workers(state="ready")) == 3, what="one more")
    merx.process.send_signal(signal.SIGTTOU)
    client.until(lambda: len(merx.workers()) == 2, what="one less")


def test_log_is_reopened(merx):
    old = merx.dir / "log.1"
    merx.log.rename(old)
    merx.process.send_signal(signal.SIGUSR1)
    client.until(merx.log.exists, what="a new log")

    def written():
        serves(merx)
        return "meta.healthz" in merx.log.read_text()

    client.until(written, what="workers write to it")


def test_stop(merx):
    pids = [w["pid"] for w in merx.status()["workers"]]
    done = merx.run("stop")
    assert done.returncode == 0, done.stderr
    assert merx.process.wait(client.PATIENCE_S) == 0
    assert not any(map(merx.alive, pids))
    assert not merx.socket.exists()
    assert not merx.settings["control"].exists()
    assert merx.run("status").returncode == 1


def test_stop_finishes_what_is_in_hand(stalled):
    in_hand = InHand(stalled)
    queued = fcgi.Connection(stalled.socket)
    queued.send(fcgi.request())
    kept = fcgi.Connection(stalled.socket)
    stalled.process.send_signal(signal.SIGTERM)
    assert in_hand.answer().status == 503
    assert queued.answer().status == 200
    assert kept.closed()
    assert stalled.process.wait(client.PATIENCE_S) == 0


def test_second_signal_stops_at_once(stalled):
    in_hand = InHand(stalled)
    os.kill(in_hand.worker["pid"], signal.SIGSTOP)
    stalled.process.send_signal(signal.SIGTERM)
    client.until(lambda: stalled.status()["phase"] == "stopping", what="it has heard")
    stalled.process.send_signal(signal.SIGTERM)
    assert stalled.process.wait(client.PATIENCE_S) == 0
    with pytest.raises(fcgi.Dropped):
        in_hand.connection.answer()


def test_workers_do_not_outlive_a_killed_master(merx):
    pids = [w["pid"] for w in merx.status()["workers"]]
    merx.process.kill()
    merx.process.wait()
    client.until(lambda: not any(map(merx.alive, pids)), what="they ended")


def test_socket_of_a_killed_master_is_taken_over(merx):
    pids = [w["pid"] for w in merx.status()["workers"]]
    merx.process.kill()
    merx.process.wait()
    client.until(lambda: not any(map(merx.alive, pids)), what="they ended")
    merx.log.unlink()
    merx.start()
    serves(merx)


def test_second_master_is_refused(merx):
    done = merx.run("serve")
    assert done.returncode == 2
    assert "in use" in merx.log.read_text()
    serves(merx)


def test_bad_configuration_ends_with_2(make):
    merx = Merx()
    try:
        assert merx.run("serve").returncode == 2
        assert "cannot serve" in merx.log.read_text()
        assert not merx.socket.exists()
        merx.write(workers="many")
        done = merx.run("serve")
        assert done.returncode == 2
        assert "workers" in done.stderr
    finally:
        merx.remove()


def test_control_socket_bears_rude_clients(merx):
    rude = []
    for _ in range(30):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(client.PATIENCE_S)
        try:
            s.connect(str(merx.settings["control"]))
            rude.append(s)
        except OSError:
            s.close()
    rude[0].sendall(b"x" * 100)
    rude[1].sendall(b"status")
    rude[2].close()
    client.until(lambda: merx.run("status").returncode == 0, what="there is room again")
    serves(merx)
    for s in rude:
        s.close()
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(merx.settings["control"]))
        s.sendall(b"no such verb\n")
        assert s.recv(100).startswith(b"error: ")
