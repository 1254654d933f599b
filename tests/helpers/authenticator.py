"""An authenticator in software (WebAuthn Level 3, section 6): makes credentials and signs."""
import base64
import hashlib
import json
import os
import struct

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from fido2 import cbor

PRESENT, VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED, EXTENDED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
BOMB = bytes.fromhex("9a02800000")  # the head of a CBOR array of 41,943,040


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def big(number, size):
    return number.to_bytes(size, "big")


class Key:
    """A key pair of a COSE algorithm."""

    def __init__(self, alg):
        self.alg = alg
        make = {
            -7: lambda: ec.generate_private_key(ec.SECP256R1()),
            -35: lambda: ec.generate_private_key(ec.SECP384R1()),
            -8: ed25519.Ed25519PrivateKey.generate,
            -257: lambda: rsa.generate_private_key(65537, 2048),
        }
        self.private = make[alg]()

    def __repr__(self):
        return f"Key({self.alg})"

    def cose(self):
        public = self.private.public_key()
        if self.alg == -8:
            raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            return {1: 1, 3: -8, -1: 6, -2: raw}
        numbers = public.public_numbers()
        if self.alg == -257:
            return {1: 3, 3: -257, -1: big(numbers.n, 256), -2: big(numbers.e, 3)}
        size, curve = (32, 1) if self.alg == -7 else (48, 2)
        return {1: 2, 3: self.alg, -1: curve, -2: big(numbers.x, size), -3: big(numbers.y, size)}

    def sign(self, data):
        if self.alg == -8:
            return self.private.sign(data)
        if self.alg == -257:
            return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())
        digest = hashes.SHA256() if self.alg == -7 else hashes.SHA384()
        return self.private.sign(data, ec.ECDSA(digest))


class Authenticator:
    """Holds one credential. Whatever is given to make and get replaces what would be sound."""

    def __init__(self, origin, rp_id="localhost", alg=-7):
        self.origin, self.rp_id, self.key = origin, rp_id, Key(alg)
        self.id, self.count, self.user = os.urandom(32), 0, None

    def client_data(self, kind, asked, **changed):
        sound = {"type": kind, "challenge": asked, "origin": self.origin, "crossOrigin": False}
        return json.dumps(sound | changed).encode()

    def data(self, flags, rp_id=None, credential=b"", extensions=b""):
        rp = hashlib.sha256((rp_id or self.rp_id).encode()).digest()
        flags |= EXTENDED if extensions else 0
        return rp + bytes([flags]) + struct.pack(">I", self.count) + credential + extensions

    def make(self, options, flags=PRESENT | VERIFIED | ATTESTED, rp_id=None, fmt="none",
             key=None, cose=None, extensions=b"", **changed):
        """The answer to creation options, as PublicKeyCredential.toJSON() has it."""
        self.user = unb64(options["user"]["id"])
        held = bytes(16) + struct.pack(">H", len(self.id)) + self.id
        held += cose or cbor.encode((key or self.key).cose())
        data = self.data(flags, rp_id, held, extensions)
        client = self.client_data("webauthn.create", options["challenge"], **changed)
        statement = {}
        if fmt == "packed":
            signed = data + hashlib.sha256(client).digest()
            statement = {"alg": self.key.alg, "sig": self.key.sign(signed)}
        made = cbor.encode({"fmt": fmt, "attStmt": statement, "authData": data})
        return {
            "id": b64(self.id), "rawId": b64(self.id), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": {"credProps": {"rk": True}},
            "response": {"clientDataJSON": b64(client), "attestationObject": b64(made),
                         "authenticatorData": b64(data), "transports": ["internal", "hybrid"],
                         "publicKeyAlgorithm": self.key.alg, "publicKey": None},
        }

    def get(self, options, flags=PRESENT | VERIFIED, rp_id=None, step=1, user=None, key=None,
            extensions=b"", **changed):
        """The answer to request options."""
        self.count += step
        data = self.data(flags, rp_id, extensions=extensions)
        client = self.client_data("webauthn.get", options["challenge"], **changed)
        signature = (key or self.key).sign(data + hashlib.sha256(client).digest())
        return {
            "id": b64(self.id), "rawId": b64(self.id), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
            "response": {"clientDataJSON": b64(client), "authenticatorData": b64(data),
                         "signature": b64(signature), "userHandle": b64(user or self.user)},
        }
