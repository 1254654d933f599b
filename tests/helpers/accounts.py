"""Signing up, signing in and new passwords, with what is sent and what is answered."""
import ctypes
import ctypes.util
import statistics
import time

from client import PASSWORD, handle_of, until

NEW = "another-Horse-battery-8"


def register(api, email, password=PASSWORD, name="Ada Lovelace", **how):
    sent = {"email": email, "password": password, "name": name}
    return api.post("/v1/auth/register", sent, **how)


def verify(api, email, code, handle=None, **how):
    return api.verify(email, code, handle, **how)


def login(api, email, password=PASSWORD, **how):
    return api.post("/v1/auth/login", {"email": email, "password": password}, **how)


def other_code(code):
    return code[:-1] + ("0" if code[-1] != "0" else "1")


def tokens_of(answer, status=200):
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"result", "access_token", "token_type", "expires_in", "refresh_token", "user"}
    assert body["token_type"] == "Bearer" and 0 < body["expires_in"] <= 900
    assert answer.headers["Cache-Control"] == "no-store"
    return body


def weak_hash(password):
    """An Argon2id hash with less memory and one pass, made by libsodium."""
    sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
    out = ctypes.create_string_buffer(128)
    done = sodium.crypto_pwhash_str_alg(
        out, password.encode(), ctypes.c_ulonglong(len(password.encode())), ctypes.c_ulonglong(1),
        ctypes.c_size_t(8192 * 1024), 2,
    )
    assert done == 0
    return out.value.decode()


def take_like_time(one, other):
    """Both calls take alike, in the middle of several; what tells them apart does so in each round, and the
    load of the machine does not."""
    for _ in range(5):
        took = [[], []]
        for _ in range(8):
            for call, times in zip((one, other), took):
                began = time.perf_counter()
                call()
                times.append(time.perf_counter() - began)
        ratio = statistics.median(took[0]) / statistics.median(took[1])
        if 1 / 3 < ratio < 3:
            return
    raise AssertionError(f"one takes {ratio} times as long as the other")


def change(person, new=NEW, current=None, **how):
    sent = {"current_password": current or person.password, "password": new}
    return person.put("/v1/me/password", sent, **how)


def forgot(api, email, **how):
    return api.post("/v1/auth/password/forgot", {"email": email}, **how)


def reset(api, email, code, password=NEW, handle=None, **how):
    """With the handle of the newest request for the address, unless another is given."""
    handle = handle or api.handles("/v1/auth/password/forgot", email.lower())[-1]
    sent = {"email": email, "code": code, "handle": handle, "password": password}
    return api.post("/v1/auth/password/reset", sent, **how)


def asked(api, mailbox, email):
    """The code that is mailed now. Notices may come at any time between."""
    before = mailbox.codes(email)
    handle_of(forgot(api, email))
    return until(lambda: [code for code in mailbox.codes(email) if code not in before], what="the code")[0]


def account(person):
    return f"UNHEX('{person.id.replace('-', '')}')"
