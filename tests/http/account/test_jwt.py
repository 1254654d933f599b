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
from jwcrypto import jwk, jwt
from jwcrypto.common import JWException

import client
from client import problem

LEEWAY_S = 30  # lib/codec/token.h
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
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        assert set(body) <= {"type", "title", "status", "detail", "code", "request_id", "instance"}
        return body

    return check


@pytest.fixture(scope="module", autouse=True)
def no_worker_crashes(stack):
    def crashes():
        return [line for line in stack.merx("status", "metrics").stdout.splitlines()
                if line.startswith("merx_worker_exits_total{") and 'reason="crash"' in line]

    before = crashes()
    assert before
    yield
    assert crashes() == before


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


@pytest.mark.req("JWT-1")
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


@pytest.mark.req("JWT-1")
@pytest.mark.parametrize("alg", ("es256", "ES256 ", "ES384", "ES512", "RS256", "PS256", "EdDSA",
                                 "HS256", "", None, 7, ["ES256"], {"x": 1}, True))
def test_alg_is_the_keys_own(refused, forge, alg):
    refused(forge.token({"alg": alg}))


@pytest.mark.req("JWT-1")
def test_alg_is_there(refused, forge):
    refused(forge.token(drop=["alg"]))


# ---- JWT-2: none


@pytest.mark.req("JWT-2")
@pytest.mark.parametrize("alg", ("none", "None", "nOnE", "NONE", ""))
def test_none(refused, forge, alg):
    text = forge.text({"alg": alg}).decode()
    for token in (f"{text}.", text, f"{text}.{b64(b'x')}", forge.token({"alg": alg})):
        refused(token)
    unsigned = forge.text({"alg": alg}, drop=["kid"]).decode()
    refused(f"{unsigned}.")


# ---- JWT-3: kid


@pytest.mark.req("JWT-3")
@pytest.mark.parametrize(
    "kid",
    ("x' UNION SELECT 'k'-- ", "../../keys/a", "k" * 65, "", "/dev/null", "active",
     "server.secret", 7, ["k"], None, "é", "k\u0000"),
)
def test_kid_names_a_key(refused, forge, kid):
    refused(forge.token({"kid": kid}))


@pytest.mark.req("JWT-3")
def test_kid_as_a_path_or_too_long(refused, forge):
    refused(forge.token({"kid": f"./{forge.kid}"}))
    refused(forge.token({"kid": f"{forge.kid}.es256.pem"}))
    refused(forge.token({"kid": "k" * 10000})[:8000])
    refused(forge.token({"kid": "k" * 3000}))
    refused(forge.token(drop=["kid"]))


# ---- JWT-4: header members that change what is checked


@pytest.mark.req("JWT-4")
@pytest.mark.parametrize(
    "member, value",
    (("jku", "https://evil.example/jwks"), ("x5u", "https://evil.example/x"), ("x5c", ["MIIB"]),
     ("crit", ["exp"]), ("crit", []), ("b64", False), ("b64", True), ("zip", "DEF"),
     ("cty", "JWT"), ("jwk", {"kty": "EC"}), ("jwk", None)),
)
def test_forbidden_header_members(refused, forge, member, value):
    refused(forge.token({member: value}))


