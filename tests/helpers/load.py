"""Steady load over kept TLS connections, and a hand on the parts of a stack while it runs."""
import contextlib
import functools
import getpass
import http.client
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

from client import ADDRESS, PATIENCE_S, program, tied, until
from wire import Wire

PAY = {"payment": {"provider": "sandbox", "token": "tok_ok"}, "email": "guest@example.com"}


def ways(api):
    """Members of a checkout for address and shipping, beside PAY."""
    guest = api.guest()
    guest.put("/v1/cart/shipping-address", ADDRESS)
    offers = guest.get("/v1/cart/shipping-methods").json()["data"]
    return {"shipping_address": ADDRESS, "shipping_method_id": offers[0]["id"]}


class Threads:
    """Calls that run beside each other, each in its thread, while the block lasts; then .stop is set."""

    def __init__(self, calls):
        self.calls, self.stop = list(calls), threading.Event()

    def __enter__(self):
        self.threads = [threading.Thread(target=call) for call in self.calls]
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for t in self.threads:
            t.join()


class Load(Threads):
    """Threads, each doing its act(wire) again and again until the block ends. An act fails by an
    AssertionError or by a connection that breaks; its wire then connects anew."""

    def __init__(self, acts):
        super().__init__(functools.partial(self._run, *pair) for pair in acts)
        self.good, self.failed = 0, []  # failed: (time, text)
        self.slowest, self.lock = 0, threading.Lock()

    def _run(self, wire, act):
        while not self.stop.is_set():
            began, fault = time.monotonic(), None
            try:
                act(wire)
            except (AssertionError, OSError, http.client.HTTPException) as e:
                fault = f"{type(e).__name__}: {e}"
                wire.connection.close()
            with self.lock:
                self.slowest = max(self.slowest, time.monotonic() - began)
                if fault:
                    self.failed.append((time.monotonic(), fault))
                else:
                    self.good += 1

    def more(self, n):
        """Wait for n more good answers."""
        want, end = self.good + n, time.monotonic() + PATIENCE_S
        while self.good < want:
            assert time.monotonic() < end, (f"{want - self.good} are missing", self.failed[-3:])
            time.sleep(0.02)



# ---- acts


def expect(answer, *statuses):
    status, body = answer
    assert status in statuses, f"{status} {body[:300]}"
    return body


def be_guest(wire):
    """Become a new guest."""
    wire.token = None
    wire.token = json.loads(expect(wire.send("POST", "/v1/auth/guest"), 201))["access_token"]


def read(wire):
    """Requests of a page view; needs a token."""
    for path in ("/v1/cart", "/v1/me", "/v1/products?limit=3", "/v1/healthz"):
        expect(wire.send("GET", path), 200)


def send_much(wire):
    """60 kB in many records, refused only after all of them were read."""
    body = expect(wire.send("POST", "/v1/cart/items", {"variant_id": "x" * 60000}), 422)
    assert json.loads(body)["code"] == "validation_failed"


def sign_in(stack):
    """An act on the slow pool."""
    sent = {k: stack.env[f"MERX_CUSTOMER_{k.upper()}"] for k in ("email", "password")}
    return lambda wire: expect(wire.send("POST", "/v1/auth/login", sent), 200)


class Adder:
    """Adds to the cart of a guest, a new one every 100 additions. `acknowledged` and `doubtful`
    count the additions of the present guest."""

    def __init__(self, variant):
        self.variant, self.acknowledged, self.doubtful = variant, 0, 0

    def __call__(self, wire):
        if wire.token is None or self.acknowledged + self.doubtful >= 100:
            be_guest(wire)
            self.acknowledged = self.doubtful = 0
        self.doubtful += 1
        expect(wire.send("POST", "/v1/cart/items", {"variant_id": self.variant, "quantity": 1}), 201)
        self.doubtful -= 1
        self.acknowledged += 1

    def check(self, wire):
        """Acknowledged lines are in the cart, and nothing that was not sent."""
        items = json.loads(expect(wire.send("GET", "/v1/cart"), 200))["items"]
        quantity = sum(i["quantity"] for i in items)
        assert self.acknowledged <= quantity <= self.acknowledged + self.doubtful


