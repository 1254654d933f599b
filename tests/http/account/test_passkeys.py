"""Passkeys: register, list, name, remove, sign in. PKY-1."""
import concurrent.futures

import pytest
from fido2.server import Fido2Server
from fido2.webauthn import PublicKeyCredentialRpEntity

try:  # Debian 13
    from fido2.webauthn import AttestationObject, AuthenticatorData, CollectedClientData
except ImportError:  # Debian 12, python3-fido2 0.9
    from fido2.client import ClientData as CollectedClientData
    from fido2.ctap2 import AttestationObject, AuthenticatorData

import client
from authenticator import ATTESTED, BOMB, PRESENT, VERIFIED, Authenticator, Key, b64, unb64
from client import faults, problem
from load import peak_kib
from shop import make_product, variant_ids
from factor import enrol, second

SIGN_IN, OWN = "/v1/auth/passkey", "/v1/me/passkeys"


@pytest.fixture
def origin(stack):
    return f"https://localhost:{stack.port}"


@pytest.fixture
def device(origin):
    return Authenticator(origin)


def creation(person):
    answer = person.post(f"{OWN}/options")
    assert answer.status_code == 200, answer.text
    return answer.json()


def request(api):
    answer = api.post(f"{SIGN_IN}/options")
    assert answer.status_code == 200, answer.text
    return answer.json()


def add(person, device, name="Telephone", **how):
    return person.post(OWN, {"name": name, "credential": device.make(creation(person), **how)})


def enrolled(person, device, **how):
    answer = add(person, device, **how)
    assert answer.status_code == 201, answer.text
    return answer.json()


def enter(api, device, options=None, token=None, **how):
    made = device.get(options or request(api), **how)
    return api.post(SIGN_IN, {"credential": made}, token=token)


def refused(answer):
    problem(answer, 401, "invalid_credentials")


# ---- the way through


@pytest.mark.req("PKY-1")
@pytest.mark.parametrize("alg", (-7, -8, -35, -257))
@pytest.mark.parametrize("fmt", ("none", "packed"))
def test_register_and_sign_in(api, customer, mailbox, origin, alg, fmt):
    device = Authenticator(origin, alg=alg)
    made = enrolled(customer, device, fmt=fmt)
    assert made["name"] == "Telephone" and made["last_used_at"] is None
    answer = enter(api, device)
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["id"] == customer.id
    (listed,) = customer.get(OWN).json()["data"]
    assert listed["id"] == made["id"] and listed["last_used_at"]
    mailbox.wait(customer.email, 1)
    assert "Telephone" in mailbox.all(customer.email)[-1].text


def test_options_are_what_browsers_take(customer, api, device):
    enrolled(customer, device)
    options = creation(customer)
    assert options["rp"]["id"] == "localhost" and options["rp"]["name"]
    assert unb64(options["user"]["id"]).hex() == customer.id.replace("-", "")
    assert options["user"]["name"] == customer.email
    assert [p["alg"] for p in options["pubKeyCredParams"]] == [-7, -8, -257, -35]
    assert options["excludeCredentials"] == [{"type": "public-key", "id": b64(device.id)}]
    assert options["attestation"] == "none"
    assert set(options["authenticatorSelection"].values()) == {"required"}
    asked = request(api)
    assert asked["rpId"] == "localhost" and asked["userVerification"] == "required"
    assert asked["allowCredentials"] == [] and asked["timeout"] == 300_000
    assert len(unb64(asked["challenge"])) >= 16 and asked["challenge"] != request(api)["challenge"]


@pytest.mark.req("PKY-1")
def test_a_second_implementation_agrees(api, customer, device):
    """A passkey that we take, python-fido2's server takes too, and it signs in with the key that we keep."""
    server = Fido2Server(PublicKeyCredentialRpEntity(id="localhost", name="merx"), verify_origin=lambda _: True)
    options = creation(customer)
    made = device.make(options)
    state = {"challenge": options["challenge"], "user_verification": "required"}
    data = server.register_complete(
        state, CollectedClientData(unb64(made["response"]["clientDataJSON"])),
        AttestationObject(unb64(made["response"]["attestationObject"])))
    assert customer.post(OWN, {"credential": made}).status_code == 201
    asked = request(api)
    answered = device.get(asked)["response"]
    state = {"challenge": asked["challenge"], "user_verification": "required"}
    server.authenticate_complete(
        state, [data.credential_data], device.id, CollectedClientData(unb64(answered["clientDataJSON"])),
        AuthenticatorData(unb64(answered["authenticatorData"])), unb64(answered["signature"]))


