"""Lengths that nothing stands behind: in passkeys, and in FastCGI records spoken past nginx."""
import contextlib
import socket
import threading

import fcgi_client as fcgi
import flood
import rig
from authenticator import BOMB, Authenticator, b64, unb64
from fcgi_lies import LIES
from load import peak_kib, status

SIGN_IN, OWN = "/v1/auth/passkey", "/v1/me/passkeys"
AT_ONCE = 5
GROWTH_MAX_KIB = 64 << 10
TIMES = 20


class Signer:
    """Signs in and registers without end, with these extensions in the authenticator's data."""

    def __init__(self, api, extensions):
        self.person, self.extensions = api.customer(), extensions
        self.device = Authenticator(f"https://localhost:{api.stack.port}")
        made = self.person.post(OWN, {"credential": self.device.make(self.options(OWN))})
        assert made.status_code == 201, made.text
        self.statuses, self.done = set(), threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def options(self, path):
        return self.person.post(f"{path}/options").json()

    def run(self):
        while not self.done.is_set():
            sent = self.device.get(self.options(SIGN_IN), extensions=self.extensions)
            self.statuses.add(self.person.post(SIGN_IN, {"credential": sent}).status_code)
            self.register()

    def register(self):
        """The long extensions are tried as the key too, and as the whole object."""
        other = Authenticator(self.device.origin)
        made = other.make(self.options(OWN), extensions=self.extensions, cose=self.extensions)
        whole = unb64(made["response"]["attestationObject"])
        for sent in (whole, self.extensions):
            made["response"]["attestationObject"] = b64(sent)
            answer = self.person.post(OWN, {"credential": made})
            self.statuses.add(answer.status_code)


@contextlib.contextmanager
def signing(api, extensions):
    """So many at once, until the end."""
    signers = [Signer(api.clone(), extensions) for _ in range(AT_ONCE)]
    for s in signers:
        s.thread.start()
    yield signers
    for s in signers:
        s.done.set()
    for s in signers:
        s.thread.join()


def stay(stack, before):
    """Verdicts on workers that were there before."""
    after = peak_kib(stack)
    grown = max((after.get(pid, 0) - kib for pid, kib in before.items()), default=0)
    yield f"{status(stack)['died']} workers died", after.keys() == before.keys()
    yield f"a worker's memory grew by at most {grown} KiB", grown < GROWTH_MAX_KIB


def passkeys():
    with rig.store("passkeys") as api:
        slug = api.get("/v1/products?limit=1").json()["data"][0]["slug"]
        product = api.url + f"/v1/products/{slug}"
        flood.probe(product)  # whatever is done once
        with signing(api, b"\xa1\x61x\x01"):
            harmless = flood.p99(product)
        before = peak_kib(api.stack)
        with signing(api, BOMB) as signers:
            bombed = flood.p99(product)
        statuses = set().union(*(s.statuses for s in signers))
        yield f"answers to arrays of 41,943,040: {sorted(statuses)}", statuses == {401, 422}
        yield (f"99th percentile of a product beside them: {bombed:.2f} ms, {harmless:.2f} ms beside "
               "passkeys without", bombed < 2 * harmless)
        yield from stay(api.stack, before)


def answered(path, sent):
    """Whether a worker says anything to it."""
    with fcgi.Connection(path) as c:
        with contextlib.suppress(OSError):
            c.send(sent)
            c.sock.shutdown(socket.SHUT_WR)
        try:
            c.answer()
        except fcgi.Dropped:
            return False
    return True


def records():
    with rig.store("records") as api:
        fast = api.stack.env["MERX_SOCKET"]
        before = peak_kib(api.stack)
        for pool, path in (("fast", fast), ("slow", fast.replace("merx.sock", "merx-slow.sock"))):
            said = [name for name, sent in LIES.items() for _ in range(TIMES) if answered(path, sent)]
            yield f"{pool} pool: {TIMES} times each of {len(LIES)} lies, answered {said}", not said
            yield f"{pool} pool: it serves", fcgi.get(path).status == 200
        yield from stay(api.stack, before)
