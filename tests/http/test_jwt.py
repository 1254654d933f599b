"""Access tokens that must be refused, black-box: forged with the store's own keys where the forgery
is in the form, with others where it is in the signature."""
import base64
import hashlib
import hmac
import json
import pathlib
import shutil
import subprocess
import time
import uuid

import pytest

import client
from client import problem

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def openssl(*args, stdin=b""):
    return subprocess.run(["openssl", *args], input=stdin, capture_output=True, check=True).stdout


def der_to_pair(der):
    """r and s of an ECDSA signature."""
    at, pair = 2, []
    for _ in range(2):
        assert der[at] == 2
        n = der[at + 1]
        pair.append(int.from_bytes(der[at + 2 : at + 2 + n], "big"))
        at += 2 + n
    return pair


def es256(pem, text):
    """Signature of 64 bytes with the private key in file `pem`."""
    r, s = der_to_pair(openssl("dgst", "-sha256", "-sign", str(pem), stdin=text))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def hs(secret, text, digest="sha256"):
    return hmac.new(secret, text, digest).digest()


class Forge:
    """Makes tokens like the store's from one of its own."""

    def __init__(self, keys, model):
        self.keys = pathlib.Path(keys)
        head, body, _ = model.split(".")
        self.header, self.claims = json.loads(unb64(head)), json.loads(unb64(body))
        self.kid = self.header["kid"]
        self.pem = self.keys / f"{self.kid}.es256.pem"

    def text(self, header=None, claims=None, drop=()):
        """Header and payload as they are signed; names in drop are left out."""
        head = json.dumps({k: v for k, v in (self.header | (header or {})).items()
                           if k not in drop})
        now = int(time.time())
        fresh = self.claims | {"jti": str(uuid.uuid4()), "iat": now, "nbf": now, "exp": now + 300}
        body = json.dumps({k: v for k, v in (fresh | (claims or {})).items() if k not in drop})
        return self.raw(head, body)

    @staticmethod
    def raw(head, body):
        head, body = (x.encode() if isinstance(x, str) else x for x in (head, body))
        return f"{b64(head)}.{b64(body)}".encode()

    def signed(self, text):
        return f"{text.decode()}.{b64(es256(self.pem, text))}"

    def token(self, header=None, claims=None, drop=()):
        return self.signed(self.text(header, claims, drop))

    def public(self, *form):
        return openssl("ec", "-in", str(self.pem), "-pubout", *form)


@pytest.fixture(scope="module")
def person(api):
    return api.guest()


@pytest.fixture(scope="module")
def forge(stack, person):
    return Forge(stack.env["MERX_KEYS"], person.token)


@pytest.fixture(scope="module")
def refused(api, stack):
    """A token is refused without a word why, and no worker dies of it."""

    def check(token):
        answer = api.get("/v1/me", token=token)
        body = problem(answer, 401, "unauthorized")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert set(body) <= {"type", "title", "status", "detail", "code", "request_id", "instance"}
        return body

    return check


@pytest.fixture(scope="module", autouse=True)
def workers_stay(stack):
    def alive():
        workers = subprocess.run(
            ["pgrep", "-P", str(stack.pid("serve"))], capture_output=True, check=True
        )
        return set(workers.stdout.split())

    before = alive()
    yield
    assert alive() == before


def test_the_forge_makes_good_tokens(api, forge, person):
    answer = api.get("/v1/me", token=forge.token())
    assert answer.status_code == 200 and answer.json()["id"] == person.id


def test_an_array_of_audiences_and_a_high_s(api, forge):
    assert api.get("/v1/me", token=forge.token(claims={"aud": ["x", "merx"]})).status_code == 200
    text = forge.text()
    r, s = der_to_pair(openssl("dgst", "-sha256", "-sign", str(forge.pem), stdin=text))
    twin = r.to_bytes(32, "big") + (ORDER - s).to_bytes(32, "big")
    assert api.get("/v1/me", token=f"{text.decode()}.{b64(twin)}").status_code == 200


# ---- JWT-1: kid pins the algorithm


@pytest.mark.parametrize("digest, alg", (("sha256", "HS256"), ("sha384", "HS384"),
                                         ("sha512", "HS512")))
@pytest.mark.parametrize("form", ("pem", "pem without its last newline", "der", "x and y", "file"))
def test_the_public_key_is_no_secret(refused, forge, form, digest, alg):
    pem = forge.public()
    der = forge.public("-outform", "DER")
    secret = {
        "pem": pem, "pem without its last newline": pem.rstrip(b"\n"), "der": der,
        "x and y": der[-64:], "file": forge.pem.read_bytes(),
    }[form]
    text = forge.text({"alg": alg})
    refused(f"{text.decode()}.{b64(hs(secret, text, digest))}")


