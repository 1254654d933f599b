"""Keys that come and go while the store serves, and secrets that stay where they are. JWT-9, JWT-11,
SEC-1."""
import base64
import json
import os
import pathlib
import re
import subprocess
import time

import pytest
from client import ADDRESS, PATIENCE, Api, problem, until
from load import Load, NginxErrors, expect, status
from wire import Wire

TOKEN_S, CACHE_S = 900, 600  # whose time has passed when the test says so
LATE_S = 2 * PATIENCE["request_timeout_ms"] // 1000  # when nobody is at work any more who knew less


def kid_of(token):
    head = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]


class Keys:
    """The key directory of a stack."""

    def __init__(self, stack):
        self.stack, self.path = stack, pathlib.Path(stack.env["MERX_KEYS"])

    def run(self, *args, check=True):
        return self.stack.merx("key", *args, check=check)

    def new(self, *alg):
        return self.run("new", *alg).stdout.strip()

    def states(self):
        """State of each kid of tokens."""
        rows = [line.split() for line in self.run("list").stdout.splitlines()]
        assert all(len(row) == 5 for row in rows), rows
        return {row[0]: row[2] for row in rows if row[1] != "PII"}

    def refused(self, *args):
        done = self.run(*args, check=False)
        assert done.returncode == 1 and not done.stdout, done
        return done.stderr

    def age(self, name, seconds):
        """Let the file be older."""
        then = time.time() - seconds
        os.utime(self.path / name, (then, then))


class App:
    """Reads with its access token, which it renews after every fifth request."""

    def __init__(self):
        self.refresh, self.reads, self.renewals = None, 0, 0

    def renew(self, wire):
        """The first tokens, or the next ones."""
        wire.token, sent = None, {"refresh_token": self.refresh}
        if self.refresh is None:
            answer = expect(wire.send("POST", "/v1/auth/guest"), 201)
        else:
            answer = expect(wire.send("POST", "/v1/auth/refresh", sent), 200)
        tokens = json.loads(answer)
        wire.token, self.refresh = tokens["access_token"], tokens["refresh_token"]
        self.renewals += 1

    def __call__(self, wire):
        if self.reads % 5 == 0:
            self.renew(wire)
        self.reads += 1
        expect(wire.send("GET", "/v1/me"), 200)


@pytest.fixture
def stack(new_stack, request):
    return new_stack(request.node.name, workers=3, token_ttl_s=TOKEN_S, jwks_max_age_s=CACHE_S)


@pytest.fixture
def keys(stack):
    return Keys(stack)


@pytest.fixture
def apps():
    return [App() for _ in range(6)]


def renewed(apps):
    """Wait until every app has a token that was asked for from now on."""
    want = [app.renewals + 2 for app in apps]
    until(lambda: all(a.renewals >= n for a, n in zip(apps, want)), what="new tokens")


def published(api):
    answer = api.get("/v1/jwks.json")
    assert answer.headers["Cache-Control"] == f"public, max-age={CACHE_S}"
    return {k["kid"] for k in answer.json()["keys"]}


class Undisturbed:
    """Load in which nobody sees a failure, and nothing is started anew."""

    def __init__(self, stack, apps):
        self.stack, self.load = stack, Load([(Wire(stack), app) for app in apps])
        self.errors, self.before = NginxErrors(stack), self.processes()

    def processes(self):
        return {(w["pid"], w["generation"]) for w in status(self.stack)["workers"]}

    def __enter__(self):
        self.load.__enter__()
        self.load.more(30)
        return self.load

    def __exit__(self, fault, *rest):
        self.load.__exit__(fault, *rest)
        if not fault:
            assert not self.load.failed, self.load.failed[:5]
            assert not self.errors.new(), self.errors.new()[:5]
            assert self.processes() == self.before


@pytest.mark.req("JWT-9", "JWT-10")
def test_a_rotation_under_load(stack, keys, apps):
    """Publish, wait, sign, wait, retire; nobody is refused, and nothing is reloaded."""
    api = Api(stack)
    old = kid_of(api.guest().token)
    with Undisturbed(stack, apps) as load:
        for _ in range(3):
            new = keys.new()
            assert keys.states() == {old: "active", new: "published"}
            assert published(api) == {old, new} and kid_of(api.guest().token) == old
            assert "too early: wait another " in keys.refused("activate", new)
            keys.age(f"{new}.es256.pem", CACHE_S + LATE_S)
            keys.run("activate", new)
            assert keys.states() == {old: "published", new: "active"}
            assert kid_of(api.guest().token) == new and published(api) == {old, new}
            load.more(30)
            assert "too early: wait another " in keys.refused("retire", old)
            renewed(apps)
            keys.age("active", TOKEN_S + LATE_S)
            keys.run("retire", old)
            assert keys.states() == {old: "retired", new: "active"} and published(api) == {new}
            load.more(30)
            assert keys.run("prune").stdout == f"{old}.es256.pem.retired\n"
            assert keys.states() == {new: "active"}
            old = new


