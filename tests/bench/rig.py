"""The parts of a measurement: the stack, more servers beside it, wrk, and the kernel's books."""
import getpass
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "helpers"))

import client  # noqa: E402
import sealed  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
BUILD = client.ROOT / "build" / "bench"
WORKERS = 4
MOUNT = "/api"
# The servers, and what those are set to that do not serve by their defaults.
NAMES = ("merx", "bare", "closed", "uncached")
OLDER_NAMES = ("before", "before_closed", "before_uncached")
OTHERWISE = {"uncached": {"catalog_cache_ms": 0}}
TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")

# The server block of one of them, as nginx/site.conf has it, but with one pool.
SERVER = """
server {{
    listen 127.0.0.1:{port} ssl http2;
    server_name 127.0.0.1;
    location ^~ {mount}/ {{
        include merx/merx-pass.conf;
        include merx/merx-errors.conf;
        include merx/merx-headers.conf;
        include merx/merx-compress.conf;
        location ^~ {mount}/v1/ {{
            fastcgi_pass {upstream};
            fastcgi_keep_conn {keep};
            if ($merx_plain) {{
                include merx/merx-plain.conf;
            }}
        }}
    }}
    include merx/merx-problem.conf;
}}
"""


# ---- processes


def processes():
    """pid -> (parent, own ticks, ticks of children that ended), of all there are."""
    found = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        user, system, child_user, child_system = map(int, fields[11:15])
        found[int(path.parent.name)] = (int(fields[1]), user + system, child_user + child_system)
    return found


def family(pid, all_of_them):
    """The process and all below it."""
    members = [pid]
    for one in members:
        members += [p for p, (parent, _, _) in all_of_them.items() if parent == one]
    return members


def cpu_us(pid):
    """Processor time of a process, of those below it and of those that ended there."""
    every = processes()
    own = sum(sum(every[p][1:]) for p in family(pid, every))
    return own * TICK_US


def pss_kib(pid):
    """PSS, or RSS where only root may look into merx."""
    try:
        text, name = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), "Pss"
    except PermissionError:
        text, name = pathlib.Path(f"/proc/{pid}/status").read_text(), "VmRSS"
    return int(re.search(rf"^{name}:\s+(\d+)", text, re.M).group(1))


# ---- what is measured


def settings_of(program):
    """Names of the settings that a merx program takes, each with its comment."""
    sample = subprocess.run([program, "config", "--sample"], text=True, capture_output=True,
                            check=True).stdout
    return {name: text for text, name in re.findall(r"^# (.*)\n#(\w+) =", sample, re.M)}


def unlimited(program):
    """Each of its rate limits at its highest value: one address plays all the callers."""
    found = settings_of(program).items()
    return {k: re.search(r"to (\d+)\)$", text).group(1) for k, text in found
            if k.startswith("rate_")}


class Store:
    """A program, and the database and keys that it serves."""

    def __init__(self, stack, program, database="merx", older=False):
        self.stack, self.program, self.database = stack, program, database
        self.older = older
        self.keys = pathlib.Path(stack.env["MERX_KEYS"])
        self.known = settings_of(program)
        self.settings = unlimited(program) | {
            "workers": WORKERS,
            "db_socket": stack.env["MERX_DB_SOCKET"],
            "db_name": database,
            "issuer": stack.env["MERX_URL"],
            "mail": stack.env["MERX_MAIL"],
            "sandbox_provider": "on",
            "overload_shed": "off",  # all the callers come again as soon as they are answered
        }

    def run(self, *args, user="merx", **settings):
        """One of the program's commands."""
        done = subprocess.run([self.program, *args], env=self.environment(user, **settings),
                              text=True, capture_output=True, check=False)
        assert done.returncode == 0, f"{self.program} {' '.join(args)}: {done.stderr}"

    def environment(self, user="merx", **settings):
        """These settings, of which an older program may not know all, and the rest of ours."""
        given = self.settings | {
            "db_user": user,
            "db_password_file": self.stack.run / f"{user}.password",
            "keys": self.keys,
        } | settings
        assert self.older or given.keys() <= self.known.keys(), given.keys() - self.known.keys()
        env = {k: v for k, v in os.environ.items() if not k.startswith("MERX_")}
        return env | {f"MERX_{k.upper()}": str(v) for k, v in given.items() if k in self.known}

    def sql(self, text, *options):
        """Run statements as the owner of the database; rows as lists of strings."""
        done = subprocess.run(
            self.stack.db_client(getpass.getuser(), "--batch", "--skip-column-names", *options,
                                 self.database),
            input=text, text=True, capture_output=True, check=False,
        )
        assert done.returncode == 0 or "--force" in options, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]


