"""A private stack and its clients: what the HTTP and fault tests share."""
import collections
import contextlib
import email
import email.policy
import fcntl
import functools
import getpass
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import uuid
import xml.etree.ElementTree

import requests

import people

ROOT = pathlib.Path(__file__).resolve().parents[2]
PASSWORD = "correct-Horse-battery-9"
# A test waits so long for anything before it fails: longer than any process may stand still on a busy
# machine. Nothing that comes in time costs any of it.
PATIENCE_S = 300
# Header fields, in lower case, in which any two answers differ.
UNLIKE = {"date", "x-request-id", "traceparent", "ratelimit-remaining", "ratelimit-reset"}
# A code as mail shows it, and a handle that no answer has given.
CODE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}\b")
NO_HANDLE = "A" * 22
ADDRESS = {
    "name": "Ada Lovelace",
    "line1": "12 St James's Square",
    "city": "Berlin",
    "postal_code": "10115",
    "country": "DE",
}


def program():
    """Path of the merx program under test."""
    san = os.environ.get("SAN", "").replace(",", "-")
    compiler = pathlib.Path(os.environ.get("CC", "gcc")).name
    library = os.environ.get("DB_LIB", "")
    kind = f"{'san-' + san if san else 'release'}-{compiler}{library and '-' + library}"
    return ROOT / "build" / kind / "merx"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def at_once(n, call):
    """call(i) in n threads, all begun at the same time; the answers."""
    answers, barrier = [None] * n, threading.Barrier(n)

    def run(i):
        barrier.wait()
        answers[i] = call(i)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return answers


@functools.cache
def lifeline():
    """The end of a pipe that reads nothing for as long as this process lives."""
    return os.pipe()[0]


def tied(*command):
    """The command line of a process that is killed when the thread that started it ends."""
    return ["setpriv", "--pdeathsig", "KILL", "--", *command]