def test_a_guests_cart_is_merged(api, customer, guest, device, staff):
    (variant,) = variant_ids(make_product(staff))
    added = guest.post("/v1/cart/items", {"variant_id": variant, "quantity": 2})
    assert added.status_code == 201
    enrolled(customer, device)
    assert enter(api, device, token=guest.token).status_code == 200
    assert [i["quantity"] for i in customer.get("/v1/cart").json()["items"]] == [2]


def test_name_and_remove(api, customer, device, mailbox):
    made = enrolled(customer, device)
    renamed = customer.patch(f"{OWN}/{made['id']}", {"name": "Old telephone"})
    assert renamed.status_code == 200 and renamed.json()["name"] == "Old telephone"
    assert customer.delete(f"{OWN}/{made['id']}").status_code == 204
    problem(customer.delete(f"{OWN}/{made['id']}"), 404, "not_found")
    problem(customer.patch(f"{OWN}/{made['id']}", {"name": "x"}), 404, "not_found")
    assert customer.get(OWN).json() == {"data": [], "next_cursor": None}
    refused(enter(api, device))
    mailbox.wait(customer.email, 2)


def test_anothers_passkey_is_not_there(api, customer, device):
    made = enrolled(customer, device)
    other = api.customer()
    problem(other.patch(f"{OWN}/{made['id']}", {"name": "mine"}), 404, "not_found")
    problem(other.delete(f"{OWN}/{made['id']}"), 404, "not_found")
    assert len(customer.get(OWN).json()["data"]) == 1
    problem(other.post(OWN, {"credential": device.make(creation(other))}), 409, "conflict")


def test_a_guest_has_none(guest, device):
    problem(guest.post(f"{OWN}/options"), 403, "forbidden")
    sent = {"credential": device.make({"user": {"id": b64(b"x")}, "challenge": "x"})}
    problem(guest.post(OWN, sent), 403, "forbidden")


def test_twenty_and_no_more(customer, origin):
    for _ in range(20):
        enrolled(customer, Authenticator(origin))
    problem(add(customer, Authenticator(origin)), 409, "conflict")


# ---- what is refused when signing in


@pytest.mark.req("PKY-1")
@pytest.mark.parametrize("how", (
    {"origin": "https://evil.test"},
    {"origin": "https://localhost"},
    {"type": "webauthn.create"},
    {"crossOrigin": True},
    {"rp_id": "evil.test"},
    {"flags": PRESENT},
    {"flags": VERIFIED},
    {"flags": 0},
    {"challenge": b64(b"x" * 57)},
    {"user": b"somebody else 16"},
    {"key": Key(-7)},
), ids=str)
def test_an_unsound_assertion(api, customer, device, how):
    enrolled(customer, device)
    refused(enter(api, device, **how))
    assert enter(api, device).status_code == 200


@pytest.mark.req("PKY-1")
def test_a_challenge_is_answered_once(api, customer, device):
    enrolled(customer, device)
    options = request(api)
    sent = {"credential": device.get(options)}
    assert api.post(SIGN_IN, sent).status_code == 200
    refused(api.post(SIGN_IN, sent))
    refused(enter(api, device, options))


@pytest.mark.req("PKY-1")
def test_twenty_at_once_enter_once(api, customer, origin):
    device = Authenticator(origin)
    enrolled(customer, device)
    sent = {"credential": device.get(request(api))}
    clients = [api.clone() for _ in range(20)]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda c: c.post(SIGN_IN, sent).status_code, clients))
    assert answers.count(200) == 1 and set(answers) <= {200, 401, 503}, answers


