"""Sealed values read and written without merx, by libsodium alone (lib/codec/pii.h tells the form)."""
import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import json
import os
import pathlib
import struct


sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
MEMBERS = ("name", "company", "line1", "line2", "city", "region", "postal_code", "phone")
HEAD, NONCE, TAG = 9, 24, 16


class Ring:
    """The keys of personal data of a key directory."""

    def __init__(self, directory):
        files = pathlib.Path(directory).glob("*.pii")
        self.keys = {f.stem: base64.urlsafe_b64decode(f.read_text().strip() + "=") for f in files}
        secret = (pathlib.Path(directory) / "server.secret").read_text().strip()
        self.secret = base64.urlsafe_b64decode(secret + "=")
        self.active = (pathlib.Path(directory) / "pii.active").read_text().strip()

    def seal(self, column, row, plain):
        """The bytes of `plain` for the row with that id in hex."""
        head = b"\x01" + bytes.fromhex(self.active)
        nonce = os.urandom(NONCE)
        data = head + bytes.fromhex(row) + column.encode()
        out = ctypes.create_string_buffer(len(plain) + TAG)
        assert 0 == sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
            out, None, plain, ctypes.c_ulonglong(len(plain)), data, ctypes.c_ulonglong(len(data)),
            None, nonce, self.keys[self.active])
        return head + nonce + out.raw

    def open(self, column, row, sealed):
        """The plain bytes of a sealed value, from hex; None when it does not open."""
        sealed = bytes.fromhex(sealed)
        key = self.keys[sealed[1:HEAD].hex()]
        data = sealed[:HEAD] + bytes.fromhex(row) + column.encode()
        text = sealed[HEAD + NONCE:]
        out = ctypes.create_string_buffer(len(text))
        bad = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
            out, None, None, text, ctypes.c_ulonglong(len(text)), data,
            ctypes.c_ulonglong(len(data)), sealed[HEAD:HEAD + NONCE], key)
        return None if bad or sealed[0] != 1 else out.raw[:len(text) - TAG]

    def seal_address(self, row, **members):
        """The column address.sealed."""
        plain = b""
        for name in MEMBERS:
            value = members.get(name)
            text = b"" if value is None else value.encode()
            plain += struct.pack(">H", 0xffff if value is None else len(text)) + text
        return self.seal("address.sealed", row, plain)

    def address(self, row, sealed):
        """The members of that column."""
        plain = self.open("address.sealed", row, sealed)
        found = {}
        for name in MEMBERS:
            (n,), plain = struct.unpack(">H", plain[:2]), plain[2:]
            found[name] = None if n == 0xffff else plain[:n].decode()
            plain = plain if n == 0xffff else plain[n:]
        assert plain == b""
        return found

    def recipient_hash(self, to):
        """The column mail.recipient_hash, in hex."""
        return hmac.new(self.secret, f"mail:{to.lower()}".encode(), hashlib.sha256).hexdigest()


def queue_mail(stack, to, template, values, **columns):
    """Put a mail into the queue behind merx's back; its id in hex. columns: SQL expressions."""
    ring, row = Ring(stack.env["MERX_KEYS"]), os.urandom(16).hex()
    text = ring.seal("mail.sealed", row, f"{to}\n{json.dumps(values)}".encode())
    all_of_it = {
        "id": f"x'{row}'", "recipient_hash": f"x'{ring.recipient_hash(to)}'",
        "template": f"'{template}'", "locale": "'en'", "sealed": f"x'{text.hex()}'",
        "next_at": "UTC_TIMESTAMP(3)", "created_at": "UTC_TIMESTAMP(3)"} | columns
    owner = stack.admin()
    owner.rows(f"INSERT INTO mail ({', '.join(all_of_it)}) VALUES ({', '.join(all_of_it.values())})")
    return row


def end_leases(stack):
    """The time that senders of mail had is over: those that were killed hold nothing any more."""
    stack.admin().run("UPDATE mail SET lease_until = '2000-01-01' WHERE lease_until IS NOT NULL")


def mails(stack, to):
    """The rows of mail to that address."""
    key = Ring(stack.env["MERX_KEYS"]).recipient_hash(to)
    return stack.db().rows(
        "SELECT HEX(id) AS id, template, state, attempts, HEX(sealed) AS sealed, lease_until"
        f" FROM mail WHERE recipient_hash = x'{key}' ORDER BY id")
