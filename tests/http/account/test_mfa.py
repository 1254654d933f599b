"""A second factor: proving again to be there, enrolment, sign-in, recovery, staff who must have it."""
import base64
import re
import subprocess
import time
import urllib.parse

import pytest

import client
import shop
from authenticator import Authenticator
from client import at_once, faults, problem
from staff_helpers import audit_rows
from factor import (
    CODES, CONFIRM, STEP, TOTP, age, by_passkey, code_at, enrol, half, id_of, in_one_step, registered,
    second, wrong_code)

OWN = "/v1/auth/reauth"


def authenticated_ago(stack, person):
    """Seconds since the person's newest session was signed in to."""
    return int(stack.admin().value(
        "SELECT TIMESTAMPDIFF(SECOND, authenticated_at, UTC_TIMESTAMP(3)) FROM session"
        f" WHERE account_id = {id_of(person)} ORDER BY id DESC LIMIT 1"))


def query(stack, sql):
    return stack.admin().value(sql)


def told(mailbox, person, words):
    """A mail with these words has come."""
    client.until(lambda: any(words in m.text for m in mailbox.all(person.email)), what=words)


@pytest.fixture
def app(stack, customer):
    """The app of a customer who has just enrolled; .person is the customer."""
    return enrol(stack, customer)


def refused(answer, code="invalid_mfa_code"):
    problem(answer, 401, code)


# ---- proving it again


def test_the_password_makes_a_session_fresh_and_a_refresh_does_not(api, stack, customer):
    assert authenticated_ago(stack, customer) < 3600
    age(stack, customer)
    again = api.post("/v1/auth/refresh", {"refresh_token": customer.refresh_token})
    assert again.status_code == 200 and authenticated_ago(stack, customer) >= 7200
    answer = customer.post(OWN, {"password": customer.password})
    assert answer.status_code == 204 and not answer.content
    assert authenticated_ago(stack, customer) < 3600


def test_a_wrong_password_proves_nothing(stack, customer, guest, api):
    age(stack, customer)
    problem(customer.post(OWN, {"password": "wrong-" + customer.password}), 401,
            "invalid_credentials")
    problem(guest.post(OWN, {"password": client.PASSWORD}), 401, "invalid_credentials")
    problem(api.post(OWN, {"password": client.PASSWORD}), 401, "unauthorized")
    assert faults(customer.post(OWN, {})) == [("/password", "required")]
    assert faults(customer.post(OWN, {"password": 1})) == [("/password", "wrong_type")]
    assert authenticated_ago(stack, customer) >= 7200


@pytest.mark.req("THR-3")
def test_wrong_passwords_of_the_owner_are_counted_with_his_sign_ins(api, customer):
    for _ in range(5):
        problem(customer.post(OWN, {"password": "wrong"}), 401, "invalid_credentials")
    for _ in range(5):
        sent = {"email": customer.email, "password": "wrong"}
        problem(customer.post("/v1/auth/login", sent), 401, "invalid_credentials")
    answer = customer.post(OWN, {"password": customer.password})
    problem(answer, 429, "rate_limited")
    assert int(answer.headers["Retry-After"]) >= 1
    assert api.login(customer.email).user["id"] == customer.id


def test_an_ended_session_is_not_made_fresh(customer, stack):
    age(stack, customer)
    assert customer.post("/v1/auth/logout").status_code == 204
    problem(customer.post(OWN, {"password": customer.password}), 401, "unauthorized")
    assert authenticated_ago(stack, customer) >= 7200


# ---- enrolment