def until(condition, seconds=PATIENCE_S, what="the condition"):
    """Ask until the answer is true, and return it."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.05)


def limits(n, *which):
    """Settings that widen rate limits: n at once, and n a minute."""
    return {f"rate_{one}_{how}": n for one in which for how in ("burst", "per_min")}


# Settings with which a busy machine is no reason to refuse a request or to end a worker; and the slow
# pool is not the last to get a processor.
PATIENCE = {
    "db_connect_timeout_s": 20, "db_lock_timeout_s": 50, "db_statement_timeout_ms": 55_000,
    "drain_timeout_s": 90, "overload_shed": "off", "password_wait_ms": 5000, "queue_age_max_ms": 58_000, "refresh_grace_s": 120,
    "request_timeout_ms": 60_000, "slow_nice": 0, "slow_request_ms": 0,
}
NGINX_WAITS_S = 10  # as nginx/merx-pass.conf has it

# One client address plays all the people of a test run.
CROWD = limits(1_000_000, "credential_per_ip", "guest_per_ip", "guess_per_ip", "login_global",
               "mail_global") | {"rate_mail_per_ip_hour": 1_000_000}


class Stack:
    """deploy/run below one directory, with settings given as workers=2, token_ttl_s=60, ..."""

    def __init__(self, run, **settings):
        self.run = pathlib.Path(run).resolve()
        self.port = free_port()
        self.settings = {f"MERX_{k.upper()}": str(v) for k, v in settings.items()}
        self.env = {}
        self.handles = collections.defaultdict(list)

    def _deploy(self, verb):
        env = {k: v for k, v in os.environ.items() if not k.startswith("MERX_")}
        env |= self.settings | {"RUN": str(self.run), "PORT": str(self.port)}
        done = subprocess.run(
            [ROOT / "deploy/run", verb], env=env, text=True, capture_output=True, timeout=PATIENCE_S,
            stdin=lifeline(),
        )
        assert done.returncode == 0, f"deploy/run {verb}:\n{done.stdout}{done.stderr}"

    def start(self):
        """It ends with this process, also when that is killed."""
        if not self.run.exists():
            plant(self.run)
        return self.start_from_nothing()

    def start_from_nothing(self):
        """With a new database, if there is none."""
        self._deploy("tied")
        for line in (self.run / "merx.env").read_text().splitlines():
            name, _, value = line.partition("=")
            self.env[name] = shlex.split(value)[0]
        request_s = int(self.settings.get("MERX_REQUEST_TIMEOUT_MS", 0)) // 1000
        if request_s >= NGINX_WAITS_S:
            self.change_nginx("merx-pass.conf", {f"read_timeout {NGINX_WAITS_S}s": f"read_timeout {request_s + 5}s"})
        return self

    def change_nginx(self, name, changes):
        """Replace texts, each there once, in a file of merx's, and let nginx read it."""
        conf = self.run / "nginx" / "merx" / name
        text = conf.read_text()
        for old, new in changes.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        conf.write_text(text)
        pid = self.pid("nginx")
        old = children(pid)
        os.kill(pid, signal.SIGHUP)
        until(lambda: children(pid) and not children(pid) & old, what="nginx has reloaded")

    def stop(self):
        self._deploy("stop")

    def pid(self, part):
        """Process id of db, serve, jobs or nginx."""
        return int((self.run / "pids" / part).read_text().split()[0])

    def environment(self, **settings):
        """The environment of a merx program on this stack's database, keys and sockets."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("MERX_")} | {
            "MERX_SANDBOX_PROVIDER": "on", "MERX_MANUAL_PROVIDER": "on", "MERX_MAIL_FROM": "shop@merx.example",
            "MERX_SHOP_URL": self.env["MERX_URL"].removesuffix("/api")} | self.settings
        for name in ("SOCKET", "CONTROL", "DB_SOCKET", "DB_NAME", "KEYS", "MAIL", "LOG"):
            env[f"MERX_{name}"] = self.env[f"MERX_{name}"]
        env |= {"MERX_DB_USER": "merx", "MERX_DB_PASSWORD_FILE": str(self.run / "merx.password")}
        env["MERX_SOCKET_SLOW"] = self.env["MERX_SOCKET"].replace("merx.sock", "merx-slow.sock")
        env["MERX_ISSUER"] = self.env["MERX_URL"]
        return env | {f"MERX_{k.upper()}": str(v) for k, v in settings.items()}

    def merx(self, *args, check=True, **settings):
        """Run a merx sub-command with the stack's own settings."""
        return subprocess.run(
            [program(), *args], env=self.environment(**settings), text=True, capture_output=True,
            check=check, timeout=PATIENCE_S,
        )

    @contextlib.contextmanager
    def jobs(self, **settings):
        """One more runner of jobs, whose first turn looks at everything."""
        runner = subprocess.Popen(tied(program(), "jobs"), env=self.environment(job_interval_ms=20, **settings))
        try:
            yield runner
        finally:
            runner.send_signal(signal.SIGTERM)
            assert runner.wait(PATIENCE_S) == 0

    @property
    def mysql(self):
        """Is the database server MySQL?"""
        return os.environ.get("DB") == "mysql"

    def db_client(self, user, *args):
        """The command line of the database's client."""
        return [self.env["MERX_DB_CLIENT"], "--no-defaults",
                f"--socket={self.env['MERX_DB_SOCKET']}", f"--user={user}", *args]

    def sql_as(self, account, sql, name="merx"):
        """Run a statement on one of the program's own accounts, merx or merx_migrate."""
        password = (self.run / f"{account}.password").read_text().strip()
        return subprocess.run(
            self.db_client(account, name, "-e", sql), env=os.environ | {"MYSQL_PWD": password},
            capture_output=True, text=True, check=False)

    def db(self):
        return Db(self.db_client(self.env["MERX_DB_USER"], self.env["MERX_DB_NAME"]))

    def admin(self):
        """The private database as its owner."""
        return Db(self.db_client(getpass.getuser(), self.env["MERX_DB_NAME"]))

    def processes(self, where):
        """Ids of the database server's sessions of which that is true."""
        schema = "performance_schema" if self.mysql else "information_schema"
        rows = self.admin().rows(f"SELECT id AS id FROM {schema}.processlist WHERE {where}")
        return [row["id"] for row in rows]

    def cut_connections(self):
        """End the program's connections in the server; how many there were."""
        ids = self.processes("user = 'merx'")
        for session in ids:
            with contextlib.suppress(AssertionError):  # it has ended by itself
                self.admin().run(f"KILL CONNECTION {session}")
        return len(ids)

    def mailbox(self):
        return Mailbox(self.env["MERX_MAIL"])

    def log(self):
        return pathlib.Path(self.env["MERX_LOG"]).read_text(errors="replace")


KEPT = ("db", "keys", "tls", "merx.password", "merx_migrate.password")