@pytest.mark.parametrize("alg", ("es256", "ES256 ", "ES384", "ES512", "RS256", "PS256", "EdDSA",
                                 "HS256", "", None, 7, ["ES256"], {"x": 1}, True))
def test_alg_is_the_keys_own(refused, forge, alg):
    refused(forge.token({"alg": alg}))


def test_alg_is_there(refused, forge):
    refused(forge.token(drop=["alg"]))


# ---- JWT-2: none


@pytest.mark.parametrize("alg", ("none", "None", "nOnE", "NONE", ""))
def test_none(refused, forge, alg):
    text = forge.text({"alg": alg}).decode()
    for token in (f"{text}.", text, f"{text}.{b64(b'x')}", forge.token({"alg": alg})):
        refused(token)
    unsigned = forge.text({"alg": alg}, drop=["kid"]).decode()
    refused(f"{unsigned}.")


# ---- JWT-3: kid


@pytest.mark.parametrize(
    "kid",
    ("x' UNION SELECT 'k'-- ", "../../keys/a", "k" * 65, "", "/dev/null", "active",
     "server.secret", 7, ["k"], None, "é", "k\u0000"),
)
def test_kid_names_a_key(refused, forge, kid):
    refused(forge.token({"kid": kid}))


def test_kid_as_a_path_or_too_long(refused, forge):
    refused(forge.token({"kid": f"./{forge.kid}"}))
    refused(forge.token({"kid": f"{forge.kid}.es256.pem"}))
    refused(forge.token({"kid": "k" * 10000})[:8000])
    refused(forge.token({"kid": "k" * 3000}))
    refused(forge.token(drop=["kid"]))


# ---- JWT-4: header members that change what is checked


@pytest.mark.parametrize(
    "member, value",
    (("jku", "https://evil.example/jwks"), ("x5u", "https://evil.example/x"), ("x5c", ["MIIB"]),
     ("crit", ["exp"]), ("crit", []), ("b64", False), ("b64", True), ("zip", "DEF"),
     ("cty", "JWT"), ("jwk", {"kty": "EC"}), ("jwk", None)),
)
def test_forbidden_header_members(refused, forge, member, value):
    refused(forge.token({member: value}))