@pytest.mark.req("PKY-1")
def test_challenges_of_other_uses_and_sessions(api, customer, device):
    made = creation(customer)
    refused(enter(api, device, {"challenge": made["challenge"]}, user=b"x" * 16))
    enrolled(customer, device)
    refused(enter(api, device, {"challenge": made["challenge"]}))
    asked = request(api) | {"user": {"id": b64(b"x" * 16)}}
    fresh = Authenticator(device.origin)
    assert faults(customer.post(OWN, {"credential": fresh.make(asked)})) == [("/credential", "bad_format")]
    again = api.login(customer.email)
    assert faults(again.post(OWN, {"credential": fresh.make(made)})) == [("/credential", "bad_format")]


@pytest.mark.req("PKY-1")
def test_a_copied_key_is_noticed(api, customer, device, db):
    enrolled(customer, device)
    assert enter(api, device, step=5).status_code == 200
    refused(enter(api, device, step=0))
    refused(enter(api, device, step=-2))
    told = db.value("SELECT COUNT(*) FROM audit_log WHERE action = 'passkey.copied'")
    assert int(told) >= 2
    assert enter(api, device, step=9).status_code == 200


def test_no_counter_is_no_copy(api, customer, device):
    enrolled(customer, device)
    assert [enter(api, device, step=0).status_code for _ in range(2)] == [200, 200]


def test_a_closed_account_is_unknown(api, customer, device, stack):
    enrolled(customer, device)
    hexed = customer.id.replace("-", "")
    owner = stack.admin()
    owner.rows(f"UPDATE account SET status = 1 WHERE id = UNHEX('{hexed}')")
    refused(enter(api, device))


# ---- what is refused when registering


@pytest.mark.req("PKY-1")
@pytest.mark.parametrize("how", (
    {"origin": "https://evil.test"},
    {"type": "webauthn.get"},
    {"rp_id": "evil.test"},
    {"rp_id": "evil.test", "fmt": "packed"},
    {"flags": PRESENT | ATTESTED},
    {"flags": VERIFIED | ATTESTED},
    {"flags": PRESENT | VERIFIED},
    {"challenge": "AAAA"},
    {"fmt": "packed", "key": Key(-7)},
    {"fmt": "tpm"},
    {"fmt": "unheard of"},
), ids=str)
def test_an_unsound_registration(customer, device, how):
    assert faults(add(customer, device, **how)) == [("/credential", "bad_format")]
    assert customer.get(OWN).json()["data"] == []


@pytest.mark.parametrize("cut", (0, 1, 30, 60, -1))
def test_a_broken_attestation(customer, device, cut):
    made = device.make(creation(customer))
    raw = unb64(made["response"]["attestationObject"])
    made["response"]["attestationObject"] = b64(raw[:cut] or b"\xff") if cut >= 0 else b64(raw + b"x")
    assert faults(customer.post(OWN, {"credential": made})) == [("/credential", "bad_format")]


def test_a_registration_is_answered_once(customer, origin):
    options = creation(customer)
    one, other = Authenticator(origin), Authenticator(origin)
    assert customer.post(OWN, {"credential": one.make(options)}).status_code == 201
    assert faults(customer.post(OWN, {"credential": other.make(options)})) == [("/credential", "bad_format")]


def test_an_old_sign_in_registers_nothing(api, customer, device, stack):
    options = creation(customer)
    hexed = customer.id.replace("-", "")
    owner = stack.admin()
    owner.rows("UPDATE session SET authenticated_at = authenticated_at - INTERVAL 2 HOUR"
               f" WHERE account_id = UNHEX('{hexed}')")
    problem(customer.post(f"{OWN}/options"), 403, "reauth_required")
    problem(customer.post(OWN, {"credential": device.make(options)}), 403, "reauth_required")


def test_what_is_no_base64url(api, customer):
    sent = {"id": "=", "response": {"clientDataJSON": "a=", "authenticatorData": "/", "signature": "+",
                                    "userHandle": None}}
    found = faults(api.post(SIGN_IN, {"credential": sent}))
    assert [f[0] for f in found] == [
        "/credential/id", "/credential/response/authenticatorData",
        "/credential/response/clientDataJSON", "/credential/response/signature"]
    made = {"id": "A", "response": {"clientDataJSON": "a=", "attestationObject": "="}}
    assert len(faults(customer.post(OWN, {"credential": made}))) == 2