@pytest.mark.req("MFA-1")
def test_enrolment(stack, api, customer, mailbox):
    assert customer.user["mfa_enabled"] is False
    begun = customer.post(TOTP).json()
    assert re.fullmatch(r"[A-Z2-7]{32}", begun["secret"])
    uri = urllib.parse.urlsplit(begun["otpauth_uri"])
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert urllib.parse.unquote(uri.path) == f"/merx:{customer.email}"
    assert dict(urllib.parse.parse_qsl(uri.query)) == {
        "secret": begun["secret"], "issuer": "merx", "algorithm": "SHA1", "digits": "6",
        "period": "30"}
    assert customer.get("/v1/me").json()["mfa_enabled"] is False
    assert "access_token" in api.login(customer.email).tokens
    oathtool = subprocess.run(["oathtool", "--totp", "--base32", begun["secret"]],
                              text=True, capture_output=True, check=True)
    done = customer.post(CONFIRM, {"code": oathtool.stdout.strip()})
    assert done.status_code == 200 and list(done.json()) == ["recovery_codes"]
    assert customer.get("/v1/me").json()["mfa_enabled"] is True
    told(mailbox, customer, "takes a code of your authenticator app")
    half(api, customer)


@pytest.mark.req("MFA-2")
def test_the_enrolment_code_does_not_sign_in(stack, api, customer):
    secret = customer.post(TOTP).json()["secret"]
    code = code_at(secret, int(time.time()) // STEP)
    assert customer.post(CONFIRM, {"code": code}).status_code == 200
    refused(second(api, half(api, customer), code))


def test_a_wrong_first_code_enrols_nothing(stack, api, customer):
    problem(customer.post(CONFIRM, {"code": "123456"}), 409, "conflict")
    secret = customer.post(TOTP).json()["secret"]
    problem(customer.post(CONFIRM, {"code": wrong_code(secret)}), 422, "code_invalid")
    old = code_at(secret, int(time.time()) // STEP - 2)
    problem(customer.post(CONFIRM, {"code": old}), 422, "code_invalid")
    assert faults(customer.post(CONFIRM, {"code": "12345"})) == [("/code", "too_short")]
    assert faults(customer.post(CONFIRM, {"code": 123456})) == [("/code", "wrong_type")]
    assert customer.get("/v1/me").json()["mfa_enabled"] is False
    assert api.login(customer.email).token


def test_a_new_seed_takes_the_place_of_one_that_waits(customer):
    first, then = (customer.post(TOTP).json()["secret"] for _ in range(2))
    assert first != then
    step = int(time.time()) // STEP
    problem(customer.post(CONFIRM, {"code": code_at(first, step)}), 422, "code_invalid")
    assert customer.post(CONFIRM, {"code": code_at(then, step)}).status_code == 200


def test_an_enrolled_app_is_not_replaced(app):
    problem(app.person.post(TOTP), 409, "conflict")
    problem(app.person.post(CONFIRM, {"code": app.code()}), 409, "conflict")


def test_guests_have_nothing_to_enrol(guest, api):
    problem(guest.post(TOTP), 403, "forbidden")
    problem(guest.post(CONFIRM, {"code": "123456"}), 409, "conflict")
    problem(guest.post(CODES), 409, "conflict")
    problem(api.post(TOTP), 401, "unauthorized")


def test_enrolling_ends_the_other_sessions(api, customer, stack):
    other = api.login(customer.email)
    enrol(stack, customer)
    problem(other.get("/v1/me"), 401, "unauthorized")
    assert customer.get("/v1/me").status_code == 200


def test_confirming_twenty_times_at_once_enrols_once(stack, customer):
    secret = customer.post(TOTP).json()["secret"]
    code = code_at(secret, int(time.time()) // STEP)
    people = [customer.clone() for _ in range(20)]
    answers = at_once(20, lambda i: people[i].post(CONFIRM, {"code": code}))
    assert sorted(a.status_code for a in answers) == [200] + [409] * 19
    codes = f"SELECT COUNT(*) FROM recovery_code WHERE account_id = {id_of(customer)}"
    assert query(stack, codes) == "10"


@pytest.mark.req("MFA-5")
def test_changes_want_a_fresh_sign_in(stack, customer, mailbox):
    age(stack, customer)
    for path, body in ((TOTP, None), (CONFIRM, {"code": "123456"}), (CODES, None)):
        problem(customer.post(path, body), 403, "reauth_required")
    assert customer.post(OWN, {"password": customer.password}).status_code == 204
    app = enrol(stack, customer)
    age(stack, customer, 800)
    assert customer.post(CODES).status_code == 200
    age(stack, customer, 905)
    problem(customer.post(CODES), 403, "reauth_required")
    problem(customer.delete(TOTP, {"password": "wrong"}), 401, "invalid_credentials")
    assert customer.delete(TOTP, {"password": customer.password}).status_code == 204
    mailbox.wait(customer.email, 3)
    actions = audit_rows(stack.admin(), f"object_id = {id_of(app.person)}")
    mfa = [(r["action"], r["address"], r["actor"] == r["object"]) for r in actions]
    assert [m for m in mfa if "mfa" in m[0] or "recovery" in m[0]] == [
        (what, "127.0.0.1", True) for what in ("mfa_enrolled", "recovery_codes_made", "mfa_removed")]
    subjects = {m["subject"].split(" for ")[0] for m in mailbox.all(customer.email)}
    assert subjects >= {"A second factor", "New recovery codes", "No second factor any more"}


@pytest.mark.req("MFA-8")
def test_no_seed_and_no_code_is_stored_in_the_clear(stack, app):
    raw = base64.b32decode(app.secret)
    (row,) = stack.admin().rows(
        f"SELECT HEX(secret) AS secret FROM totp WHERE account_id = {id_of(app.person)}")
    assert len(row["secret"]) > 2 * len(raw) and raw.hex().upper() not in row["secret"]
    dump = b""
    for table in [list(r.values())[0] for r in stack.admin().rows("SHOW TABLES")]:
        every_row = [*stack.admin().command, "--binary-as-hex", "-e", f"SELECT * FROM `{table}`"]
        dump += subprocess.run(every_row, capture_output=True, check=True).stdout.lower()
    kept = [app.secret, raw.hex()]
    for code in app.codes:
        plain = code.replace("-", "")
        kept += [code, plain, plain.encode().hex(), base64.b32decode(plain).hex()]
    for text in kept:
        assert text.lower().encode() not in dump
    assert row["secret"].lower().encode() in dump


def test_a_seed_of_another_account_does_not_open(stack, api, app):
    other, db = enrol(stack, api.customer()), stack.admin()
    mine, theirs = (db.value(f"SELECT HEX(secret) FROM totp WHERE account_id = {id_of(person)}")
                    for person in (app.person, other.person))
    seed = "UPDATE totp SET secret = x'{}' WHERE account_id = " + id_of(app.person)
    db.rows(seed.format(theirs))
    try:
        problem(second(api, half(api, app.person), other.code()), 503, "unavailable")
    finally:
        db.rows(seed.format(mine))


# ---- the second half of signing in


def test_signing_in(stack, api, app):
    answer = api.post("/v1/auth/login",
                      {"email": app.person.email, "password": app.person.password}).json()
    assert answer["methods"] == ["totp", "recovery_code"]
    done = second(api, answer["mfa_token"], app.code())
    person = client.Person(api, done)
    assert person.id == app.person.id and person.user["mfa_enabled"] is True
    assert person.get("/v1/me").status_code == 200
    factors = stack.admin().rows(
        f"SELECT second_factor FROM session WHERE account_id = {id_of(person)}"
        " AND revoked_at IS NULL ORDER BY id")
    assert [f["second_factor"] for f in factors] == ["1", "1"]
    refused(second(api, answer["mfa_token"], app.code()), "invalid_mfa_token")


@pytest.mark.parametrize("ahead", (-1, 0, 1))
@pytest.mark.req("MFA-1")
def test_a_step_early_or_late_is_good(api, app, ahead):
    answer = in_one_step(lambda: second(api, half(api, app.person), app.code(ahead)))
    assert answer.status_code == 200


@pytest.mark.parametrize("ahead", (-3, 3))
@pytest.mark.req("MFA-1")
def test_other_steps_are_not(api, app, ahead):
    refused(second(api, half(api, app.person), app.code(ahead)))


@pytest.mark.req("MFA-2", "INV-16")
def test_a_code_works_once_ever(api, app):
    code = app.code()
    assert second(api, half(api, app.person), code).status_code == 200
    refused(second(api, half(api, app.person), code))


@pytest.mark.req("MFA-2")
def test_a_step_before_one_that_was_used_is_refused(api, app):
    now, after = app.code(), app.code(1)
    assert second(api, half(api, app.person), after).status_code == 200
    refused(second(api, half(api, app.person), now))


@pytest.mark.req("MFA-2", "INV-16")
def test_twenty_uses_of_one_code_at_once_sign_in_once(api, app):
    tokens = [half(api, app.person) for _ in range(20)]
    code, clients = app.code(), [api.clone() for _ in range(20)]
    answers = at_once(20, lambda i: second(clients[i], tokens[i], code))
    assert sorted(a.status_code for a in answers) == [200] + [401] * 19


@pytest.mark.req("MFA-3", "INV-16")
def test_one_challenge_is_answered_once(api, app):
    token, clients = half(api, app.person), [api.clone() for _ in range(12)]
    app.code()
    step = int(time.time()) // STEP
    sent = [app.codes[i] if i % 2 else code_at(app.secret, step) for i in range(8)]
    answers = at_once(8, lambda i: second(clients[i], token, sent[i],
                                          "recovery_code" if i % 2 else "totp"))
    assert [a.status_code for a in answers].count(200) == 1


@pytest.mark.req("MFA-3")
def test_five_wrong_codes_end_a_challenge(stack, api, app, mailbox):
    token = half(api, app.person)
    for i in range(5):
        refused(second(api, token, *(("AAAA-" * 5 + "AAAA", "recovery_code") if i % 2
                                     else (wrong_code(app.secret),))))
    refused(second(api, token, app.code()), "invalid_mfa_token")
    refused(second(api, token, app.codes[0], "recovery_code"), "invalid_mfa_token")
    told(mailbox, app.person, "five wrong codes")
    assert query(stack, "SELECT COUNT(*) FROM audit_log WHERE action = 'mfa_failed'"
                 f" AND object_id = {id_of(app.person)}") == "1"
    assert second(api, half(api, app.person), app.code()).status_code == 200


@pytest.mark.req("MFA-3")
def test_five_wrong_codes_at_once_are_five(api, app):
    token, clients = half(api, app.person), [api.clone() for _ in range(20)]
    answers = at_once(20, lambda i: second(clients[i], token, wrong_code(app.secret)))
    codes = sorted(a.json()["code"] for a in answers)
    assert codes == ["invalid_mfa_code"] * 5 + ["invalid_mfa_token"] * 15


@pytest.mark.req("MFA-3")
def test_a_challenge_dies_after_five_minutes(stack, api, app):
    began = time.monotonic()
    token = half(api, app.person)
    move = "UPDATE mfa_challenge SET expires_at = expires_at - INTERVAL {} SECOND"
    move += f" WHERE account_id = {id_of(app.person)}"
    left = "SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), expires_at) FROM mfa_challenge"
    told = int(query(stack, f"{left} WHERE account_id = {id_of(app.person)}"))
    assert 299 - (time.monotonic() - began) <= told <= 300
    stack.admin().rows(move.format(301))
    refused(second(api, token, app.code()), "invalid_mfa_token")


@pytest.mark.req("MFA-3")
def test_a_challenge_is_its_own_accounts(stack, api, app):
    other = enrol(stack, api.customer())
    token = half(api, app.person)
    refused(second(api, token, other.code()))
    refused(second(api, token, other.codes[0], "recovery_code"))
    assert second(api, token, app.code()).json()["user"]["id"] == app.person.id
    assert second(api, half(api, other.person), other.codes[0], "recovery_code").status_code == 200


@pytest.mark.req("MFA-3")
def test_what_ends_the_sessions_ends_the_challenges(api, app):
    token = half(api, app.person)
    assert app.person.post("/v1/auth/logout?all=true").status_code == 204
    refused(second(api, token, app.code()), "invalid_mfa_token")


@pytest.mark.req("MFA-7", "JWT-5")
def test_the_token_of_a_challenge_opens_nothing_else(stack, api, app):
    token = half(api, app.person)
    for path in ("/v1/me", "/v1/cart", "/v1/orders", "/v1/admin/products"):
        problem(api.get(path, token=token), 401, "unauthorized")
    problem(api.post("/v1/auth/refresh", {"refresh_token": token}), 401, "invalid_refresh_token")
    problem(api.post(CONFIRM, {"code": app.code()}, token=token), 401, "unauthorized")
    for other in (app.person.token[:500], app.person.refresh_token, "x", "mm1_", token[:-1]):
        refused(second(api, other, app.code()), "invalid_mfa_token")
    columns = [r["Field"] for r in stack.admin().rows("SHOW COLUMNS FROM mfa_challenge")]
    raw = base64.urlsafe_b64decode(token.removeprefix("mm1_") + "=")
    assert len(raw) == 32 and "token_hash" in columns
    for column in columns:
        for kept in stack.admin().rows(f"SELECT HEX({column}) AS h FROM mfa_challenge"):
            assert raw.hex().upper() not in (kept["h"] or "")
            assert token.encode().hex().upper() not in (kept["h"] or "")
    assert second(api, token, app.code()).status_code == 200


@pytest.mark.req("MFA-6")
def test_a_wrong_password_is_told_of_no_second_factor(api, app):
    sent = {"email": app.person.email, "password": "wrong-Horse-battery-9"}
    problem(api.post("/v1/auth/login", sent), 401, "invalid_credentials")


def test_types_and_lengths(api):
    assert faults(api.post("/v1/auth/mfa", {})) == [
        ("/code", "required"), ("/method", "required"), ("/mfa_token", "required")]
    assert faults(second(api, "x", "12345")) == [("/code", "too_short")]
    assert faults(second(api, "x", "123456", "sms")) == [("/method", "unknown_value")]
    assert faults(second(api, 1, 123456, 0)) == [
        ("/code", "wrong_type"), ("/method", "wrong_type"), ("/mfa_token", "wrong_type")]
    refused(second(api, "x" * 512, "1" * 64), "invalid_mfa_token")


# ---- a guest who signs in


def test_a_guests_cart_comes_along_with_the_second_factor(api, app, guest, staff):
    variant = shop.variant_ids(shop.make_product(staff))[0]
    assert guest.post("/v1/cart/items", {"variant_id": variant, "quantity": 2}).status_code == 201
    token = half(api, app.person, guest.token)
    assert len(guest.get("/v1/cart").json()["items"]) == 1
    person = client.Person(api, second(api, token, app.code()))
    assert [i["quantity"] for i in person.get("/v1/cart").json()["items"]] == [2]


def test_a_guest_who_became_somebody_keeps_the_cart(api, app, guest, staff):
    variant = shop.variant_ids(shop.make_product(staff))[0]
    assert guest.post("/v1/cart/items", {"variant_id": variant, "quantity": 2}).status_code == 201
    token = half(api, app.person, guest.token)
    somebody = api.sign_up(guest)
    person = client.Person(api, second(api, token, app.code()))
    assert person.get("/v1/cart").json()["items"] == []
    assert len(somebody.get("/v1/cart").json()["items"]) == 1


# ---- recovery codes


@pytest.mark.req("MFA-4", "INV-16")
def test_a_recovery_code_signs_in_once(stack, api, app, mailbox):
    assert len(set(app.codes)) == 10
    assert all(re.fullmatch(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){5}", code) for code in app.codes)
    done = second(api, half(api, app.person), app.codes[3], "recovery_code")
    assert done.json()["user"]["id"] == app.person.id
    refused(second(api, half(api, app.person), app.codes[3], "recovery_code"))
    told(mailbox, app.person, "Codes left: 9")
    assert second(api, half(api, app.person), app.codes[4], "recovery_code").status_code == 200


def test_a_recovery_code_is_read_as_people_write(api, app):
    loose = f" {app.codes[0].lower().replace('-', ' ')} "
    assert second(api, half(api, app.person), loose, "recovery_code").status_code == 200
    joined = app.codes[1].replace("-", "")
    assert second(api, half(api, app.person), joined, "recovery_code").status_code == 200


def test_methods_do_not_mix(api, app):
    token = half(api, app.person)
    refused(second(api, token, app.code(), "recovery_code"))
    refused(second(api, token, app.codes[0], "totp"))
    assert second(api, token, app.codes[0], "recovery_code").status_code == 200


@pytest.mark.req("MFA-4", "INV-16")
def test_twenty_uses_of_one_recovery_code_at_once_sign_in_once(api, app):
    tokens = [half(api, app.person) for _ in range(20)]
    clients = [api.clone() for _ in range(20)]
    answers = at_once(20, lambda i: second(clients[i], tokens[i], app.codes[0], "recovery_code"))
    assert sorted(a.status_code for a in answers) == [200] + [401] * 19


@pytest.mark.req("MFA-4")
def test_new_recovery_codes_take_the_place_of_all_old_ones(api, app):
    fresh = app.person.post(CODES).json()["recovery_codes"]
    assert len(set(fresh)) == 10 and not set(fresh) & set(app.codes)
    refused(second(api, half(api, app.person), app.codes[0], "recovery_code"))
    assert second(api, half(api, app.person), fresh[0], "recovery_code").status_code == 200


def test_without_recovery_codes_none_is_offered(stack, api, app):
    for code in app.codes:
        assert second(api, half(api, app.person), code, "recovery_code").status_code == 200
    sent = {"email": app.person.email, "password": app.person.password}
    assert api.post("/v1/auth/login", sent).json()["methods"] == ["totp"]


# ---- removal


def test_removing_the_app(stack, api, app):
    token = half(api, app.person)
    problem(api.delete(TOTP, {"password": client.PASSWORD}), 401, "unauthorized")
    assert faults(app.person.delete(TOTP, {})) == [("/password", "required")]
    problem(app.person.delete(TOTP, {"password": "wrong"}), 401, "invalid_credentials")
    assert app.person.delete(TOTP, {"password": app.person.password}).status_code == 204
    problem(app.person.delete(TOTP, {"password": app.person.password}), 404, "not_found")
    problem(app.person.post(CODES), 409, "conflict")
    assert app.person.get("/v1/me").json()["mfa_enabled"] is False
    refused(second(api, token, app.codes[0], "recovery_code"))
    assert api.login(app.person.email).token
    factors = f"SELECT MAX(second_factor) FROM session WHERE account_id = {id_of(app.person)}"
    assert query(stack, factors) == "0"
    enrol(stack, app.person)


# ---- how often


@pytest.mark.req("THR-3", "THR-2")
def test_wrong_codes_of_an_account_are_bounded(api, app):
    got = []
    for _ in range(3):
        token = half(api, app.person)
        got += [second(api, token, wrong_code(app.secret)).status_code for _ in range(5)]
    assert got == [401] * 10 + [429] * 5
    answer = second(api, half(api, app.person), app.code())
    problem(answer, 429, "rate_limited")
    assert int(answer.headers["Retry-After"]) >= 1
    assert second(api.elsewhere(), half(api, app.person), app.code()).status_code == 200
    assert second(api, half(api, app.person), app.codes[0], "recovery_code").status_code == 200


@pytest.mark.req("THR-3")
def test_a_hundred_wrong_codes_at_once_are_ten(api, app):
    tokens = [half(api, app.person) for _ in range(100)]
    clients = [api.clone() for _ in range(20)]

    def five(i):
        return [second(clients[i], token, wrong_code(app.secret)).status_code
                for token in tokens[5 * i:5 * i + 5]]

    got = [status for statuses in at_once(20, five) for status in statuses]
    assert 10 <= got.count(401) <= 12 and got.count(401) + got.count(429) == 100


# ---- staff who must have one


@pytest.mark.req("MFA-6")
def test_staff_without_a_second_factor_can_only_enrol(new_stack, recorder):
    stack = new_stack("strict", staff_mfa="required")
    strict = client.Api(stack, recorder)
    staff = strict.staff()
    assert staff.user["roles"] == ["owner"] and staff.get("/v1/me").status_code == 200
    closed = ("/v1/admin/products", "/v1/cart", "/v1/orders", "/v1/me/addresses")
    for path in closed:
        problem(staff.get(path), 403, "mfa_enrolment_required")
    problem(staff.patch("/v1/me", {"name": "X"}), 403, "mfa_enrolment_required")
    assert strict.customer().get("/v1/cart").status_code == 200
    assert staff.post(OWN, {"password": staff.password}).status_code == 204
    app = enrol(stack, staff)
    for path in closed:
        assert staff.get(path).status_code == 200
    again = client.Person(strict, second(strict, half(strict, staff), app.code()))
    assert again.get("/v1/admin/products").status_code == 200
    assert staff.delete(TOTP, {"password": staff.password}).status_code == 204
    for person in (staff, again):
        problem(person.get("/v1/admin/products"), 403, "mfa_enrolment_required")
    assert staff.post("/v1/auth/logout").status_code == 204


# ---- beside passkeys


@pytest.mark.req("MFA-6")
def test_a_passkey_is_both_factors_and_its_removal_leaves_the_other(stack, api, app):
    device = registered(app.person, stack)
    sent = {"email": app.person.email, "password": app.person.password}
    methods = ["totp", "recovery_code", "passkey"]
    assert api.post("/v1/auth/login", sent).json()["methods"] == methods
    person = by_passkey(api, device)
    assert person.id == app.person.id
    assert faults(second(api, half(api, app.person), "123456", "passkey")) == [
        ("/method", "unknown_value")]
    assert person.delete(f"/v1/me/passkeys/{device.passkey}").status_code == 204
    assert api.post("/v1/auth/login", sent).json()["methods"] == methods[:2]


def test_customers_with_a_passkey_may_still_use_the_password(stack, api, customer):
    registered(customer, stack)
    assert api.login(customer.email).user["mfa_enabled"] is False


@pytest.mark.req("MFA-5", "MFA-6")
def test_a_session_without_the_second_factor_enrols_no_other(new_stack, recorder):
    stack = new_stack("beside", workers=2, staff_mfa="required")
    strict = client.Api(stack, recorder)
    thief, staff, late = strict.staff(), strict.staff(), Authenticator(f"https://localhost:{stack.port}")
    made = late.make(thief.post("/v1/me/passkeys/options").json())
    secret = thief.post(TOTP).json()["secret"]
    registered(staff, stack)
    assert thief.post("/v1/auth/reauth", {"password": staff.password}).status_code == 204
    problem(thief.post("/v1/me/passkeys", {"credential": made}), 403, "forbidden")
    problem(thief.post(CONFIRM, {"code": code_at(secret, int(time.time()) // STEP)}), 403, "forbidden")
    problem(thief.post(TOTP), 403, "forbidden")
    problem(thief.get("/v1/admin/products"), 403, "mfa_enrolment_required")
    assert enrol(stack, staff).codes


@pytest.mark.req("MFA-6")
def test_staff_who_must_have_a_second_factor_may_have_a_passkey(new_stack, recorder):
    stack = new_stack("keys", staff_mfa="required")
    strict = client.Api(stack, recorder)
    staff = strict.staff()
    problem(staff.get("/v1/admin/products"), 403, "mfa_enrolment_required")
    device = registered(staff, stack)
    assert staff.get("/v1/admin/products").status_code == 200
    sent = {"email": staff.email, "password": staff.password}
    body = strict.post("/v1/auth/login", sent).json()
    assert body["methods"] == ["passkey"]
    refused(second(strict, body["mfa_token"], "123456"))
    again = by_passkey(strict, device)
    assert again.get("/v1/admin/products").status_code == 200
    assert again.delete(f"/v1/me/passkeys/{device.passkey}").status_code == 204
    for person in (staff, again):
        problem(person.get("/v1/admin/products"), 403, "mfa_enrolment_required")
    assert strict.staff().token
