"""Signals of every kind while bodies arrive slowly: what is stored is what was sent, and nobody is refused."""
import hashlib
import json
import os
import random
import signal
import threading
import time

import fcgi_client as fcgi
import pytest
from client import Api, until
from load import settled, status

TO_MASTER = ["HUP", "TTIN", "TTOU", "USR1", "CHLD", "WINCH"]
TO_WORKERS = ["USR1", "CHLD", "WINCH", "HUP", "TERM"]
CLIENTS, EACH = 4, 12


@pytest.fixture
def stack(new_stack):
    return new_stack("storms", workers=3, slow_workers=1)


class Sender(threading.Thread):
    """Stores words in a guest's cart again and again, each in records that arrive one after the other."""

    def __init__(self, stack, seed):
        super().__init__()
        self.socket, self.chance = stack.env["MERX_SOCKET"], random.Random(seed)
        self.guest, self.faults, self.done = Api(stack).guest(), [], 0

    def words(self):
        return {f"{i}": self.chance.randbytes(120).hex() for i in range(40)}

    def run(self):
        for _ in range(EACH):
            try:
                self.store(self.words())
            except (AssertionError, OSError, fcgi.Dropped) as e:
                self.faults.append(repr(e))
            self.done += 1

    def store(self, words):
        body = json.dumps({"metadata": words}).encode()
        whole = fcgi.begin() + fcgi.stream(fcgi.PARAMS, fcgi.pairs(fcgi.params(
            "/v1/cart", "PATCH", body, HTTP_AUTHORIZATION=f"Bearer {self.guest.token}")))
        with fcgi.Connection(self.socket) as c:
            c.send(whole)
            while body:
                size = self.chance.randrange(200, 2000)
                c.send(fcgi.record(fcgi.STDIN, body[:size]))
                body = body[size:]
                time.sleep(0.01)
            c.send(fcgi.record(fcgi.STDIN))
            answer = c.answer()
        assert answer.status == 200, answer.body
        assert digest(json.loads(answer.body)["metadata"]) == digest(words)
        assert digest(self.guest.get("/v1/cart").json()["metadata"]) == digest(words)


def digest(words):
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()


def test_signals_while_bodies_arrive(stack):
    """To the master and to its workers, in any order."""
    chance, master = random.Random(1), stack.pid("serve")
    senders = [Sender(stack, seed) for seed in range(CLIENTS)]
    for s in senders:
        s.start()
    while any(s.is_alive() for s in senders):
        os.kill(master, getattr(signal, f"SIG{chance.choice(TO_MASTER)}"))
        worker = chance.choice(status(stack)["workers"])
        if worker["pid"] and worker["state"] in ("ready", "busy"):
            send(worker["pid"], chance.choice(TO_WORKERS))
    for s in senders:
        s.join()
    assert not [f for s in senders for f in s.faults]
    until(lambda: settled(stack), what="quiet again")
    now = status(stack)
    assert (now["died"], now["killed"]) == (0, 0) and now["generation"] > 1


def send(pid, name):
    """To a worker that may have ended meanwhile."""
    try:
        os.kill(pid, getattr(signal, f"SIG{name}"))
    except ProcessLookupError:
        pass