def test_a_shop_without_passkeys(new_stack, recorder, customer, device):
    api = client.Api(new_stack("none", workers=1, passkey_rp_id=""), recorder)
    person = api.customer()
    made = device.make({"user": {"id": b64(b"x")}, "challenge": "x"})
    problem(api.post(f"{SIGN_IN}/options"), 404, "not_found")
    problem(api.post(SIGN_IN, {"credential": device.get({"challenge": "x"})}), 404, "not_found")
    problem(person.post(f"{OWN}/options"), 404, "not_found")
    problem(person.post(OWN, {"credential": made}), 404, "not_found")


# ---- lengths that nothing stands behind (S1)

# A worker may grow so much: one password hash takes 19 MiB, the array that BOMB announces 320.
GROWTH_MAX_KIB = 64 << 10


@pytest.fixture
def modest_workers(stack):
    """No worker grows beyond measure or dies during the test."""
    before = peak_kib(stack)
    yield
    after = peak_kib(stack)
    assert after.keys() == before.keys()
    assert all(after[pid] - before[pid] < GROWTH_MAX_KIB for pid in before), (before, after)


def nested(depth):
    return b"\x81" * (depth - 1) + b"\x80"


@pytest.mark.req("PKY-1")
@pytest.mark.parametrize("extensions", (
    BOMB, b"\xa1\x61x" + BOMB, b"\xba\x10\0\0\0", b"\x5a\x80\0\0\0", b"\xbf\xff",
    b"\xa1\x61x" + nested(16), b"\xa0\xa0",
), ids=bytes.hex)
def test_extensions_that_announce_too_much(api, customer, device, modest_workers, extensions):
    enrolled(customer, device)
    refused(enter(api, device, extensions=extensions))
    assert faults(add(customer, Authenticator(device.origin), extensions=extensions)) == [
        ("/credential", "bad_format")]
    assert enter(api, device).status_code == 200


@pytest.mark.req("PKY-1")
@pytest.mark.parametrize("cose", (
    BOMB, b"\xa1\x01" + BOMB, b"\xba\x10\0\0\0", b"\x5a\x80\0\0\0", b"\xbf\xff", nested(17),
), ids=bytes.hex)
def test_a_key_that_announces_too_much(customer, device, modest_workers, cose):
    assert faults(add(customer, device, cose=cose)) == [("/credential", "bad_format")]


@pytest.mark.req("PKY-1")
@pytest.mark.parametrize("whole", (
    BOMB, b"\xba\x10\0\0\0", b"\xa3\x63fmt\x64none\x68authData\x41\1\x67attStmt" + BOMB,
    b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x5a\x80\0\0\0", nested(17), nested(8000),
), ids=lambda raw: raw[-8:].hex())
def test_an_object_that_announces_too_much(customer, device, modest_workers, whole):
    made = device.make(creation(customer))
    made["response"]["attestationObject"] = b64(whole)
    assert faults(customer.post(OWN, {"credential": made})) == [("/credential", "bad_format")]


@pytest.mark.req("PKY-1")
def test_many_at_once_that_announce_too_much(api, customer, device, modest_workers):
    enrolled(customer, device)
    options = [request(api) for _ in range(20)]
    sent = [{"credential": device.get(o, extensions=BOMB)} for o in options]
    clients = [api.clone() for _ in sent]
    answers = client.at_once(len(sent), lambda i: clients[i].post(SIGN_IN, sent[i]))
    for answer in answers:
        refused(answer)


def test_sound_extensions_are_taken(api, customer, device):
    assert add(customer, device, extensions=b"\xa1\x6bcredProtect\x02").status_code == 201
    assert enter(api, device, extensions=b"\xa0").status_code == 200