def older_store(stack, program):
    """A store of an older program in the same database server, with keys of its own. It has today's
    privileges on those of its tables that there are today."""
    store = Store(stack, program, "merx_before", older=True)
    store.keys = BUILD / "keys"
    stack.admin().run(
        "CREATE DATABASE merx_before CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;"
        "GRANT ALL ON merx_before.* TO 'merx_migrate'@'localhost'")
    store.run("migrate", user="merx_migrate")
    store.sql((client.ROOT / "sql/roles.sql").read_text(), "--force")
    shutil.rmtree(store.keys, ignore_errors=True)
    store.run("key", "new")
    store.run("demo")
    tables = stack.admin().rows("SELECT table_name AS name FROM information_schema.tables"
                                " WHERE table_schema = 'merx_before' AND table_type = 'BASE TABLE'")
    stack.admin().run("".join(f"ANALYZE TABLE merx_before.{t['name']};" for t in tables))
    return store


class Target:
    """A server that can be measured: its port at nginx and its process."""

    def __init__(self, name, store, port):
        self.name, self.store, self.port, self.process = name, store, port, None

    @property
    def pid(self):
        return self.process.pid

    def url(self, path):
        return f"https://127.0.0.1:{self.port}{MOUNT}{path}"

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=60)
            self.process = None