def test_an_embedded_key_is_not_used(refused, forge, tmp_path):
    pem = tmp_path / "own.pem"
    pem.write_bytes(openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout"))
    point = openssl("ec", "-in", str(pem), "-pubout", "-outform", "DER")[-64:]
    jwk = {"kty": "EC", "crv": "P-256", "x": b64(point[:32]), "y": b64(point[32:])}
    for header in ({"jwk": jwk}, {"jwk": jwk, "kid": "own"}, {}):
        text = forge.text(header)
        refused(f"{text.decode()}.{b64(es256(pem, text))}")


# ---- JWT-5: typ


@pytest.mark.parametrize("typ", ("at+jwt", "jwt", "ID", "refresh", "", None, 1, ["JWT"]))
def test_typ(refused, forge, typ):
    refused(forge.token({"typ": typ}))


def test_typ_is_there(refused, forge):
    refused(forge.token(drop=["typ"]))


# ---- JWT-6: claims


@pytest.mark.parametrize("name", ("iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "scope"))
def test_claims_are_all_there(refused, forge, name):
    refused(forge.token(drop=[name]))


@pytest.mark.parametrize(
    "claims",
    (
        {"iss": "https://evil.example"}, {"iss": None}, {"iss": ["x"]}, {"iss": ""},
        {"aud": "other"}, {"aud": []}, {"aud": ["other"]}, {"aud": [["merx"]]}, {"aud": "MERX"},
        {"aud": {"merx": 1}}, {"aud": ["merx", 1]},
        {"sub": ""}, {"sub": "admin"}, {"sub": 7}, {"sub": None},
        {"sub": "00000000-0000-0000-0000-000000000000"},
        {"sid": ""}, {"sid": 1}, {"sid": "x"}, {"jti": ""}, {"jti": 1},
        {"exp": "9999999999"}, {"exp": None}, {"exp": [9999999999]}, {"exp": True}, {"exp": 0},
        {"exp": -1}, {"exp": 2**53}, {"exp": 2**63}, {"exp": 2**64 + 5}, {"exp": 1.5},
        {"iat": "1"}, {"iat": None}, {"nbf": "1"}, {"nbf": None},
        {"scope": "admin"}, {"scope": ""}, {"scope": ["staff"]}, {"scope": "customer staff"},
    ),
    ids=str,
)
def test_claims_have_their_form(refused, forge, claims):
    refused(forge.token(claims=claims))


def test_times(api, refused, forge):
    now = int(time.time())
    refused(forge.token(claims={"iat": now - 400, "nbf": now - 400, "exp": now - 61}))
    refused(forge.token(claims={"nbf": now + 90}))
    refused(forge.token(claims={"iat": now + 90, "exp": now + 400}))
    refused(forge.token(claims={"iat": now - 10, "exp": now + 86400}))
    late = forge.token(claims={"iat": now - 400, "nbf": now - 400, "exp": now - 10})
    assert api.get("/v1/me", token=late).status_code == 200
    early = forge.token(claims={"nbf": now + 10})
    assert api.get("/v1/me", token=early).status_code == 200


@pytest.mark.parametrize("exp", ("1e999", "1e3", "99999999999999999999", "9999999999.0",
                                 '"9999999999"', "01", "+1", "NaN", "Infinity", "0x7fffffff"))
def test_numbers_as_they_are_written(refused, forge, exp):
    head, body = (unb64(x).decode() for x in forge.text().decode().split("."))
    claims = json.loads(body)
    body = json.dumps(claims).replace(f'"exp": {claims["exp"]}', f'"exp": {exp}')
    refused(forge.signed(forge.raw(head, body)))


def test_a_cached_token_ends_too(new_stack):
    """What was verified once is remembered, but no longer than it lives."""
    api = client.Api(new_stack("short", token_ttl_s=30, workers=2))
    person = api.guest()
    forge = Forge(api.stack.env["MERX_KEYS"], person.token)
    now = int(time.time())
    token = forge.token(claims={"iat": now - 60, "nbf": now - 60, "exp": now - 26})
    assert api.get("/v1/me", token=token).status_code == 200
    client.until(lambda: api.get("/v1/me", token=token).status_code == 401, 20, "the end")


# ---- JWT-7: form


def test_segments(refused, forge):
    good = forge.token()
    head, body, signature = good.split(".")
    for token in (
        "..", ".", "...", f".{body}.{signature}", f"{head}..{signature}", f"{head}.{body}.",
        f"{head}.{body}", f"{good}.", f"{good}.x", f".{good}", f"{head}.{body}.{signature}.{body}",
        "x", "a.b.c", "a.b.c.d", head, "AAAA.AAAA.AAAA", "e30.e30.e30", "e30.e30.",
    ):
        refused(token)


@pytest.mark.parametrize("part", (0, 1, 2))
@pytest.mark.parametrize("odd", ("=", "==", "+", "/", "!", "%3D", ",", "\tA", "\xc3\xa9"))
def test_foreign_bytes(refused, forge, part, odd):
    """In a segment that the signature covers, with a signature over just that."""
    parts = forge.token().split(".")
    parts[part] += odd
    if part < 2:
        text = f"{parts[0]}.{parts[1]}".encode("latin-1")
        parts[2] = b64(es256(forge.pem, text))
    refused(".".join(parts))


def test_unused_bits(refused, forge):
    for _ in range(20):
        head, body, signature = forge.token().split(".")
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        last = alphabet.index(signature[-1])
        refused(f"{head}.{body}.{signature[:-1]}{alphabet[last ^ 1]}")


def test_json_of_the_payload(refused, forge):
    head, body = (unb64(x).decode() for x in forge.text().decode().split("."))
    sub = json.loads(body)["sub"]
    for odd in (
        "[1]", "1", '"x"', "null", "", "{", body + "x", body + "\0", body + " {}", "\ufeff" + body,
        body[:-1] + ",}", body[:-1] + f', "sub": "{sub}"}}', body[:-1] + ', "exp": 9999999999}',
        body[:-1] + ', "x": "\x01"}', body[:-1] + ', "x": "\\u0000"}',
        body[:-1] + ', "x": "\\ud800"}', f"[{body}]", body[:-1] + ', "x": ' + "[" * 40 + "]" * 40 + "}",
        body.encode()[:-1] + b', "x": "\xff"}', body.encode()[:-1] + b', "x": "\xc0\xaf"}',
    ):
        refused(forge.signed(forge.raw(head, odd)))


def test_json_of_the_header(refused, forge):
    head, body = (unb64(x).decode() for x in forge.text().decode().split("."))
    for odd in (
        "[1]", "{}", head[:-1] + ', "alg": "ES256"}', head[:-1] + ', "alg": "none"}',
        '{"alg": "none", ' + head[1:], head[:-1] + f', "kid": "{forge.kid}"}}', head + "\0",
        head.replace("alg", "ALG"), head.replace("kid", "Kid"),
    ):
        refused(forge.signed(forge.raw(odd, body)))


def test_length(refused, forge):
    refused(forge.token(claims={"x": "y" * 4000}))
    refused("e30." * 1000 + "x")


def test_what_other_json_is_in_it_does_not_matter(api, forge):
    assert api.get("/v1/me", token=forge.token(claims={"x": {"y": [1, None]}})).status_code == 200


# ---- JWT-8: the signature


def test_signatures(refused, forge):
    text = forge.text()
    der = openssl("dgst", "-sha256", "-sign", str(forge.pem), stdin=text)
    r, s = der_to_pair(der)

    def pair(one, other):
        return one.to_bytes(32, "big") + other.to_bytes(32, "big")

    good = pair(r, s)
    for odd in (
        der, good[:63], good + b"\0", b"\0" + good, good[:32], good[32:] + good[:32], b"\0" * 64,
        pair(0, s), pair(r, 0), pair(0, 0), pair(1, 1), pair(ORDER, s), pair(r, ORDER),
        pair(ORDER, ORDER), pair(ORDER + 1, s), pair(2**256 - 1, s), pair(r, 2**256 - 1),
        pair(ORDER - r, s), pair(r, s ^ 1), pair(r ^ 1, s), good + good, b"\xff" * 64,
        r.to_bytes(33, "big") + s.to_bytes(31, "big") if s < 2**248 else good[::-1],
    ):
        refused(f"{text.decode()}.{b64(odd)}")


def test_every_part_is_signed(refused, forge):
    good, other = forge.token().split("."), forge.token(claims={"scope": "staff"}).split(".")
    refused(".".join([good[0], other[1], good[2]]))
    refused(".".join([good[0], good[1], other[2]]))


def test_another_key_of_the_same_kind(refused, forge, tmp_path):
    pem = tmp_path / "own.pem"
    pem.write_bytes(openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout"))
    text = forge.text()
    refused(f"{text.decode()}.{b64(es256(pem, text))}")


# ---- JWT-9, JWT-10: keys come and go


def test_jwks_verifies_our_tokens(api, person):
    head, body, signature = person.token.split(".")
    kid = json.loads(unb64(head))["kid"]
    (key,) = [k for k in api.get("/v1/jwks.json").json()["keys"] if k["kid"] == kid]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"} and key["use"] == "sig"
    spki = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
    public = spki + b"\x04" + unb64(key["x"]) + unb64(key["y"])
    raw = unb64(signature)

    def integer(half):
        half = half.lstrip(b"\0")
        half = b"\0" + half if half[0] & 0x80 else half
        return b"\x02" + bytes([len(half)]) + half

    der = integer(raw[:32]) + integer(raw[32:])
    der = b"\x30" + bytes([len(der)]) + der
    work = pathlib.Path(api.stack.run)
    (work / "jwks.der").write_bytes(public)
    (work / "jwks.sig").write_bytes(der)
    said = openssl("dgst", "-sha256", "-verify", str(work / "jwks.der"), "-keyform", "DER",
                   "-signature", str(work / "jwks.sig"), stdin=f"{head}.{body}".encode())
    assert b"Verified OK" in said


def kid_of(token):
    return json.loads(unb64(token.split(".")[0]))["kid"]


def sign_with(stack, kid):
    (pathlib.Path(stack.env["MERX_KEYS"]) / "active").write_text(kid + "\n")
    stack.merx("reload")


def new_key(stack, *alg):
    """A new key that is published and does not sign yet; its kid."""
    keys = pathlib.Path(stack.env["MERX_KEYS"])
    before = set(keys.iterdir())
    stack.merx("key", "new", *alg)
    (made,) = set(keys.iterdir()) - before
    stack.merx("reload")
    return made.name.split(".")[0]


def soon(condition, what):
    """Workers of before a reload serve on until nginx closes their connections."""
    client.until(condition, 90, what)


def published(api):
    return {k["kid"]: k["alg"] for k in api.get("/v1/jwks.json").json()["keys"]}


def test_keys_rotate_and_retire(new_stack):
    stack = new_stack("rotation", workers=2)
    api = client.Api(stack)
    old = api.guest()
    kid = new_key(stack)
    soon(lambda: set(published(api)) >= {kid_of(old.token), kid}, "both keys")
    assert kid_of(api.guest().token) == kid_of(old.token)
    sign_with(stack, kid)
    soon(lambda: kid_of(api.guest().token) == kid, "the new key to sign")
    new = api.guest()
    assert old.get("/v1/me").status_code == new.get("/v1/me").status_code == 200
    (pathlib.Path(stack.env["MERX_KEYS"]) / f"{kid_of(old.token)}.es256.pem").unlink()
    stack.merx("reload")
    soon(lambda: kid_of(old.token) not in published(api), "the old key to be gone")
    soon(lambda: old.get("/v1/me").status_code == 401, "its tokens to be refused")
    assert new.get("/v1/me").status_code == 200


def test_hs256(new_stack):
    """A store that signs with a shared secret: nothing of it is published."""
    stack = new_stack("hs256", workers=2)
    api = client.Api(stack)
    kid = new_key(stack, "HS256")
    sign_with(stack, kid)
    soon(lambda: kid_of(api.guest().token) == kid, "the secret to sign")
    person = api.guest()
    assert person.get("/v1/me").status_code == 200
    text, _, signature = person.token.rpartition(".")
    assert set(published(api).values()) == {"ES256"}
    stored = (pathlib.Path(stack.env["MERX_KEYS"]) / f"{kid}.hs256").read_text().strip()
    secret = unb64(stored)
    assert hs(secret, text.encode()) == unb64(signature)
    for wrong in (hs(b"", text.encode()), hs(stored.encode(), text.encode()), b"", b"x",
                  hashlib.sha256(text.encode()).digest(), hs(secret, text.encode(), "sha384")):
        problem(api.get("/v1/me", token=f"{text}.{b64(wrong)}"), 401, "unauthorized")


# ---- JWT-11: bad keys do not start


@pytest.mark.parametrize("fault", ("world-readable", "short secret", "another curve", "no active",
                                   "active names none", "two of one kid", "no server secret",
                                   "no key of personal data"))
def test_bad_keys_do_not_start(stack, tmp_path, fault):
    keys = tmp_path / "keys"
    shutil.copytree(stack.env["MERX_KEYS"], keys)
    kid = (keys / "active").read_text().strip()
    pem = keys / f"{kid}.es256.pem"
    if fault == "world-readable":
        pem.chmod(0o644)
    elif fault == "short secret":
        pem.with_name("weak.hs256").write_text(b64(b"x" * 31))
        pem.with_name("weak.hs256").chmod(0o600)
    elif fault == "another curve":
        pem.write_bytes(openssl("ecparam", "-name", "secp384r1", "-genkey", "-noout"))
    elif fault == "no active":
        (keys / "active").unlink()
    elif fault == "active names none":
        (keys / "active").write_text("nobody\n")
    elif fault == "two of one kid":
        pem.with_name(f"{kid}.hs256").write_text(b64(b"x" * 32))
        pem.with_name(f"{kid}.hs256").chmod(0o600)
    elif fault == "no server secret":
        (keys / "server.secret").unlink()
    elif fault == "no key of personal data":
        (keys / "pii.active").unlink()
    done = stack.merx("check", keys=keys, check=False)
    assert done.returncode != 0
    assert "key" in (done.stdout + done.stderr).lower() or kid in done.stdout + done.stderr


# ---- JWT-12: one place


def test_a_token_is_read_from_one_place(api, person):
    problem(api.get(f"/v1/me?access_token={person.token}"), 401, "unauthorized")
    problem(api.get("/v1/me", headers={"Cookie": f"access_token={person.token}"}), 401,
            "unauthorized")
    problem(api.post("/v1/auth/logout", {"access_token": person.token}), 401, "unauthorized")
    for scheme in ("Basic", "Token", "JWT", "Bearer:", "BearerX"):
        answer = api.get("/v1/me", headers={"Authorization": f"{scheme} {person.token}"})
        assert answer.status_code == 401, scheme
    assert person.get("/v1/me").status_code == 200


def test_two_headers(api, person):
    one = f"Authorization: Bearer {person.token}\r\n"
    request = f"GET /api/v1/me HTTP/1.1\r\nHost: 127.0.0.1\r\n{one}{one}Connection: close\r\n\r\n"
    assert api.raw(request.encode()).split()[1] == b"400"


def test_a_bad_token_is_not_taken_for_none(api):
    problem(api.post("/v1/auth/guest", token="x"), 401, "unauthorized")


# ---- JWT-13: a word in the token is not enough


def test_scope_in_a_token_gives_no_permission(api, forge):
    token = forge.token(claims={"scope": "staff", "roles": "owner"})
    assert api.get("/v1/admin/stock", token=token).status_code in (401, 403)