def test_new_passkeys_have_a_limit(new_stack, recorder):
    """S1: as sign-ins have, before anything is parsed."""
    stack = new_stack("passkey_limit", workers=2, rate_credential_per_ip_burst=8, rate_credential_per_ip_per_min=1,
                      rate_token_per_ip_burst=40, rate_token_per_ip_per_min=1)
    api = client.Api(stack, recorder)
    person, device = api.customer(), Authenticator(f"https://localhost:{stack.port}")
    sent = {"credential": device.make({"user": {"id": b64(b"x")}, "challenge": "x"})}
    seen = [person.post(OWN, sent) for _ in range(9)]
    assert {a.status_code for a in seen} == {422, 429}
    problem(seen[-1], 429, "rate_limited")
    assert seen[-1].headers["RateLimit-Limit"] == "8" and seen[-1].headers["Retry-After"]
    seen = [person.post(f"{OWN}/options") for _ in range(41)]
    assert {a.status_code for a in seen} == {200, 429}
    assert seen[-1].headers["RateLimit-Limit"] == "40"


def test_foreign_keys_are_checked_in_the_slow_pool(stack):
    """S1: they hold up nobody who only looks at products."""
    slow = stack.merx("nginx").stdout
    for path in (SIGN_IN, OWN):
        assert f'"~^POST {path}$" merx_slow;' in slow
    assert f"{OWN}/options" not in slow


# ---- as a second factor


def waiting(api, person):
    """The demand for a second factor after the person's password."""
    sent = {"email": person.email, "password": person.password}
    answer = api.post("/v1/auth/login", sent)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.req("MFA-6", "PKY-1")
def test_a_passkey_is_a_second_factor(api, stack, customer, device):
    assert "access_token" in waiting(api, customer), "a passkey alone demands nothing"
    enrolled(customer, device)
    assert "access_token" in waiting(api, customer), "a passkey alone demands nothing"
    enrol(stack, api.login(customer.email))
    demand = waiting(api, customer)
    assert demand["methods"] == ["totp", "recovery_code", "passkey"]
    sent = {"credential": device.get(request(api)), "mfa_token": demand["mfa_token"]}
    answer = api.post(SIGN_IN, sent)
    assert answer.status_code == 200 and answer.json()["user"]["id"] == customer.id, answer.text
    again = sent | {"credential": device.get(request(api))}
    problem(api.post(SIGN_IN, again), 401, "invalid_mfa_token")


@pytest.mark.req("MFA-3")
def test_anothers_passkey_passes_no_challenge(api, stack, customer, device, origin):
    app = enrol(stack, customer)
    other, theirs = api.customer(), Authenticator(origin)
    enrolled(other, theirs)
    token = waiting(api, customer)["mfa_token"]
    refused(api.post(SIGN_IN, {"credential": theirs.get(request(api)), "mfa_token": token}))
    assert second(api, token, app.code()).status_code == 200


@pytest.mark.req("MFA-6")
def test_removing_a_passkey_skips_no_factor(api, stack, customer, device):
    made = enrolled(customer, device)
    enrol(stack, customer)
    assert customer.delete(f"{OWN}/{made['id']}").status_code == 204
    assert waiting(api, customer)["methods"] == ["totp", "recovery_code"]


@pytest.mark.req("MFA-6")
def test_staff_may_need_a_passkey(new_stack, recorder):
    stack = new_stack("passkey_staff", workers=2, staff_mfa="required")
    api = client.Api(stack, recorder)
    owner, device = api.staff(), Authenticator(f"https://localhost:{stack.port}")
    problem(owner.get("/v1/admin/stock"), 403, "mfa_enrolment_required")
    enrolled(owner, device)
    demand = api.post("/v1/auth/login", {"email": owner.email, "password": owner.password}).json()
    assert demand["methods"] == ["passkey"]
    done = api.post(SIGN_IN, {"credential": device.get(request(api)), "mfa_token": demand["mfa_token"]})
    token = done.json()["access_token"]
    assert api.get("/v1/admin/stock", token=token).status_code == 200
    alone = enter(api, device).json()["access_token"]
    assert api.get("/v1/admin/stock", token=alone).status_code == 200