def mixed(stack, variant, signs_in=True):
    """Acts of every kind: posts large and small, page views, guests, the slow pool."""
    acts = [(Wire(stack), Adder(variant)) for _ in range(3)]
    acts += [(Wire(stack).guest(), read), (Wire(stack).guest(), send_much), (Wire(stack), be_guest)]
    if signs_in:
        acts.append((Wire(stack), sign_in(stack)))
    return acts


# ---- processes


def alive(pid):
    """Is there such a process that is not a zombie?"""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def note_pid(stack, part, pid):
    """Make deploy/run know a part that the test started by itself."""
    began = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    (stack.run / "pids" / part).write_text(f"{pid} {began}\n")


def serve(stack, variables=None, **settings):
    """Another master in the place of the stack's one, with other settings, and other variables."""
    old = stack.pid("serve")
    if alive(old):
        os.kill(old, signal.SIGTERM)
        until(lambda: not alive(old), what="the old master ended")
    process = subprocess.Popen(
        tied(program(), "serve"), env=stack.environment(**({"sandbox_provider": "on"} | settings)) | (variables or {}),
        start_new_session=True)
    note_pid(stack, "serve", process.pid)
    until(lambda: stack.merx("status", check=False).returncode == 0 and settled(stack), what="ready")


@contextlib.contextmanager
def stopped(pids):
    """These processes stand still until the block ends."""
    pids = list(pids)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def status(stack, **settings):
    """`merx status json`"""
    return json.loads(stack.merx("status", "json", **settings).stdout)


def workers(stack, pool="fast", state=None):
    return [w for w in status(stack)["workers"]
            if w["pool"] == pool and state in (None, w["state"])]


def peak_kib(stack):
    """The most memory that each worker has ever had, by its process id."""
    pids = [w["pid"] for w in status(stack)["workers"]]
    told = {pid: pathlib.Path(f"/proc/{pid}/status").read_text() for pid in pids}
    return {pid: int(text.partition("VmHWM:")[2].split()[0]) for pid, text in told.items()}


def serving(stack):
    """Workers of the fast pool that take connections."""
    return [w for w in workers(stack) if w["state"] in ("ready", "busy")]


def settled(stack):
    """All wanted workers serve and no others are left."""
    s = status(stack)
    return s["phase"] == "serving" and len(s["workers"]) == sum(
        p["want"] for p in s["pools"].values()) and all(
        p["ready"] == p["want"] for p in s["pools"].values())


class NginxErrors:
    """The lines that nginx adds to its error log from now on, but for what a later nginx says of the settings."""

    def __init__(self, stack):
        self.path = stack.run / "nginx" / "error.log"
        self.seen = self.path.stat().st_size if self.path.exists() else 0

    def new(self):
        with open(self.path, encoding="utf-8", errors="replace") as f:
            f.seek(self.seen)
            return [line for line in f.read().splitlines() if "directive is deprecated" not in line]

    def timed_out(self):
        """Those that tell of a worker for which nginx waited for too long."""
        return [line for line in self.new() if "timed out" in line]


# ---- database