@pytest.mark.req("JWT-4")
def test_an_embedded_key_is_not_used(refused, forge, tmp_path):
    pem = tmp_path / "own.pem"
    pem.write_bytes(openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout"))
    point = openssl("ec", "-in", str(pem), "-pubout", "-outform", "DER")[-64:]
    jwk = {"kty": "EC", "crv": "P-256", "x": b64(point[:32]), "y": b64(point[32:])}
    for header in ({"jwk": jwk}, {"jwk": jwk, "kid": "own"}, {}):
        text = forge.text(header)
        refused(f"{text.decode()}.{b64(es256(pem, text))}")


# ---- JWT-5: typ


@pytest.mark.req("JWT-5")
@pytest.mark.parametrize("typ", ("at+jwt", "jwt", "ID", "refresh", "", None, 1, ["JWT"]))
def test_typ(refused, forge, typ):
    refused(forge.token({"typ": typ}))


@pytest.mark.req("JWT-5")
def test_typ_is_there(refused, forge):
    refused(forge.token(drop=["typ"]))


@pytest.mark.req("JWT-5")
def test_no_other_token_gives_access(refused, api, forge, person, customer, stack):
    """Whatever else the store hands out, or a provider: none is a token of access."""
    refused(person.refresh_token)
    refused(customer.refresh_token)
    refused(customer.refresh_token.removeprefix("mr1_"))
    address = client.unique_email()
    sent = {"email": address, "password": client.PASSWORD, "name": "A"}
    assert api.post("/v1/auth/register", sent).status_code == 202
    refused(stack.mailbox().code(address))
    made = api.get("/v1/products?limit=1").json()["next_cursor"]
    refused(made)
    refused(person.user["id"])
    id_token = {"nonce": "n", "email": "a@b.test", "email_verified": True}
    for drop in (["sid"], ["jti"], ["scope"], ["sid", "jti", "scope"]):
        refused(forge.token(claims=id_token, drop=drop))
    refused(forge.token(claims=id_token | {"aud": "shop-web", "azp": "shop-web"}))
    for typ in ("id_token+jwt", "logout+jwt", "refresh+jwt", "mfa+jwt", "dpop+jwt", "JWE"):
        refused(forge.token({"typ": typ}))


# ---- JWT-6: claims


@pytest.mark.req("JWT-6")
@pytest.mark.parametrize("name", ("iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "scope"))
def test_claims_are_all_there(refused, forge, name):
    refused(forge.token(drop=[name]))


@pytest.mark.req("JWT-6")
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


@pytest.mark.req("JWT-6")
def test_times(api, refused, forge):
    now = int(time.time())
    refused(forge.token(claims={"iat": now - 400, "nbf": now - 400, "exp": now - 61}))
    refused(forge.token(claims={"nbf": now + 600}))
    refused(forge.token(claims={"iat": now + 600, "exp": now + 900}))
    refused(forge.token(claims={"iat": now - 10, "exp": now + 86400}))
    now = int(time.time())
    late = forge.token(claims={"iat": now - 400, "nbf": now - 400, "exp": now - 2})
    assert api.get("/v1/me", token=late).status_code == 200
    early = forge.token(claims={"nbf": now + 10})
    assert api.get("/v1/me", token=early).status_code == 200


@pytest.mark.req("JWT-6")
@pytest.mark.parametrize("exp", ("1e999", "1e3", "99999999999999999999", "9999999999.0",
                                 '"9999999999"', "01", "+1", "NaN", "Infinity", "0x7fffffff"))
def test_numbers_as_they_are_written(refused, forge, exp):
    head, body = (unb64(x).decode() for x in forge.text().decode().split("."))
    claims = json.loads(body)
    body = json.dumps(claims).replace(f'"exp": {claims["exp"]}', f'"exp": {exp}')
    refused(forge.signed(forge.raw(head, body)))


@pytest.mark.req("JWT-6")
def test_a_cached_token_ends_too(new_stack):
    """A token that was verified once is remembered, but no longer than it lives."""
    api = client.Api(new_stack("short", token_ttl_s=30, workers=2))
    person = api.guest()
    forge = Forge(api.stack.env["MERX_KEYS"], person.token)

    def late():
        """A token that was good a moment ago."""
        now = int(time.time())
        token = forge.token(claims={"iat": now - 90, "nbf": now - 90, "exp": now - LEEWAY_S + 2})
        return api.get("/v1/me", token=token).status_code == 200 and token

    token = client.until(late, what="a token that is looked at in time")
    client.until(lambda: api.get("/v1/me", token=token).status_code == 401, what="the end")


# ---- JWT-7: form


@pytest.mark.req("JWT-7")
def test_segments(refused, forge):
    good = forge.token()
    head, body, signature = good.split(".")
    for token in (
        "..", ".", "...", f".{body}.{signature}", f"{head}..{signature}", f"{head}.{body}.",
        f"{head}.{body}", f"{good}.", f"{good}.x", f".{good}", f"{head}.{body}.{signature}.{body}",
        "x", "a.b.c", "a.b.c.d", head, "AAAA.AAAA.AAAA", "e30.e30.e30", "e30.e30.",
    ):
        refused(token)


@pytest.mark.req("JWT-7")
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


@pytest.mark.req("JWT-7")
def test_unused_bits(refused, forge):
    for _ in range(20):
        head, body, signature = forge.token().split(".")
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        last = alphabet.index(signature[-1])
        refused(f"{head}.{body}.{signature[:-1]}{alphabet[last ^ 1]}")


@pytest.mark.req("JWT-7")
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


@pytest.mark.req("JWT-7")
def test_json_of_the_header(refused, forge):
    head, body = (unb64(x).decode() for x in forge.text().decode().split("."))
    for odd in (
        "[1]", "{}", head[:-1] + ', "alg": "ES256"}', head[:-1] + ', "alg": "none"}',
        '{"alg": "none", ' + head[1:], head[:-1] + f', "kid": "{forge.kid}"}}', head + "\0",
        head.replace("alg", "ALG"), head.replace("kid", "Kid"),
    ):
        refused(forge.signed(forge.raw(odd, body)))


@pytest.mark.req("JWT-7")
def test_length(refused, forge):
    refused(forge.token(claims={"x": "y" * 4000}))
    refused("e30." * 1000 + "x")


@pytest.mark.req("JWT-7")
def test_what_other_json_is_in_it_does_not_matter(api, forge):
    assert api.get("/v1/me", token=forge.token(claims={"x": {"y": [1, None]}})).status_code == 200


# ---- JWT-8: the signature


@pytest.mark.req("JWT-8")
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


@pytest.mark.req("JWT-8")
def test_every_part_is_signed(refused, forge):
    good, other = forge.token().split("."), forge.token(claims={"scope": "staff"}).split(".")
    refused(".".join([good[0], other[1], good[2]]))
    refused(".".join([good[0], good[1], other[2]]))


@pytest.mark.req("JWT-8")
def test_another_key_of_the_same_kind(refused, forge, tmp_path):
    pem = tmp_path / "own.pem"
    pem.write_bytes(openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout"))
    text = forge.text()
    refused(f"{text.decode()}.{b64(es256(pem, text))}")


# ---- JWT-9, JWT-10: keys come and go


@pytest.mark.req("JWT-10")
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


def new_key(stack, *alg):
    """A new key that is published and does not sign yet; its kid."""
    return stack.merx("key", "new", *alg).stdout.strip()


def published(api):
    return {k["kid"]: k["alg"] for k in api.get("/v1/jwks.json").json()["keys"]}


@pytest.mark.req("JWT-10")
def test_another_implementation_verifies_our_tokens(api, person, customer):
    """By what the key set says alone."""
    public = jwk.JWKSet.from_json(api.get("/v1/jwks.json").text)
    for token in (person.token, customer.token):
        checked = jwt.JWT(jwt=token, key=public, algs=["ES256"],
                          check_claims={"aud": "merx", "iss": api.stack.env["MERX_URL"], "exp": None})
        assert json.loads(checked.claims)["sub"]
    twisted = person.token[:-2] + ("AA" if person.token[-2:] != "AA" else "BA")
    with pytest.raises(JWException):
        jwt.JWT(jwt=twisted, key=public, algs=["ES256"])


@pytest.mark.req("JWT-10")
def test_the_key_set_has_nothing_private(api):
    keys = api.get("/v1/jwks.json").json()["keys"]
    assert len({k["kid"] for k in keys}) == len(keys) > 0
    for key in keys:
        assert not set(key) & {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}, key
        assert key["use"] == "sig" and key["alg"] == {"EC": "ES256", "RSA": "RS256"}[key["kty"]]


@pytest.mark.req("JWT-10")
def test_hs256(new_stack):
    """A store that signs with a shared secret: nothing of it is published."""
    stack = new_stack("hs256", workers=2)
    api = client.Api(stack)
    kid = new_key(stack, "HS256")
    stack.merx("key", "activate", kid)
    person = api.guest()
    assert kid_of(person.token) == kid
    assert person.get("/v1/me").status_code == 200
    text, _, signature = person.token.rpartition(".")
    assert set(published(api).values()) == {"ES256"}
    stored = (pathlib.Path(stack.env["MERX_KEYS"]) / f"{kid}.hs256").read_text().strip()
    secret = unb64(stored)
    assert hs(secret, text.encode()) == unb64(signature)
    for wrong in (hs(b"", text.encode()), hs(stored.encode(), text.encode()), b"", b"x",
                  hashlib.sha256(text.encode()).digest(), hs(secret, text.encode(), "sha384")):
        problem(api.get("/v1/me", token=f"{text}.{b64(wrong)}"), 401, "unauthorized")


# ---- RS256: a partner's tokens, which we only check


@pytest.fixture(scope="module")
def partner(stack, api, person, tmp_path_factory):
    """Signs with RSA; its public key lies in our key directory."""
    pem = tmp_path_factory.mktemp("partner") / "key.pem"
    pem.write_bytes(openssl("genrsa", "2048"))
    public = pathlib.Path(stack.env["MERX_KEYS"]) / "partner.rs256.pem"
    public.write_bytes(openssl("rsa", "-in", str(pem), "-pubout"))
    yield Partner(stack.env["MERX_KEYS"], person.token, pem)
    public.unlink()


class Partner(Forge):
    def __init__(self, keys, model, pem):
        super().__init__(keys, model)
        self.header |= {"kid": "partner", "alg": "RS256"}
        self.pem = pem
        numbers = jwk.JWK.from_pem(pem.read_bytes()).export(as_dict=True)
        self.n, self.e, self.d = (int.from_bytes(unb64(numbers[x]), "big") for x in "ned")

    def signed(self, text):
        return f"{text.decode()}.{b64(openssl('dgst', '-sha256', '-sign', str(self.pem), stdin=text))}"

    def raw_signed(self, text, block):
        """With an encoded message of our own making."""
        signature = pow(int.from_bytes(block, "big"), self.d, self.n)
        return f"{text.decode()}.{b64(signature.to_bytes(256, 'big'))}"


DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


def encoded(info, size=256):
    """EMSA-PKCS1-v1_5 of a DigestInfo, RFC 8017 9.2."""
    return b"\0\1" + b"\xff" * (size - 3 - len(info)) + b"\0" + info


@pytest.mark.req("JWT-1")
def test_a_partners_tokens(api, partner, person):
    assert api.get("/v1/me", token=partner.token()).json()["id"] == person.id
    text = partner.text()
    info = DIGEST_INFO + hashlib.sha256(text).digest()
    assert api.get("/v1/me", token=partner.raw_signed(text, encoded(info))).status_code == 200
    (key,) = [k for k in api.get("/v1/jwks.json").json()["keys"] if k["kid"] == "partner"]
    assert set(key) == {"kty", "n", "e", "kid", "alg", "use"} and key["alg"] == "RS256"
    assert int.from_bytes(unb64(key["n"]), "big") == partner.n and unb64(key["e"]) == b"\1\0\1"


@pytest.mark.req("JWT-9")
def test_a_partners_key_never_signs(stack, partner):
    done = stack.merx("key", "activate", "partner", "--force", check=False)
    assert done.returncode == 1 and "only verify" in done.stderr


@pytest.mark.req("JWT-1", "JWT-6")
def test_a_partner_is_held_to_the_same_rules(refused, partner, person):
    now = int(time.time())
    for claims in ({"iss": "https://partner.example"}, {"aud": "partner"},
                   {"exp": now + 3600}, {"iat": now - 400, "nbf": now - 400, "exp": now - 61}):
        refused(partner.token(claims=claims))
    for alg in ("RS384", "RS512", "PS256", "ES256", "HS256", "rs256", "none"):
        refused(partner.token({"alg": alg}))
    public = openssl("rsa", "-in", str(partner.pem), "-pubout")
    for secret in (public, public.rstrip(b"\n"), openssl("rsa", "-in", str(partner.pem), "-pubout",
                                                        "-outform", "DER")):
        text = partner.text({"alg": "HS256"})
        refused(f"{text.decode()}.{b64(hs(secret, text))}")
    own = partner.header["kid"]
    assert own != kid_of(person.token)
    refused(partner.token({"kid": kid_of(person.token)}))
    refused(partner.token({"kid": kid_of(person.token), "alg": "ES256"}))


def lengths(value):
    """Ways to write a DER length that are not its own: long form, too long, too short, indefinite."""
    yield from (bytes([0x81, value]), bytes([0x82, 0, value]), bytes([value + 1]), bytes([value - 1]),
                b"\x80", b"\xff", b"\x84\xff\xff\xff\xff", b"\x84\x7f\xff\xff\xff",
                bytes([0x85, 1, 0, 0, 0, value]), bytes([0x89, 1, 0, 0, 0, 0, 0, 0, 0, value]), b"")


@pytest.mark.req("JWT-8")
def test_forged_rsa_blocks(refused, partner):
    """Blocks that sloppy readers of PKCS #1 take for a signature: the block as our own key would decrypt it
    is not the one block that this text has."""
    text = partner.text()
    digest = hashlib.sha256(text).digest()
    info = DIGEST_INFO + digest
    algorithm, oid = info[2:17], info[6:15]
    odd = [info[:1] + n + info[2:] for n in lengths(0x31)]
    odd += [info[:3] + n + info[4:] for n in lengths(0x0D)]
    odd += [info[:5] + n + info[6:] for n in lengths(9)]
    odd += [info[:18] + n + info[19:] for n in lengths(32)]
    odd += [bytes([tag]) + info[1:] for tag in (0, 1, 2, 4, 0x31, 0x10, 0x70, 0xB0, 0xFF)]
    odd += [info[:i] + bytes([info[i] ^ 0x40]) + info[i + 1:] for i in range(len(info))]
    odd += [
        digest, b"\x04\x20" + digest, info[:-1], info + b"\0", info + b"\x05\0", info + info,
        b"\x30\x2f\x30\x0b" + algorithm[2:13] + b"\x04\x20" + digest,  # no parameters
        b"\x30\x33\x30\x0f" + algorithm[2:] + b"\x05\0\x04\x20" + digest,  # parameters twice
        info.replace(oid, oid[:-1] + b"\2"), info.replace(oid, oid[:-1] + b"\3"),
        DIGEST_INFO + hashlib.sha256(text + b"x").digest(), DIGEST_INFO + b"\0" * 32,
    ]
    blocks = [encoded(x) for x in odd if x != info]
    good = encoded(info)
    short = b"\0\1" + b"\xff" * 8 + b"\0" + info
    blocks += [
        short + b"\0" * (256 - len(short)), short + b"\xff" * (256 - len(short)),  # garbage behind
        b"\0\2" + good[2:], b"\0\0" + good[2:], b"\1\1" + good[2:], good[:2] + b"\0" + good[3:],
        good[:100] + b"\xfe" + good[101:], good[:-len(info) - 1] + b"\1" + info, b"\0" * 256,
        b"\0" * 255 + b"\1",
    ]
    for block in blocks:
        refused(partner.raw_signed(text, block))


@pytest.mark.req("JWT-8")
def test_rsa_signatures_of_another_form(refused, partner):
    text = partner.text()
    signature = unb64(partner.signed(text).split(".")[2])
    number = int.from_bytes(signature, "big")
    more = [(number + partner.n).to_bytes(257, "big")]
    if number + partner.n < 2**2048:
        more.append((number + partner.n).to_bytes(256, "big"))
    for odd in (signature[:-1], signature + b"\0", b"\0" + signature, signature[1:], b"\0" * 256,
                b"\0" * 255 + b"\1", partner.n.to_bytes(256, "big"),
                (partner.n - 1).to_bytes(256, "big"), (partner.n - number).to_bytes(256, "big"),
                b"\xff" * 256, signature[::-1], b"\1", *more):
        refused(f"{text.decode()}.{b64(odd)}")


# ---- JWT-11: bad keys do not start


def rsa_public(*args):
    return openssl("rsa", "-pubout", stdin=openssl("genrsa", *args))


def exponent_one():
    """An RSA public key whose signatures are the messages themselves."""
    numbers = bytes.fromhex("02820101" + "00" + "ff" * 256 + "020101")
    key = b"\0\x30\x82" + len(numbers).to_bytes(2, "big") + numbers
    spki = bytes.fromhex("300d06092a864886f70d0101010500") + b"\x03\x82" + len(key).to_bytes(2, "big")
    spki = b"\x30\x82" + (len(spki) + len(key)).to_bytes(2, "big") + spki + key
    return openssl("rsa", "-pubin", "-inform", "DER", "-pubout", stdin=spki)


def damage(keys, fault):
    """Do that to a good directory; what the refusal must name."""
    kid = (keys / "active").read_text().strip()
    pem = keys / f"{kid}.es256.pem"

    def put(name, content, mode=0o600):
        (keys / name).write_bytes(content)
        (keys / name).chmod(mode)
        return name

    def gone(name):
        (keys / name).unlink()
        return name

    def readable(path, mode):
        path.chmod(mode)
        return path.name

    faults = {
        "world-readable": lambda: readable(pem, 0o644),
        "group-readable": lambda: readable(pem, 0o640),
        "world-readable secret": lambda: readable(keys / "server.secret", 0o604),
        "short secret": lambda: put("weak.hs256", b64(b"x" * 31).encode()),
        "empty secret": lambda: put("weak.hs256", b""),
        "secret that is no base64url": lambda: put("weak.hs256", b"!" * 64),
        "another curve": lambda: put(
            pem.name, openssl("ecparam", "-name", "secp384r1", "-genkey", "-noout")),
        "no PEM": lambda: put(pem.name, b"x"),
        "short RSA": lambda: put("weak.rs256.pem", rsa_public("1024")) and "2048",
        "exponent 1": lambda: put("weak.rs256.pem", exponent_one()) and "exponent",
        "private RSA": lambda: put("weak.rs256.pem", openssl("genrsa", "2048")),
        "RSA that others may change": lambda: put("weak.rs256.pem", rsa_public("2048"), 0o666),
        "two of one kid": lambda: put(f"{kid}.hs256", b64(b"x" * 32).encode()) and kid,
        "odd kid": lambda: put("a b.hs256", b64(b"x" * 32).encode()),
        "no active": lambda: gone("active"),
        "active names none": lambda: put("active", b"nobody\n"),
        "active that others may change": lambda: readable(keys / "active", 0o666),
        "no server secret": lambda: gone("server.secret"),
        "short server secret": lambda: put("server.secret", b64(b"x" * 31).encode()),
        "short old server secret": lambda: put("server.secret.old", b"AAAA"),
        "no key of personal data": lambda: gone("pii.active"),
        "directory that others may change": lambda: readable(keys, 0o777),
        "directory that others may add to": lambda: readable(keys, 0o1777),
    }
    return faults[fault]()


@pytest.fixture
def copied(stack, tmp_path):
    """A copy of the stack's keys."""
    keys = tmp_path / "keys"
    shutil.copytree(stack.env["MERX_KEYS"], keys)
    return keys


@pytest.mark.req("JWT-11")
@pytest.mark.parametrize("fault", (
    "world-readable", "group-readable", "world-readable secret", "short secret", "empty secret",
    "secret that is no base64url", "another curve", "no PEM", "short RSA", "exponent 1", "private RSA",
    "RSA that others may change", "two of one kid", "odd kid", "no active", "active names none",
    "active that others may change", "no server secret", "short server secret",
    "short old server secret", "no key of personal data", "directory that others may change",
    "directory that others may add to"))
def test_bad_keys_do_not_start(stack, copied, fault):
    """Exit status 2, and one line that names the file and says what is wrong with it."""
    assert stack.merx("check", keys=copied, check=False).returncode == 0
    named = damage(copied, fault)
    done = stack.merx("check", keys=copied, check=False)
    assert done.returncode == 2
    (line,) = [x for x in done.stderr.splitlines() if x.startswith("keys: ")]
    assert str(copied) in line and named in line, line


@pytest.mark.req("JWT-11")
def test_a_store_with_a_bad_key_does_not_serve(stack, copied, tmp_path):
    named = damage(copied, "short secret")
    log = tmp_path / "log"
    done = stack.merx("serve", keys=copied, log=log, socket=tmp_path / "f", check=False,
                      socket_slow=tmp_path / "s", control=tmp_path / "c")
    assert done.returncode == 2
    assert named in log.read_text() and "31 bytes" in log.read_text()


@pytest.mark.req("JWT-9", "JWT-11")
def test_steps_that_come_at_once_leave_a_key_that_signs(stack, copied):
    """One operator activates the key that another retires: one of them is refused."""
    env = stack.environment(keys=copied)

    def key(*args):
        return stack.merx("key", *args, keys=copied, check=False)

    first = (copied / "active").read_text().strip()
    for _ in range(15):
        new = key("new").stdout.strip()
        steps = [subprocess.Popen([client.program(), "key", verb, new, "--force"], env=env,
                                  stderr=subprocess.PIPE) for verb in ("retire", "activate")]
        said = [step.communicate()[1] for step in steps]
        assert sorted(step.returncode for step in steps) == [0, 1], said
        assert stack.merx("check", keys=copied, check=False).returncode == 0
        assert key("activate", first, "--force").returncode == 0


# ---- JWT-12: one place


@pytest.mark.req("JWT-12")
def test_a_token_is_read_from_one_place(api, person):
    problem(api.get(f"/v1/me?access_token={person.token}"), 401, "unauthorized")
    problem(api.get("/v1/me", headers={"Cookie": f"access_token={person.token}"}), 401,
            "unauthorized")
    problem(api.post("/v1/auth/logout", {"access_token": person.token}), 401, "unauthorized")
    for scheme in ("Basic", "Token", "JWT", "Bearer:", "BearerX"):
        answer = api.get("/v1/me", headers={"Authorization": f"{scheme} {person.token}"})
        assert answer.status_code == 401, scheme
    assert person.get("/v1/me").status_code == 200


@pytest.mark.req("JWT-12")
def test_two_headers(api, person):
    one = f"Authorization: Bearer {person.token}\r\n"
    request = f"GET /api/v1/me HTTP/1.1\r\nHost: 127.0.0.1\r\n{one}{one}Connection: close\r\n\r\n"
    assert api.raw(request.encode()).split()[1] == b"400"


@pytest.mark.req("JWT-12")
def test_a_bad_token_is_not_taken_for_none(api):
    problem(api.post("/v1/auth/guest", token="x"), 401, "unauthorized")


# ---- JWT-13: a word in the token is not enough


@pytest.mark.req("JWT-13")
def test_scope_in_a_token_gives_no_permission(api, forge):
    token = forge.token(claims={"scope": "staff", "roles": "owner"})
    assert api.get("/v1/admin/stock", token=token).status_code in (401, 403)


@pytest.mark.req("JWT-13")
def test_an_old_role_in_a_token_gives_nothing(api, forge, staff):
    """The rights are those of the database, whatever the token says."""
    own = Forge(forge.keys, staff.token)
    token = own.token(claims={"roles": "nobody"})
    assert api.get("/v1/admin/stock", token=token).status_code == 200
    none = forge.token(claims={"sub": staff.id, "scope": "staff", "roles": "owner"})
    assert api.get("/v1/admin/stock", token=none).status_code in (401, 403), "another's session"


@pytest.mark.req("JWT-13")
def test_all_tokens_of_an_ended_session_end(api, customer, forge, refused):
    """Also those that this host has never seen."""
    own = Forge(forge.keys, customer.token)
    seen, unseen, late = own.token(), own.token(), own.text()
    assert api.get("/v1/me", token=seen).status_code == 200
    assert customer.post("/v1/auth/logout").status_code == 204
    for token in (seen, unseen, own.signed(late)):
        refused(token)
