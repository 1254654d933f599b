"""Gates in front of every handler: media type, JSON, and a key that is in use."""
import concurrent.futures
import hashlib

import pytest

from client import faults, problem, unique_email, unique_key
from shop import make_product, variant_ids


@pytest.mark.parametrize(
    "media", ("text/plain", "application/x-www-form-urlencoded", "application/json-seq", "json", "*/*")
)
@pytest.mark.req("INP-4")
def test_another_media_type(api, media):
    answer = api.post("/v1/auth/login", data=b"{}", headers={"Content-Type": media})
    problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("media", ("application/json", "application/json; charset=utf-8"))
@pytest.mark.req("INP-4")
def test_the_media_type_of_json(api, media):
    answer = api.post("/v1/auth/login", data=b"{}", headers={"Content-Type": media})
    problem(answer, 422, "validation_failed")


@pytest.mark.parametrize(
    "body",
    (
        b"", b"{", b"{} {}", b"{'a':1}", b'{"a":01}', b'{"a":1,}', b"\xef\xbb\xbf{}",
        b'{"a":"\xff"}', b'{"a":"\\u0000"}', b'{"a":1,"a":2}', b"[" * 17 + b"]" * 17,
    ),
)
@pytest.mark.req("INP-1", "INP-2")
def test_malformed_json(api, body):
    problem(api.post("/v1/auth/login", data=body), 400, "malformed_json")


@pytest.mark.parametrize("body", (b"[]", b"null", b"7", b'"text"'))
@pytest.mark.req("INP-2")
def test_json_that_is_no_object(api, body):
    problem(api.post("/v1/auth/login", data=body), 422, "validation_failed")


@pytest.mark.parametrize("path", ("/v1/auth/login", "/v1/auth/register"))
def test_nul_in_a_password(api, path):
    """S9: told where it is, as any other character that may not be used."""
    sent = {"email": unique_email(), "password": "long enough\0 a password", "name": "Ada"}
    assert faults(api.post(path, sent)) == [("/password", "bad_format")]
    sent["password"], sent["email"] = "long enough a password", "ada\0@x.test"
    problem(api.post(path, sent), 400, "malformed_json")


@pytest.mark.parametrize("key", ("x" * 256, "two words", "caf\u00e9"))
@pytest.mark.req("INP-5")
def test_an_unsound_key(api, key):
    answer = api.post("/v1/auth/guest", headers={"Idempotency-Key": key.encode("utf-8")})
    problem(answer, 400, "bad_request")


def test_a_key_in_use(api):
    """Two at once under one key, on a route that hashes a password: one of them is told to wait."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for _ in range(50):
            key = unique_key()
            sent = {"email": unique_email(), "password": "a-long-pass-phrase", "name": "Two"}
            calls = [
                pool.submit(api.clone().post, "/v1/auth/register", sent, key=key) for _ in range(2)
            ]
            answers = [c.result() for c in calls]
            refused = [a for a in answers if a.status_code == 409]
            assert len(refused) < 2 and {a.status_code for a in answers} <= {202, 409}
            if refused:
                problem(refused[0], 409, "idempotency_in_progress")
                assert int(refused[0].headers["Retry-After"]) >= 1
                again = api.post("/v1/auth/register", sent, key=key)
                assert again.status_code == 202
                assert again.headers["Idempotency-Replayed"] == "true"
                return
    pytest.fail("never at the same time")


def test_strangers_do_not_share_a_key(api):
    """A client without an account may choose the key that somebody else chose."""
    people, key = [api.customer(), api.customer()], unique_key()
    for replayed in (None, "true"):
        for person in people:
            sent = {"email": person.email, "password": person.password}
            answer = api.post("/v1/auth/login", sent, key=key)
            assert answer.status_code == 200, answer.text
            assert answer.json()["user"]["id"] == person.id
            assert answer.headers.get("Idempotency-Replayed") == replayed


def digest(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


@pytest.mark.req("PWD-3", "RT-1")
def test_what_is_kept_of_a_request_guesses_no_password(api, customer, guest, db):
    """A reader of the table who knows the address cannot try passwords against a bare digest."""
    body = f'{{"email":"{customer.email}","password":"{customer.password}"}}'.encode()
    for token in (None, guest.token):
        assert api.post("/v1/auth/login", data=body, key=unique_key(), token=token).status_code == 200
    kept = {row[name] for row in db.rows("SELECT HEX(principal) AS p, HEX(request_hash) AS h FROM"
                                         " idempotency") for name in row}
    assert len(kept) >= 3
    heads = [digest(f"POST {path}?\n".encode()) for path in ("/v1/auth/login", "/api/v1/auth/login")]
    for guess in [digest(body)] + [digest(head, digest(body)) for head in heads] + [
            digest(head, body) for head in heads]:
        assert guess.hex().upper() not in kept and guess[:16].hex().upper() not in kept


# ---- where a refusal points


def test_a_refusal_points_to_the_member_that_it_is_about(api, staff):
    """Also where its code says much already; not where it must not tell what is wrong."""
    buyer = api.customer()
    (variant,) = variant_ids(make_product(staff, stock=3))
    buyer.fill_cart(variant)
    role = {"name": f"r-{unique_key()[:12]}", "permissions": ["catalog.read"]}
    assert staff.post("/v1/admin/roles", role).status_code == 201
    wrong = {"password": "wrong-Horse-battery"}
    for answer, code, pointer in (
            (api.post("/v1/auth/verify", {"email": buyer.email, "code": "00000-00000", "handle": "A" * 22}),
             "code_invalid", "/code"),
            (api.post("/v1/auth/password/reset", {"email": buyer.email, "code": "00000-00000", "handle": "A" * 22,
                                                  "password": "a-new-Horse-battery"}), "code_invalid", "/code"),
            (api.post("/v1/auth/refresh", {"refresh_token": "A" * 43}), "invalid_refresh_token", "/refresh_token"),
            (api.post("/v1/auth/mfa", {"mfa_token": "A" * 43, "method": "totp", "code": "123456"}),
             "invalid_mfa_token", "/mfa_token"),
            (buyer.put("/v1/me/password", {"current_password": "wrong-Horse-battery", "password": "a-new-Horse-battery"}),
             "invalid_credentials", "/current_password"),
            (buyer.delete("/v1/me", wrong), "invalid_credentials", "/password"),
            (staff.post("/v1/admin/staff", {"email": buyer.email, "name": "Ada", "roles": ["support"]}),
             "email_taken", "/email"),
            (buyer.checkout(expected_total={"amount": 1, "currency": "EUR"}), "price_changed", "/expected_total"),
            (staff.post("/v1/admin/roles", role), "conflict", "/name"),
            (staff.post("/v1/admin/stock/adjustments", {"variant_id": variant, "delta": -4, "reason": "x"}),
             "conflict", "/delta"),
            (staff.post("/v1/admin/stock/adjustments", {"variant_id": variant, "delta": 10**9, "reason": "x"}),
             "validation_failed", "/delta")):
        body = problem(answer, answer.status_code, code)
        assert 400 < body["status"] < 500 and [f["pointer"] for f in body["errors"]] == [pointer], body
    for answer in (api.post("/v1/auth/login", {"email": buyer.email} | wrong),
                   api.post("/v1/auth/login", {"email": unique_email()} | wrong)):
        assert "errors" not in problem(answer, 401, "invalid_credentials")
