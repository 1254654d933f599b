"""Workers beside those of a stack, on its database, whose connections to it can be cut."""
import json
import os
import signal
import subprocess

import fcgi_client
from client import PATIENCE_S, program, tied, until
from db_proxy import DbProxy


class Beside:
    """One worker of each pool, whose database connections end at a command of one's choice."""

    def __init__(self, stack, where, **settings):
        self.proxy = DbProxy(where / "db.sock", stack.env["MERX_DB_SOCKET"])
        self.fast, self.slow = where / "fast.sock", where / "slow.sock"
        env = stack.environment(
            socket=self.fast, socket_slow=self.slow, control=where / "control.sock",
            db_socket=self.proxy.path, log=where / "merx.log", workers=1, slow_workers=1,
            sandbox_provider="on", **settings)
        self.env = env
        self.master = subprocess.Popen(tied(program(), "serve"), env=env)
        until(self.serves, what="workers beside the stack")

    def serves(self):
        assert self.master.poll() is None, "it has ended"
        return subprocess.run([program(), "status"], env=self.env, capture_output=True).returncode == 0

    def stop(self):
        self.master.send_signal(signal.SIGTERM)
        assert self.master.wait(PATIENCE_S) == 0
        self.proxy.close()

    def reload(self):
        """New workers, at once."""
        subprocess.run([program(), "reload"], env=self.env, check=True, capture_output=True)

    def status(self):
        return json.loads(subprocess.run([program(), "status", "json"], env=self.env, check=True,
                                         capture_output=True).stdout)

    def lose_a_worker(self):
        """Return when a worker that stands still has been killed for it."""
        before = self.status()
        os.kill(until(lambda: [w["pid"] for w in self.status()["workers"] if w["state"] == "ready"])[0],
                signal.SIGSTOP)
        until(lambda: self.status()["killed"] > before["killed"], what="the worker was killed")

    def send(self, sock, method, path, body, token=None, key=None):
        """(status, JSON) of one request."""
        more = {"HTTP_AUTHORIZATION": f"Bearer {token}"} if token else {}
        if key:
            more["HTTP_IDEMPOTENCY_KEY"] = key
        answer = fcgi_client.get(sock, path, method=method, body=json.dumps(body).encode(), **more)
        self.replayed = answer.headers.get("idempotency-replayed") == "true"
        if answer.status == 503:
            assert int(answer.headers["retry-after"]) >= 1, answer.headers
        return answer.status, json.loads(answer.body) if answer.body else None

    def cut_at(self, nth, carried_out, call):
        """call() while the nth command from now on is cut; its answer, and whether it came to that."""
        seen = 0

        def count(forward):
            nonlocal seen
            seen += 1
            if seen != nth:
                return True
            if carried_out:
                forward()
            return False

        self.proxy.at_command = count
        try:
            return call(), seen >= nth
        finally:
            self.proxy.at_command = None
