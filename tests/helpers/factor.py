"""Second factors of a test's people: their authenticator apps, and both halves of signing in."""
import base64
import hashlib
import hmac
import struct
import time

from authenticator import Authenticator
from client import Person

TOTP, CONFIRM, CODES = "/v1/me/mfa/totp", "/v1/me/mfa/totp/confirm", "/v1/me/mfa/recovery-codes"
STEP = 30


def code_at(secret, step):
    """RFC 6238 once more: the code of a step."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    word = struct.unpack_from(">I", digest, digest[19] & 15)[0]
    return f"{(word & 0x7FFFFFFF) % 10**6:06d}"


def wrong_code(secret):
    """A code that is none of the next or last steps'."""
    near = {code_at(secret, int(time.time()) // STEP + i) for i in range(-3, 4)}
    return next(c for c in ("000000", "111111", "222222") if c not in near)


def id_of(person):
    return f"UNHEX('{person.id.replace('-', '')}')"


class App:
    """A person's authenticator app: a code that was not shown before, whenever one is asked for."""

    def __init__(self, stack, person, secret, codes=()):
        self.stack, self.person, self.secret, self.codes = stack, person, secret, list(codes)

    def code(self, ahead=0):
        """The code of the present step, which the server is made to forget that it was used. It is good for
        the next step too."""
        self.stack.admin().rows(
            f"UPDATE totp SET last_step = 0 WHERE account_id = {id_of(self.person)}")
        return code_at(self.secret, int(time.time()) // STEP + ahead)


def in_one_step(call):
    """The value of call(), once no step has ended meanwhile."""
    while True:
        began, answer = int(time.time()) // STEP, call()
        if int(time.time()) // STEP == began:
            return answer


def enrol(stack, person):
    begun = person.post(TOTP)
    assert begun.status_code == 200, begun.text
    secret = begun.json()["secret"]
    done = person.post(CONFIRM, {"code": code_at(secret, int(time.time()) // STEP)})
    assert done.status_code == 200, done.text
    return App(stack, person, secret, done.json()["recovery_codes"])


def half(api, person, token=None):
    """Sign in by password; the answer's mfa_token."""
    sent = {"email": person.email, "password": person.password}
    answer = api.post("/v1/auth/login", sent, token=token)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert set(body) == {"result", "mfa_required", "mfa_token", "methods"} and body["mfa_required"] is True
    return body["mfa_token"]


def second(api, token, code, method="totp", **how):
    return api.post("/v1/auth/mfa", {"mfa_token": token, "method": method, "code": code}, **how)


def age(stack, person, seconds=7200):
    """Let the person's sign-ins be so long ago."""
    stack.admin().rows(
        f"UPDATE session SET authenticated_at = UTC_TIMESTAMP(3) - INTERVAL {seconds} SECOND"
        f" WHERE account_id = {id_of(person)}")


def registered(person, stack):
    """A device that has a passkey of the person."""
    device = Authenticator(f"https://localhost:{stack.port}")
    made = device.make(person.post("/v1/me/passkeys/options").json())
    answer = person.post("/v1/me/passkeys", {"credential": made})
    assert answer.status_code == 201, answer.text
    device.passkey = answer.json()["id"]
    return device


def by_passkey(api, device):
    made = device.get(api.post("/v1/auth/passkey/options").json())
    return Person(api, api.post("/v1/auth/passkey", {"credential": made}))