class Session:
    """A session of the database's root; it holds its locks until it ends."""

    def __init__(self, stack):
        self.process = subprocess.Popen(
            stack.db_client(
                getpass.getuser(), "--batch", "--skip-column-names", "--unbuffered", "merx"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.wait(PATIENCE_S)

    def start(self, sql):
        """Send statements without waiting."""
        self.process.stdin.write(f"{sql};\n")
        self.process.stdin.flush()

    def finish(self):
        """Wait for all that was sent; the rows, as lines."""
        self.start("SELECT 'all done'")
        lines = []
        while (line := self.process.stdout.readline().rstrip("\n")) != "all done":
            assert line or self.process.poll() is None, "the session has ended"
            lines.append(line)
        return lines

    def run(self, sql):
        self.start(sql)
        return self.finish()


def hexed(uuid):
    return f"UNHEX('{uuid.replace('-', '')}')"


def counter(stack, name):
    """Of InnoDB."""
    return int(stack.db().value(
        f"SELECT count AS n FROM information_schema.innodb_metrics WHERE name = '{name}'"))


def stock_lock(stack, variant):
    """A session in which nobody else can take units of the variant."""
    lock = Session(stack)
    rows = lock.run(f"BEGIN; SELECT 1 FROM stock WHERE variant_id = {hexed(variant)} FOR UPDATE")
    assert rows == ["1"]
    return lock


def cart_lock(stack, wires):
    """A session in which nobody else can change the open carts of these guests."""
    for w in wires:
        w.account = json.loads(expect(w.send("GET", "/v1/me"), 200))["id"]
    accounts = ", ".join(hexed(w.account) for w in wires)
    lock = Session(stack)
    rows = lock.run(f"BEGIN; SELECT 1 FROM cart WHERE account_id IN ({accounts}) FOR UPDATE")
    assert rows == ["1"] * len(wires)
    return lock


class Waiting:
    """Additions that wait for a lock on the carts of their guests until release(): as many as it
    takes to make every worker of the fast pool busy, or one. Answers are in answers()."""

    def __init__(self, stack, variant, all_busy=True):
        self.body, self.threads, self.got = {"variant_id": variant, "quantity": 1}, [], []
        self.wires = [Wire(stack).guest() for _ in range(30 if all_busy else 1)]
        for w in self.wires:
            expect(w.send("POST", "/v1/cart/items", self.body), 201)
        self.lock = cart_lock(stack, self.wires)
        self._send()
        until(lambda: workers(stack, state="busy"), what="a busy worker")
        if all_busy:
            until(lambda: not workers(stack, state="ready") or self._send(), what="no worker is free")

    def _send(self):
        """Another one, if there are more; nothing is known of its worker yet."""
        if len(self.threads) == len(self.wires):
            return
        wire = self.wires[len(self.threads)]

        def add():
            try:
                answer = wire.send("POST", "/v1/cart/items", self.body)
            except (OSError, http.client.HTTPException) as e:
                answer = (0, repr(e).encode())
            self.got.append(answer)

        self.threads.append(threading.Thread(target=add))
        self.threads[-1].start()

    def release(self):
        self.lock.__exit__()

    def answers(self):
        for t in self.threads:
            t.join(PATIENCE_S)
            assert not t.is_alive(), "an answer is missing"
        return self.got

    def quantities(self, db):
        """Of the carts of those who waited."""
        return [int(db.value(
            "SELECT SUM(quantity) FROM cart_item JOIN cart ON cart.id = cart_id"
            f" WHERE account_id = {hexed(w.account)}")) for w in self.wires[: len(self.threads)]]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.release()
        self.answers()


class Server:
    """The stack's database server, to be stopped and started."""

    def __init__(self, stack):
        self.stack, self.pid = stack, stack.pid("db")
        self.command = pathlib.Path(f"/proc/{self.pid}/cmdline").read_bytes().split(b"\0")[:-1]

    def end(self, sig):
        os.kill(self.pid, sig)
        until(lambda: not alive(self.pid), what="the database ended")

    def start(self):
        """Return when it takes connections again. A start that fails is tried again, as an operator would:
        after SIGKILL a lock file may name a process number that another process has by now."""
        process = None

        def answers():
            nonlocal process
            if process is None or process.poll() is not None:
                process = self.spawn()
            return self.answers()

        until(answers, what="the database answers")

    def spawn(self):
        with open(self.stack.run / "db.out", "ab") as out:
            process = subprocess.Popen(
                tied(*self.command), stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        self.pid = process.pid
        note_pid(self.stack, "db", self.pid)
        return process

    def answers(self):
        try:
            return self.stack.db().value("SELECT 1") == "1"
        except AssertionError:
            return False