class Rig:
    """The stack and the servers beside it; `older`: a program to measure beside, or None."""

    def __init__(self, older=None):
        self.stack = client.Stack(BUILD / "run", workers=WORKERS, **unlimited(client.program()))
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="merx-bench."))
        self.older = older
        self.stores = []
        self.targets = {}
        self.tls = None

    def start(self):
        self.stack.stop()
        shutil.rmtree(BUILD / "run", ignore_errors=True)
        self.stack.start()
        # Nothing else shall use the processors and share the memory of what is measured.
        for part in ("jobs", "serve"):
            os.kill(self.stack.pid(part), signal.SIGTERM)
        self.stores = [Store(self.stack, client.program())]
        if self.older:
            self.stores.append(older_store(self.stack, self.older))
        self.tls = ssl.create_default_context(cafile=self.stack.env["MERX_CA"])
        for store, names in zip(self.stores, (NAMES, OLDER_NAMES)):
            for name in names:
                self.targets[name] = Target(name, store, client.free_port())
        self._configure_nginx()
        return self

    def stop(self):
        for target in self.targets.values():
            target.stop()
        self.stack.stop()
        shutil.rmtree(self.sockets, ignore_errors=True)

    # ---- nginx

    def _configure_nginx(self):
        """A server block each; `closed` and bare keep no connections."""
        conf = self.stack.run / "nginx"
        http = (conf / "merx/merx-http.conf").read_text()
        fast = re.search(r"upstream merx_fast \{.*?\n\}", http, re.S).group(0)
        text = ""
        for name, target in self.targets.items():
            socket = f"unix:{self.socket(name)}"
            keep = name != "bare" and not name.endswith("closed")
            upstream = f"merx_{name}" if keep else socket
            if keep:
                kept = re.sub(r'server ".*?"', f'server "{socket}"', fast)
                text += kept.replace("merx_fast", upstream)
            text += SERVER.format(
                port=target.port, mount=MOUNT, upstream=upstream, keep="on" if keep else "off"
            )
        (conf / "bench.conf").write_text(text)
        main = conf / "nginx.conf"
        main.write_text(main.read_text().rstrip().removesuffix("}") + "include bench.conf;\n}\n")
        os.kill(self.stack.pid("nginx"), signal.SIGHUP)
        for target in self.targets.values():
            client.until(lambda t=target: self._listens(t), what=f"the port of {target.name}")

    def _listens(self, target):
        try:
            return self.get(target, "/v1/healthz")[0] == 503
        except (ConnectionError, ssl.SSLError):
            return False

    def socket(self, name):
        return self.sockets / f"{name}.sock"

    # ---- servers

    def start_merx(self, name, **settings):
        """One more `merx serve`; the seconds until it was ready."""
        store = self.targets[name].store
        env = store.environment(
            socket=self.socket(name),
            socket_slow=self.socket(f"{name}-slow"),
            control=self.socket(f"{name}-control"),
            log=BUILD / f"{name}.log",
            **OTHERWISE.get(name.removeprefix("before_"), {}),
            **settings,
        )
        return self._spawn(name, [store.program, "serve"], env, "/v1/readyz")

    def start_bare(self, workers=WORKERS):
        env = self.stack.env
        keys = pathlib.Path(env["MERX_KEYS"])
        pem = BUILD / "public.pem"
        private = keys / f"{(keys / 'active').read_text().strip()}.es256.pem"
        subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", pem], check=True)
        ring = sealed.Ring(keys)
        settings = {
            "BARE_SOCKET": str(self.socket("bare")),
            "BARE_WORKERS": str(workers),
            "BARE_PEM": str(pem),
            "BARE_ISSUER": env["MERX_URL"],
            "BARE_AUDIENCE": "merx",
            "BARE_DB_SOCKET": env["MERX_DB_SOCKET"],
            "BARE_DB_PASSWORD": (self.stack.run / "merx.password").read_text().strip(),
            "BARE_PII_KEY": ring.keys[ring.active].hex(),
        }
        return self._spawn("bare", [BUILD / "bare"], os.environ | settings, "/v1/healthz")

    def _spawn(self, name, command, env, ready_path):
        target = self.targets[name]
        began = time.monotonic()
        with open(BUILD / f"{name}.out", "ab") as out:
            target.process = subprocess.Popen(client.tied(*command), env=env, stdout=out, stderr=out)
        connection = self._connection(target)
        while self._ask(connection, "GET", ready_path, {}, None)[0] != 200:
            assert target.process.poll() is None, f"{name} ended: see {BUILD}/{name}.out"
            assert time.monotonic() < began + 30, f"{name} is not ready"
            time.sleep(0.001)
        return time.monotonic() - began

    def workers(self, target):
        """Processes that serve: of merx those of the fast pool."""
        if target.name == "bare":
            return family(target.pid, processes())
        env = target.store.environment(control=self.socket(f"{target.name}-control"))
        status = subprocess.run([target.store.program, "status", "json"], env=env, text=True,
                                capture_output=True, check=True).stdout
        return [w["pid"] for w in json.loads(status)["workers"] if w["pool"] == "fast"]

    # ---- requests

    def _connection(self, target):
        return http.client.HTTPSConnection(
            "127.0.0.1", target.port, context=self.tls, timeout=30
        )

    def _ask(self, connection, method, path, headers, body):
        connection.request(method, MOUNT + path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def get(self, target, path, token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self._ask(self._connection(target), "GET", path, headers, None)

    def checkout(self, target, token, key):
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        body = '{"email":"guest@example.com","payment":{"provider":"sandbox","token":"tok_ok"}}'
        return self._ask(self._connection(target), "POST", "/v1/checkout", headers, body)

    # ---- load

    def load(self, target, path, seconds, *what):
        """One run of wrk; its report, with the processor time that it cost by part."""
        parts = {"nginx": self.stack.pid("nginx"), "app": target.pid, "db": self.stack.pid("db")}
        before = {part: cpu_us(pid) for part, pid in parts.items()}
        done = subprocess.run(
            ["wrk", "-t2", "-c32", f"-d{seconds}s", "-s", HERE / "load.lua", target.url(path),
             "--", *what],
            text=True, capture_output=True, check=False, timeout=seconds + 60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        report = json.loads(done.stdout.splitlines()[-1])
        report["cpu_us"] = {part: cpu_us(pid) - before[part] for part, pid in parts.items()}
        return report