@pytest.mark.req("JWT-9", "JWT-10")
def test_to_a_shared_secret_and_back(stack, keys, apps):
    """A shared secret is never in a key set, and waits for none."""
    api = Api(stack)
    first = kid_of(api.guest().token)
    with Undisturbed(stack, apps):
        secret = keys.new("HS256")
        keys.run("activate", secret)
        assert kid_of(api.guest().token) == secret and published(api) == {first}
        renewed(apps)
        keys.run("activate", first, "--force")
        assert kid_of(api.guest().token) == first
        renewed(apps)
        keys.run("retire", secret, "--force")
        renewed(apps)


@pytest.mark.req("JWT-9")
def test_an_emergency(stack, keys):
    """The key that signs was stolen: at once another signs, and no token of the old one is good."""
    api, wires = Api(stack), [Wire(stack).guest() for _ in range(12)]
    stolen = kid_of(wires[0].token)
    for _ in range(2):
        assert {wire.send("GET", "/v1/me")[0] for wire in wires} == {200}, "remembered by the host"
    assert f"{stolen} signs" in keys.refused("retire", stolen, "--force")
    new = keys.new()
    keys.run("activate", new, "--force")
    assert {wire.send("GET", "/v1/me")[0] for wire in wires} == {200}
    keys.run("retire", stolen, "--force")
    assert {wire.send("GET", "/v1/me")[0] for wire in wires} == {401}
    assert published(api) == {new}
    assert Wire(stack).guest().send("GET", "/v1/me")[0] == 200


@pytest.mark.req("SEC-1")
def test_the_servers_secret_rotates_under_load(stack, keys, apps):
    """Sessions outlive the secret that made their tokens; a stored answer does too."""
    api = Api(stack)
    person = api.guest()
    stored = person.post("/v1/me/addresses", ADDRESS, key="once")
    assert stored.status_code == 201
    with Undisturbed(stack, apps) as load:
        secret = (keys.path / "server.secret").read_text()
        keys.run("rotate-secret")
        assert (keys.path / "server.secret").read_text() != secret
        assert (keys.path / "server.secret.old").read_text() == secret
        renewed(apps)
        load.more(30)
        assert "too early" in keys.refused("rotate-secret")
        assert keys.run("prune").stdout == ""
    again = person.post("/v1/me/addresses", ADDRESS, key="once")
    assert (again.status_code, again.content) == (stored.status_code, stored.content)
    sent = {"refresh_token": person.refresh_token}
    late = api.guest()
    assert api.post("/v1/auth/refresh", sent).status_code == 200
    keys.age("server.secret", 31 * 86400)
    assert keys.run("prune").stdout == "server.secret.old\n"
    problem(api.post("/v1/auth/refresh", sent), 401, "invalid_refresh_token")
    assert api.post("/v1/auth/refresh", {"refresh_token": late.refresh_token}).status_code == 200


@pytest.mark.req("JWT-11")
def test_a_bad_key_is_not_taken_up(stack, keys, apps):
    """While the store serves it goes on with the keys of before, and says so; a reload is refused."""
    with Undisturbed(stack, apps) as load:
        bad = keys.path.parent / "bad.hs256"
        bad.write_text("AAAA")
        bad.chmod(0o600)
        bad = bad.rename(keys.path / bad.name)  # a worker looks at any moment
        load.more(60)
        assert "bad.hs256: 3 bytes" in stack.log()
        lines = stack.log().count("cannot load the keys, the previous ones stay in use")
        assert 1 <= lines < 200, lines
        done = stack.merx("reload", check=False)
        assert done.returncode == 1
        assert "bad.hs256" in keys.refused("activate", next(iter(keys.states())))
        bad.unlink()
        load.more(60)
    stack.merx("reload")


@pytest.mark.req("SEC-1")
def test_secrets_stay_in_their_files(stack, keys):
    """No secret is in an argument, in the environment of a process, in the log; no process leaves
    its memory behind or lets itself be looked into."""
    api = Api(stack)
    person = api.customer()
    api.post("/v1/auth/refresh", {"refresh_token": person.refresh_token})
    secrets = {p.read_text().strip() for p in keys.path.iterdir()
               if p.name.endswith((".hs256", ".pii")) or p.name.startswith("server.secret")}
    for pem in keys.path.glob("*.pem"):
        secrets |= set(pem.read_text().splitlines()[1:-1])
    secrets |= {(stack.run / "merx.password").read_text().strip(), person.password, person.token,
                person.refresh_token}
    assert all(len(s) >= 12 for s in secrets) and len(secrets) > 6
    pids = [stack.pid("serve"), stack.pid("jobs"), *(w["pid"] for w in status(stack)["workers"])]
    listed = subprocess.run(["ps", "-ww", "-o", "args", "-p", ",".join(map(str, pids))],
                            capture_output=True, text=True, check=True).stdout
    for pid in pids:
        proc = pathlib.Path(f"/proc/{pid}")
        limits = (proc / "limits").read_text()
        assert re.search(r"^Max core file size +0 +0 +bytes", limits, re.M), limits
        assert (proc / "environ").stat().st_uid == 0, "it is root's: the process is not dumpable"
        if os.access(proc / "environ", os.R_OK):
            listed += (proc / "environ").read_text()
    listed += stack.log()
    assert not [s for s in secrets if s in listed]
