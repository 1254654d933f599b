"""`merx upgrade`: another program takes over the sockets, the memory and the control socket of the one that runs,
or that one serves on. Restart with sockets that somebody else holds."""
import contextlib
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys

import fcgi_client
from client import PATIENCE_S, Api, children, program, tied, until
from load import (
    Adder, Load, NginxErrors, Waiting, alive, be_guest, mixed, note_pid, status, stopped, workers)
from wire import Wire


def until_serving(stack):
    until(lambda: stack.merx("status", check=False).returncode == 0 and status(stack)["phase"] == "serving",
          what="it serves")


class Installed:
    """A program in a place of its own, whose master serves the stack."""

    def __init__(self, stack, where, conf="", listening=None, env=None, **settings):
        self.stack, self.path, self.conf = stack, where / "merx", where / "merx.conf"
        self.conf.write_text(conf)
        self.env = stack.environment(conf=self.conf, **settings) | (env or {})
        self.launcher = tied(sys.executable, "-c", PASS, ",".join(listening or {}),
                             *(str(s.fileno()) for s in (listening or {}).values()), "--") if listening else tied()
        self.fds = [s.fileno() for s in (listening or {}).values()]
        self.install(program().read_bytes())
        stop(stack)
        self.start()

    def install(self, content, mode=0o755):
        """As a package does: the running program keeps its file."""
        new = self.path.with_suffix(".new")
        new.write_bytes(content)
        new.chmod(mode)
        new.rename(self.path)

    def start(self):
        self.process = subprocess.Popen(
            [*self.launcher, self.path, "serve"], env=self.env, start_new_session=True, pass_fds=self.fds)
        note_pid(self.stack, "serve", self.process.pid)
        until_serving(self.stack)

    def upgrade(self):
        """`merx upgrade` in the background."""
        return subprocess.Popen([program(), "upgrade"], env=self.env, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def refused(self):
        """The reason for which an upgrade fails; the master stays."""
        before = status(self.stack)["pid"]
        done = self.stack.merx("upgrade", check=False)
        after = status(self.stack)
        assert done.returncode == 1 and done.stdout == "" and done.stderr.startswith("error: "), done
        assert (after["pid"], after["phase"]) == (before, "serving")
        return done.stderr.removeprefix("error: ")


# Descriptors by name from 3 on, as systemd passes them.
PASS = """
import os, sys
names, numbers = sys.argv[1].split(","), sys.argv[2:sys.argv.index("--")]
high = [os.dup(int(n)) for n in numbers]
high = [os.dup2(fd, 50 + i) for i, fd in enumerate(high)]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i, inheritable=True)
argv = sys.argv[sys.argv.index("--") + 1:]
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(high)), "LISTEN_FDNAMES": ":".join(names)}
os.execv(argv[0], argv)
"""


def stop(stack):
    old = status(stack)["pid"]
    os.kill(old, signal.SIGTERM)
    until(lambda: not alive(old), what="the master ended")


def upgrade(stack):
    """Return when another master serves alone; its status."""
    old = status(stack)["pid"]
    done = stack.merx("upgrade")
    now = status(stack)
    assert done.stdout.startswith("merx ") and done.stdout.endswith(f", master {now['pid']}\n"), done
    assert now["pid"] != old and not alive(old) and now["phase"] == "serving"
    note_pid(stack, "serve", now["pid"])
    return now


@contextlib.contextmanager
def unharmed(stack, variant):
    """Under load of every kind: nobody sees a failure, and what was acknowledged is stored."""
    errors = NginxErrors(stack)
    try:
        acts = mixed(stack, variant)
    except AssertionError as fault:
        raise AssertionError(errors.new()) from fault
    with Load(acts) as load:
        load.more(50)
        yield load
        load.more(50)
    assert not load.failed, (len(load.failed), load.failed[:5])
    assert not errors.new(), errors.new()[:5]
    for wire, act in acts:
        if isinstance(act, Adder) and wire.token:
            act.check(wire)


def guests(stack):
    return int(stack.db().value("SELECT COUNT(*) FROM account WHERE kind = 'guest'"))


def test_twenty_upgrades(make):
    stack, variant = make()
    with unharmed(stack, variant) as load:
        for _ in range(20):
            upgrade(stack)
            load.more(20)
        now = status(stack)
        assert (now["died"], now["killed"]) == (0, 0), now
    before = guests(stack)
    with Load([(Wire(stack), be_guest) for _ in range(4)]) as load:
        for _ in range(3):
            upgrade(stack)
            load.more(20)
    assert not load.failed, load.failed[:5]
    assert guests(stack) == before + load.good


def test_upgrade_by_signal_and_as_json(make):
    stack, variant = make()
    with unharmed(stack, variant):
        old = status(stack)["pid"]
        os.kill(old, signal.SIGUSR2)
        until(lambda: not alive(old), what="the old master ended")
        told = json.loads(stack.merx("upgrade", "--json").stdout)
        assert told["pid"] == status(stack)["pid"] and told["version"]
        note_pid(stack, "serve", told["pid"])
    assert logged(stack, "takes over") == 2 and logged(stack, "replaced, stopping") == 2


def logged(stack, message):
    return stack.log().count(f'msg="{message}"')


def test_what_does_not_come_up_is_rolled_back(make, tmp_path):
    """Each with its own reason."""
    stack, variant = make()
    one = Installed(stack, tmp_path, boot_timeout_s=5, workers=2)
    good = program().read_bytes()
    db = stack.admin()
    newest = db.value("SELECT MAX(version) FROM schema_migration")
    before = {w["pid"] for w in workers(stack)}
    with unharmed(stack, variant) as load:
        one.install(b"#!/bin/sh\necho it is broken >&2\nexit 3\n")
        assert one.refused() == "it is broken\n"
        one.install(b"#!/bin/sh\nexit 3\n")
        assert one.refused() == "the new program ended before it was ready (status 3)\n"
        one.install(b"#!/bin/sh\nexec sleep 1000\n")
        assert one.refused() == "the new program was not ready in time\n"
        one.install(b"\x7fELF")
        assert one.refused()
        one.path.unlink()
        assert one.refused() == f"{one.path}: No such file or directory\n"
        one.install(good)
        one.conf.write_text("workers = many\n")
        assert "workers" in one.refused()
        one.conf.write_text("")
        kept = f"CREATE TABLE schema_migration_kept AS SELECT * FROM schema_migration WHERE version = {newest}"
        db.run(f"{kept}; DELETE FROM schema_migration WHERE version = {newest}")
        try:
            assert f"this program needs {newest}" in one.refused()
        finally:
            db.run("INSERT INTO schema_migration SELECT * FROM schema_migration_kept; DROP TABLE schema_migration_kept")
        load.more(50)
        assert {w["pid"] for w in workers(stack)} == before
        upgrade(stack)


def successor(master, known):
    """Pid of the program that the master has started beside these."""
    return until(lambda: [pid for pid in children(master) - known if is_master(pid)], what="the new program")[0]


def test_a_new_master_that_is_killed_is_rolled_back(make, tmp_path):
    """While it boots, and when its workers serve already but nobody has let it take over."""
    stack, variant = make()
    one = Installed(stack, tmp_path, workers=2)
    master = status(stack)["pid"]
    with unharmed(stack, variant) as load:
        known = children(master)
        for _ in range(3):
            waiting = one.upgrade()
            new = successor(master, known)
            os.kill(master, signal.SIGSTOP)
            try:
                born = until(lambda: children(new), what="its workers")
                load.more(30)
                os.kill(new, signal.SIGKILL)
                load.more(30)
            finally:
                os.kill(master, signal.SIGCONT)
            assert waiting.wait(PATIENCE_S) == 1
            assert waiting.stderr.read() == "error: the new program ended before it was ready (signal 9)\n"
            until(lambda: not any(map(alive, born)), what="its workers ended")
        with stopped([stack.pid("db")]):
            waiting = one.upgrade()
            new = successor(master, known)
            os.kill(new, signal.SIGKILL)
            assert waiting.wait(PATIENCE_S) == 1
        assert status(stack)["pid"] == master and known <= children(master)
        upgrade(stack)


def is_master(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return pathlib.Path(f"/proc/{pid}/comm").read_text() == "merx\n"
    return False


def test_an_old_master_that_is_killed_takes_no_request_with_it(make):
    """While its workers drain; and before it has let go, when the new one takes over by itself."""
    stack, variant = make()
    with Waiting(stack, variant) as waiting:
        old = status(stack)["pid"]
        background = subprocess.Popen([program(), "upgrade"], env=stack.environment(), stderr=subprocess.PIPE, text=True)
        until(lambda: status(stack)["pid"] != old, what="another master")
        with Load([(Wire(stack), be_guest) for _ in range(3)]) as load:
            load.more(20)
            assert stack.merx("upgrade", check=False).stderr == (
                "error: an upgrade is under way: the program before has workers that drain\n")
            os.kill(old, signal.SIGKILL)
            load.more(100)
        assert not load.failed, load.failed[:5]
        assert background.wait(PATIENCE_S) == 1 and background.stderr.read() == "error: the master went away\n"
        waiting.release()
        assert [code for code, _ in waiting.answers()] == [201] * len(waiting.threads), waiting.got
        assert set(waiting.quantities(stack.db())) == {2}
    master = status(stack)["pid"]
    note_pid(stack, "serve", master)
    known = children(master)
    background = subprocess.Popen([program(), "upgrade"], env=stack.environment(), stderr=subprocess.PIPE, text=True)
    new = successor(master, known)
    os.kill(master, signal.SIGKILL)
    background.wait(PATIENCE_S)
    until_serving(stack)
    assert status(stack)["pid"] == new
    note_pid(stack, "serve", new)
    with unharmed(stack, variant):
        upgrade(stack)


def test_workers_of_a_killed_master_keep_connections_while_the_new_one_boots(make, tmp_path):
    """Nginx may send the next request on a kept connection at any time: only it closes one."""
    stack, _ = make()
    one = Installed(stack, tmp_path, workers=1)
    master, go = status(stack)["pid"], tmp_path / "go"
    known = children(master)
    one.install(f'#!/bin/sh\nwhile [ ! -e {go} ]; do sleep 0.05; done\nexec {program()} "$@"\n'.encode())
    kept = fcgi_client.Connection(stack.env["MERX_SOCKET"])
    assert kept.get(keep=True).status == 200
    one.upgrade()
    (new,) = until(lambda: children(master) - known, what="the new program")
    os.kill(master, signal.SIGKILL)
    until(lambda: sum(map(alive, known)) == 1, what="workers without connections have ended")
    go.touch()
    note_pid(stack, "serve", new)
    until_serving(stack)
    assert kept.get(keep=True).status == 200
    kept.close()
    until(lambda: not any(map(alive, known)), what="the last worker has ended")


def test_one_upgrade_at_a_time(make, tmp_path):
    stack, variant = make(db_connect_timeout_s=1)
    one = Installed(stack, tmp_path, workers=2)
    with stopped([stack.pid("db")]):
        first = one.upgrade()
        until(lambda: status(stack)["phase"] == "upgrading", what="it has begun")
        for verb, why in (("upgrade", "an upgrade is under way"), ("reload", "an upgrade is under way"),
                          ("scale 3", "not while stopping, reloading or upgrading"),
                          ("scale auto", "not while stopping, reloading or upgrading"),
                          ("drain", "not while stopping or upgrading"), ("resume", "not while stopping or upgrading")):
            done = stack.merx(*verb.split(), check=False)
            assert (done.returncode, done.stderr) == (1, f"error: {why}\n")
        os.kill(status(stack)["pid"], signal.SIGUSR2)
        until(lambda: logged(stack, "upgrade refused") == 1, what="the signal is refused, and ends nobody's waiting")
    assert first.wait(PATIENCE_S) == 0, first.stderr.read()
    note_pid(stack, "serve", status(stack)["pid"])
    until(lambda: Api(stack).get("/v1/readyz").status_code == 200, what="the database is back for the new workers, too")
    with unharmed(stack, variant):
        assert "generation 2" in stack.merx("reload").stdout


@contextlib.contextmanager
def room_for_one_descriptor(pid):
    """The process can open one more file, and no two."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    used = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
    free = next(n for n in range(len(used) + 1) if n not in used)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (free + 1, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def test_a_program_that_cannot_be_started_is_no_reload(make, tmp_path):
    """The service manager would wait for the end of what it was told had begun."""
    stack, _ = make()
    told = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE_S)
        Installed(stack, tmp_path, env={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        with room_for_one_descriptor(status(stack)["pid"]):
            done = stack.merx("upgrade", check=False)
        assert (done.returncode, done.stderr) == (1, "error: cannot start a program: Too many open files\n")
        stop(stack)
        while not told or not told[-1].startswith(b"STOPPING=1"):
            told.append(manager.recv(4096))
    assert b"READY=1" in told and not [t for t in told if b"RELOADING=1" in t]


def test_what_an_upgrade_keeps(make):
    """Limits, revoked sessions, numbers that were scaled; and the sockets are its own to remove."""
    stack, _ = make(rate_login_per_account_ip_burst=3, workers=2)
    api = Api(stack)
    customer, email = api.customer(), stack.env["MERX_CUSTOMER_EMAIL"]
    assert customer.post("/v1/auth/logout").status_code == 204

    def wrong():
        return api.post("/v1/auth/login", {"email": email, "password": "wrong-Horse-battery-1"})

    for expected in (401, 401, 401, 429):
        assert wrong().status_code == expected
    stack.merx("scale", "4")
    now = upgrade(stack)
    assert now["pools"]["fast"]["want"] == 4 and now["pools"]["fast"]["scaled"]
    assert now["pools"]["slow"]["want"] == 1 and not now["pools"]["slow"]["scaled"]
    assert wrong().status_code == 429
    assert customer.get("/v1/me").status_code == 401
    stop(stack)
    assert not any(pathlib.Path(stack.env[f"MERX_{name}"]).exists() for name in ("SOCKET", "CONTROL"))


# ---- sockets that somebody else holds


@contextlib.contextmanager
def listening(stack):
    """The sockets of the pools, as a service manager opens them."""
    paths = {"fast": stack.env["MERX_SOCKET"], "slow": stack.environment()["MERX_SOCKET_SLOW"]}
    made = {}
    for name, path in paths.items():
        pathlib.Path(path).unlink(missing_ok=True)
        made[name] = socket.socket(socket.AF_UNIX)
        made[name].bind(path)
        made[name].listen(511)
    yield made
    for one in made.values():
        one.close()


def test_restarts_with_sockets_of_the_service_manager(make, tmp_path):
    """Twenty under load: what comes meanwhile waits in the queue."""
    stack, variant = make()
    stop(stack)
    with listening(stack) as held:
        one = Started(stack, tmp_path, held)
        with unharmed(stack, variant) as load:
            for n in range(20):
                stop(stack)
                assert all(pathlib.Path(s.getsockname()).is_socket() for s in held.values())
                one.start()
                load.more(20)
                if n % 5 == 0:
                    upgrade(stack)
        assert logged(stack, "listening") > 40 and 'from="service manager"' in stack.log()


class Started(Installed):
    """Its master gets these sockets at each start."""

    def __init__(self, stack, where, held):
        self.stack, self.path = stack, where / "merx"
        self.env = stack.environment()
        self.fds = [s.fileno() for s in held.values()]
        self.launcher = tied(sys.executable, "-c", PASS, ",".join(held), *map(str, self.fds), "--")
        shutil.copy(program(), self.path)
        self.start()


def test_passed_sockets_are_checked(make, tmp_path):
    stack, _ = make()
    stop(stack)
    with listening(stack) as held, socket.socket(socket.AF_UNIX) as other, socket.socket() as tcp, \
            socket.socket(socket.AF_UNIX) as deaf, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagram:
        other.bind(str(tmp_path / "other"))
        other.listen()
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        deaf.bind(str(tmp_path / "deaf"))
        datagram.bind(str(tmp_path / "datagram"))
        fast = stack.env["MERX_SOCKET"]
        for wrong, why in ((other, f"listens elsewhere than at {fast}"), (tcp, f"listens elsewhere than at {fast}"),
                           (deaf, "is no stream socket that listens"), (datagram, "is no stream socket that listens")):
            fds = [wrong.fileno(), held["slow"].fileno()]
            done = subprocess.run(tied(sys.executable, "-c", PASS, "fast,slow", *map(str, fds), "--", program(), "serve"),
                                  env=stack.environment(log=""), pass_fds=fds, text=True, capture_output=True)
            assert done.returncode == 2 and why in done.stderr, done
        assert pathlib.Path(fast).is_socket(), "it is not ours to remove"