def plant(run):
    """Fill the directory of a stack with what a first start makes: a database, keys and a certificate are
    kept for each program and server, since they take longer to make than all the rest."""
    kind = f"{program().parent.name}-{os.environ.get('DB', 'mariadb')}"
    seed = ROOT / "build" / "test" / "seed" / kind
    seed.parent.mkdir(parents=True, exist_ok=True)
    sources = [program(), ROOT / "sql/roles.sql", *sorted((ROOT / "deploy").glob("*.*")), ROOT / "deploy/run"]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    with open(f"{seed}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (seed / digest).exists():
            shutil.rmtree(seed, ignore_errors=True)
            first = Stack(seed / "first").start_from_nothing()
            first.stop()
            copy(first.run, seed)
            shutil.rmtree(first.run)
            (seed / digest).touch()
        run.mkdir(parents=True)
        copy(seed, run)


def copy(old, new):
    """Pages that hold nothing take no room and no time."""
    subprocess.run(["cp", "-a", "--sparse=always", "--reflink=auto", *(old / name for name in KEPT), new],
                   check=True)


def children(pid):
    return set(map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def numbers(n):
    """A table of the numbers from 1 to n, in the column seq."""
    return (f"JSON_TABLE(CONCAT('[0', REPEAT(',0', {n - 1}), ']'), '$[*]'"
            " COLUMNS (seq FOR ORDINALITY)) numbers")


class Db:
    """Reads the database through the command line client; ids as HEX(id)."""

    def __init__(self, command):
        self.command = command

    def run(self, sql):
        """Statements whose rows are not wanted, or as XML."""
        done = subprocess.run(
            [*self.command, "--xml", "-e", sql], text=True, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def rows(self, sql):
        """Rows as dicts of strings; NULL is None."""
        null = "{http://www.w3.org/2001/XMLSchema-instance}nil"
        out = self.run(sql)
        tree = xml.etree.ElementTree.fromstring(out) if out else []
        return [
            {f.get("name"): None if f.get(null) else (f.text or "") for f in row} for row in tree
        ]

    def plan(self, sql):
        """How the program's sessions would read that: the rows of EXPLAIN."""
        return self.rows("SET SESSION optimizer_switch = 'index_merge_intersection=off';"
                         " EXPLAIN FORMAT=TRADITIONAL " + sql)

    def value(self, sql):
        """The one value of the one row."""
        (row,) = self.rows(sql)
        (value,) = row.values()
        return value


def delivered(db, since, tables=("audit_log", "mail")):
    """Wait until no event and no mail of that time or later is queued: earlier ones, of other tests, may
    have failed and stand there for long."""
    for table in tables:
        until(lambda: db.value(f"SELECT COUNT(*) FROM {table} WHERE state = 0 AND created_at >= '{since}'") == "0",
              what=f"all of {table}")


@functools.cache
def read_mail(path, _written):
    """A message of a file as it was written at that time."""
    message = email.message_from_bytes(pathlib.Path(path).read_bytes(), policy=email.policy.default)
    message.to = str(message["to"])
    message.text = message.get_body(("plain",)).get_content()
    return message


class Mailbox:
    """The directory that mail is written to."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)

    def all(self, to):
        """Messages to that address, oldest first, each with .text."""
        files = [(p.stat().st_mtime_ns, str(p)) for p in self.directory.glob("[!.]*")]
        read = (read_mail(path, written) for written, path in sorted(files))
        return [message for message in read if to in message.to]

    def wait(self, to, n=1):
        """The newest message once there are at least n."""
        until(lambda: len(self.all(to)) >= n, what=f"mail number {n} to {to}")
        return self.all(to)[-1]

    def code(self, to, n=1):
        """The code in it."""
        return self.code_of(self.wait(to, n))

    def codes(self, to):
        """Those of all messages, oldest first."""
        return [found.group() for message in self.all(to) if (found := CODE.search(message.text))]

    @staticmethod
    def code_of(message):
        return CODE.search(message.text).group()


class Recorder:
    """Keeps every exchange for the contract tests, in memory and as JSON lines."""

    def __init__(self, path):
        self.exchanges = []
        self.file = open(path, "w", encoding="utf-8")

    def add(self, method, path, sent, answer):
        entry = {
            "method": method,
            "path": path,
            "sent": sent if isinstance(sent, str) else (sent or b"").decode("utf-8", "replace"),
            "status": answer.status_code,
            "headers": {k.lower(): v for k, v in answer.headers.items()},
            "body": answer.content.decode("utf-8", "replace"),
        }
        self.exchanges.append(entry)
        self.file.write(json.dumps(entry) + "\n")
        self.file.flush()


def follow(document, node):
    """The target of a node of an OpenAPI document, if it is a $ref; members beside that hold
    too."""
    while "$ref" in node:
        found = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        beside = {k: v for k, v in node.items() if k != "$ref"}
        node = found | beside if beside else found
    return node


class From(requests.adapters.HTTPAdapter):
    """Connects from an address of ours."""

    def __init__(self, address):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args, **how):
        super().init_poolmanager(*args, source_address=(self.address, 0), **how)


class Calls:
    """Shorthands of send(method, path, ...)."""

    def get(self, path, **how):
        return self.send("GET", path, **how)

    def head(self, path, **how):
        return self.send("HEAD", path, **how)

    def options(self, path, **how):
        return self.send("OPTIONS", path, **how)

    def post(self, path, json=None, **how):
        return self.send("POST", path, json=json, **how)

    def put(self, path, json=None, **how):
        return self.send("PUT", path, json=json, **how)

    def patch(self, path, json=None, **how):
        return self.send("PATCH", path, json=json, **how)

    def delete(self, path, json=None, **how):
        return self.send("DELETE", path, json=json, **how)


class Api(Calls):
    """Calls the API; what is called is recorded. Paths begin with /v1. `address`: the client's, one
    of 127.0.0.0/8."""

    def __init__(self, stack, recorder=None, address=None):
        self.stack, self.recorder, self.address = stack, recorder, address
        self.url, self.ca = stack.env["MERX_URL"], stack.env["MERX_CA"]
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.verify = self.ca
        if address:
            self.http.mount("https://", From(address))

    def send(self, method, path, token=None, key=None, headers=None, json=None, data=None):
        """One request. json: body to serialise; data: body as it is; key: Idempotency-Key."""
        headers = {k: v for k, v in (headers or {}).items() if v is not None}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if key:
            headers["Idempotency-Key"] = key
        if data is not None:
            headers.setdefault("Content-Type", "application/json")
        answer = self.http.request(
            method, self.url + path, headers=headers, json=json, data=data, timeout=PATIENCE_S,
            allow_redirects=False,
        )
        if self.recorder:
            self.recorder.add(method, path, answer.request.body, answer)
        if answer.status_code == 202 and isinstance(json, dict) and "handle" in answer.json():
            whose = token if path.startswith("/v1/me") else json["email"].lower()
            self.stack.handles[path, whose].append(answer.json()["handle"])
        return answer

    def handles(self, path, whose):
        """The handles that such requests got, oldest first: an app keeps them for the code. `whose`:
        the address, or below /v1/me the token."""
        return self.stack.handles[path, whose] or [NO_HANDLE]

    def clone(self):
        """The same client with connections of its own, for another thread."""
        return Api(self.stack, self.recorder, self.address)

    def elsewhere(self, n=2):
        """The same client at another address, 127.0.0.n."""
        return Api(self.stack, self.recorder, f"127.0.0.{n}")

    # ---- people

    def guest(self):
        return Person(self, self.post("/v1/auth/guest"))

    def login(self, address, password=PASSWORD, token=None):
        sent = {"email": address, "password": password}
        return Person(self, self.post("/v1/auth/login", sent, token=token), address, password)

    def customer(self, name="Ada Lovelace"):
        """A new customer, signed in: rows in the database and a refresh token for them. Nobody is
        greeted, and the audit log knows nothing of it."""
        address = unique_email()
        token = people.insert_customer(self.stack, address, name, PASSWORD)
        return Person(self, self.post("/v1/auth/refresh", {"refresh_token": token}), address, PASSWORD)

    def sign_up(self, guest=None, name="Ada Lovelace", password=PASSWORD):
        """A new customer, through registration, mail and code."""
        address = unique_email()
        sent = {"email": address, "password": password, "name": name}
        answer = self.post("/v1/auth/register", sent, token=guest and guest.token)
        assert answer.status_code == 202, answer.text
        verified = self.verify(address, self.stack.mailbox().code(address), answer.json()["handle"])
        return Person(self, verified, address, password)

    def verify(self, address, code, handle=None, **how):
        """With the handle of the newest sign-up of the address, unless another is given."""
        handle = handle or self.handles("/v1/auth/register", address.lower())[-1]
        sent = {"email": address, "code": code, "handle": handle}
        return self.post("/v1/auth/verify", sent, **how)

    def demo_customer(self):
        env = self.stack.env
        return self.login(env["MERX_CUSTOMER_EMAIL"], env["MERX_CUSTOMER_PASSWORD"])

    def staff(self):
        """The demo store's owner."""
        env = self.stack.env
        return self.login(env["MERX_STAFF_EMAIL"], env["MERX_STAFF_PASSWORD"])

    # ---- bytes

    def raw(self, request, tls=True, host="127.0.0.1"):
        """Send bytes on a connection of their own; all that came back."""
        with socket.create_connection((host, self.stack.port), timeout=PATIENCE_S) as plain:
            wire = plain
            if tls:
                context = ssl.create_default_context(cafile=self.ca)
                wire = context.wrap_socket(plain, server_hostname="127.0.0.1")
            wire.sendall(request)
            got = b""
            try:
                while chunk := wire.recv(65536):
                    got += chunk
            except (ssl.SSLError, ConnectionError):
                pass
        return got


class Person(Calls):
    """Someone who is signed in: the client's calls with their token."""

    def __init__(self, api, answer, address=None, password=None):
        assert answer.status_code in (200, 201), f"sign-in: {answer.status_code} {answer.text}"
        tokens = answer.json()
        self.api, self.email, self.password = api, address, password
        self.tokens, self.user = tokens, tokens["user"]
        self.token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]
        self.id, self.since = self.user["id"], time.monotonic()

    def send(self, method, path, **how):
        return self.api.send(method, path, **({"token": self.token} | how))

    def stay_signed_in(self):
        """By password, in a session of its own, long before tokens and proofs end."""
        if time.monotonic() - self.since > 300:
            self.__dict__ |= self.api.login(self.email, self.password).__dict__

    def all_of(self, path):
        """The rows of all pages of a list, from a path with a query."""
        rows, cursor = [], ""
        while cursor is not None:
            page = self.get(f"{path}{cursor and '&cursor=' + cursor}")
            assert page.status_code == 200, page.text
            rows += page.json()["data"]
            cursor = page.json()["next_cursor"]
        return rows

    def clone(self):
        """The same person on connections of their own, for another thread."""
        twin = object.__new__(Person)
        twin.__dict__ |= self.__dict__ | {"api": self.api.clone()}
        return twin

    def fill_cart(self, variant_id, quantity=1):
        """Put one line into the cart, with address and the first shipping method; the cart."""
        added = self.post("/v1/cart/items", {"variant_id": variant_id, "quantity": quantity})
        assert added.status_code in (200, 201), added.text
        assert self.put("/v1/cart/shipping-address", ADDRESS).status_code == 200
        offers = self.get("/v1/cart/shipping-methods").json()["data"]
        chosen = {"shipping_method_id": offers[0]["id"]}
        cart = self.put("/v1/cart/shipping-method", chosen)
        assert cart.status_code == 200, cart.text
        return cart.json()

    def checkout(self, token="tok_ok", key=None, **more):
        """POST /v1/checkout with the sandbox provider; a guest gives an address for mail."""
        body = {"payment": {"provider": "sandbox", "token": token}} | more
        if self.email is None:
            body.setdefault("email", "guest@example.com")
        return self.post("/v1/checkout", body, key=key or unique_key())


def unique_email():
    return f"{uuid.uuid4().hex[:16]}@example.com"


def unique_key():
    return uuid.uuid4().hex


def problem(answer, status, code):
    """The answer is that problem document; returns it."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    assert answer.headers["Content-Type"] == "application/problem+json", answer.headers
    if answer.request.method == "HEAD":
        return {}
    body = answer.json()
    assert body["status"] == status and body["code"] == code, body
    assert body["type"].endswith(code) and body["title"] and body["request_id"], body
    if status == 422 and code != "idempotency_key_reused":
        assert body["errors"], "a fault of the request has a place in it"
    return body


def handle_of(answer):
    """The answer says that a code was asked for; its handle."""
    assert answer.status_code == 202, f"{answer.status_code} {answer.text}"
    assert set(answer.json()) == {"handle", "expires_in"} and answer.json()["expires_in"] == 1800
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", answer.json()["handle"]), answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.json()["handle"]


def faults(answer):
    """(pointer or parameter, code) of each fault of a 422, sorted."""
    body = problem(answer, 422, "validation_failed")
    return sorted((f.get("pointer", f.get("parameter")), f["code"]) for f in body["errors"])
