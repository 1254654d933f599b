"""Accounts made behind merx's back, for tests that need somebody and not how one becomes somebody."""
import base64
import ctypes
import functools
import hashlib
import hmac
import os
import struct
import time

import sealed

MEMORY, PASSES = 19456 * 1024, 2  # lib/codec/phc.c
REFRESH = b"refresh"  # lib/account/session.c


def new_id():
    """A UUIDv7 in hex."""
    random = bytearray(struct.pack(">Q", time.time_ns() // 1_000_000)[2:] + os.urandom(10))
    random[6] = 0x70 | random[6] & 0x0F
    random[8] = 0x80 | random[8] & 0x3F
    return random.hex()


@functools.cache
def hashed(password):
    """The column account.password_hash."""
    out = ctypes.create_string_buffer(128)
    assert 0 == sealed.sodium.crypto_pwhash_str(
        out, password.encode(), ctypes.c_ulonglong(len(password)), ctypes.c_ulonglong(PASSES),
        ctypes.c_size_t(MEMORY))
    return out.value.decode()


@functools.cache
def ring(directory):
    return sealed.Ring(directory)


def refresh_token(stack, session):
    """The first one of a session, whose id is given in hex."""
    covered = bytes.fromhex(session) + bytes(8)
    mac = hmac.new(ring(stack.env["MERX_KEYS"]).secret, REFRESH + covered, hashlib.sha256).digest()
    return "mr1_" + base64.urlsafe_b64encode(covered + mac).rstrip(b"=").decode()


def insert_customer(stack, address, name, password):
    """A customer with a session; its refresh token."""
    account, session = new_id(), new_id()
    quoted = name.replace("\\", "\\\\").replace("'", "''")
    stack.admin().run(
        "INSERT INTO account (id, kind, email, email_key, verified_at, name, password_hash, created_at,"
        f" updated_at) SELECT x'{account}', 1, '{address}', '{address}', now3, '{quoted}',"
        f" '{hashed(password)}', now3, now3 FROM (SELECT UTC_TIMESTAMP(3) AS now3) t;"
        "INSERT INTO session (id, account_id, generation, created_at, rotated_at, expires_at,"
        f" authenticated_at) SELECT x'{session}', x'{account}', 0, now3, now3, now3 + INTERVAL 30 DAY,"
        " now3 FROM (SELECT UTC_TIMESTAMP(3) AS now3) t")
    return refresh_token(stack, session)
