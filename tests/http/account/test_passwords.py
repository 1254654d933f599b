"""New passwords: strength, change by the present one, reset by a mailed code."""
import itertools
import re
import unicodedata

import pytest

import client
from client import CODE, NO_HANDLE, PASSWORD, UNLIKE, at_once, faults, handle_of, problem, unique_email
from staff_helpers import audit_rows
from factor import enrol
from accounts import (
    NEW, account, asked, change, forgot, login, other_code, register, reset,
    take_like_time, tokens_of, verify, weak_hash)
from factor import by_passkey, registered
from sessions import refused, rotated, signed_in

pytestmark = pytest.mark.signed_up


# ---- strength


@pytest.mark.req("PWD-2")
@pytest.mark.parametrize("password, why", (
    ("password1", "common"), ("iloveyou2", "common"), ("Welcome2024", "common"),
    ("P@ssw0rd123", "common"), ("abcdefghijk", "sequence"), ("aaaaaaaaaaaa", "repeats"),
    ("merx2026", "shop"), ("MERX-2025!", "shop"), ("lovelace1815", "name"),
    ("Example.com1", "address"),
))
def test_weak_passwords_are_refused_with_the_reason(api, customer, mailbox, password, why):
    for answer in (register(api, unique_email(), password), change(customer, password),
                   reset(api, customer.email, asked(api, mailbox, customer.email), password)):
        assert faults(answer) == [("/password", "weak_password")]
        (fault,) = answer.json()["errors"]
        assert why in fault["detail"]
    tokens_of(login(api, customer.email))


@pytest.mark.req("PWD-2")
def test_strength_is_never_checked_at_sign_in(api, customer, stack):
    stack.admin().rows(f"UPDATE account SET password_hash = '{weak_hash('password1')}'"
                      f" WHERE id = {account(customer)}")
    tokens_of(login(api, customer.email, "password1"))
    customer.password = "password1"
    assert change(customer).status_code == 204


@pytest.mark.req("PWD-1")
def test_64_letters_of_two_bytes(api, mailbox):
    email, password = unique_email(), "é" * 64
    register(api, email, password)
    tokens_of(verify(api, email, mailbox.code(email)))
    tokens_of(login(api, email, password))
    problem(login(api, email, password[:63]), 401, "invalid_credentials")


@pytest.mark.req("PWD-1")
def test_a_password_is_one_however_it_is_composed(api, mailbox):
    """A8: set as NFC and typed as NFD, or the other way round, wherever a password is set or asked for."""
    email, first, second = unique_email(), "Größe-café-Ångström-1", "Größe-café-Ångström-2"
    nfc, nfd = (lambda s, form=form: unicodedata.normalize(form, s) for form in ("NFC", "NFD"))
    assert nfc(first) != nfd(first)
    register(api, email, nfc(first))
    tokens_of(verify(api, email, mailbox.code(email)))
    person = client.Person(api, login(api, email, nfd(first)), email, nfd(first))
    assert person.post("/v1/auth/reauth", {"password": nfd(first)}).status_code == 204
    handle_of(person.post("/v1/me/email", {"email": unique_email(), "password": nfd(first)}))
    assert change(person, nfd(second), nfd(first)).status_code == 204
    tokens_of(login(api, email, nfc(second)))
    assert reset(api, email, asked(api, mailbox, email), nfd(first)).status_code == 204
    person = client.Person(api, login(api, email, nfc(first)), email, nfc(first))
    problem(login(api, email, nfc(first).replace("é", "e")), 401, "invalid_credentials")
    assert person.delete("/v1/me", {"password": nfd(first)}).status_code == 204


def test_length_counts_composed_letters(api, customer):
    assert faults(change(customer, unicodedata.normalize("NFD", "éàüöñçâ"))) == [("/password", "too_short")]


@pytest.mark.req("PWD-1")
def test_length_of_a_new_password(api, customer):
    assert faults(change(customer, "7 chars")) == [("/password", "too_short")]
    assert faults(change(customer, "x" * 201)) == [("/password", "too_long")]
    nul = b'{"current_password":"x","password":"abcd1234\\u0000x"}'
    assert faults(customer.put("/v1/me/password", data=nul)) == [("/password", "bad_format")]  # S9
    problem(customer.put("/v1/me/password", data=b'"' + b"x" * (1 << 20)), 413, "payload_too_large")


@pytest.mark.req("PWD-1")
def test_staff_need_15_characters(new_stack, recorder):
    stack = new_stack("long", workers=2)
    staff = client.Api(stack, recorder).staff()
    staff.password = stack.env["MERX_STAFF_PASSWORD"]
    assert faults(change(staff, "qx-7 Tumbril 9")) == [("/password", "too_short")]
    code = asked(staff.api, stack.mailbox(), staff.user["email"])
    answer = reset(staff.api, staff.user["email"], code, "qx-7 Tumbril 9")
    assert faults(answer) == [("/password", "too_short")]
    assert change(staff, "qx-7 Tumbril 99").status_code == 204


# ---- by the present one


@pytest.mark.req("PWD-6", "JWT-13")
def test_change(api, customer, mailbox):
    other = api.login(customer.email)
    before = len(mailbox.all(customer.email))
    answer = change(customer)
    assert answer.status_code == 204 and not answer.content
    problem(other.get("/v1/me"), 401, "unauthorized")
    refused(api, other.refresh_token)
    assert signed_in(customer) and rotated(api, customer.refresh_token)
    problem(login(api, customer.email), 401, "invalid_credentials")
    tokens_of(login(api, customer.email, NEW))
    notice = mailbox.wait(customer.email, before + 1)
    assert "password" in notice["subject"] and not CODE.search(notice.text)


@pytest.mark.req("RT-6")
def test_sessions_of_before_a_change_do_not_refresh(api, customer):
    other = api.login(customer.email)
    assert change(customer).status_code == 204
    for _ in range(2):
        refused(api, other.refresh_token)


@pytest.mark.req("PWD-6", "AUD-1")
def test_a_change_is_in_the_audit_log(customer, db):
    assert change(customer).status_code == 204
    (row,) = audit_rows(
        db, f"object_id = {account(customer)} AND action = 'account.password_change'")
    assert row["actor"] == row["object"] and row["address"] == "127.0.0.1"


@pytest.mark.req("PWD-6")
def test_a_change_needs_the_present_password(api, customer, guest):
    problem(change(customer, current="wrong password"), 401, "invalid_credentials")
    problem(change(customer, current=NEW), 401, "invalid_credentials")
    problem(guest.put("/v1/me/password", {"current_password": PASSWORD, "password": NEW}), 401,
            "invalid_credentials")
    problem(api.put("/v1/me/password", {"current_password": PASSWORD, "password": NEW}), 401,
            "unauthorized")
    assert faults(customer.put("/v1/me/password", {"password": NEW})) == [
        ("/current_password", "required")]
    tokens_of(login(api, customer.email))


def test_guesses_of_the_present_password_are_counted(api, customer):
    done = [change(customer, current="wrong password").status_code for _ in range(11)]
    assert done == [401] * 10 + [429]
    answer = change(customer)
    problem(answer, 429, "rate_limited")
    assert int(answer.headers["Retry-After"]) >= 1
    tokens_of(login(api, customer.email))


def test_right_passwords_are_not_counted(customer):
    passwords = [customer.password, *[f"a horse of number {i}" for i in range(12)]]
    for current, new in zip(passwords, passwords[1:]):
        assert change(customer, new, current).status_code == 204


def test_a_closed_account_changes_nothing(customer, stack):
    stack.admin().rows(f"UPDATE account SET status = 1 WHERE id = {account(customer)}")
    problem(change(customer), 401, "unauthorized")


@pytest.mark.req("PWD-4")
def test_the_new_password_wins_every_race(new_stack, recorder):
    """100 runs: a sign-in with the old password, which may store a better hash of it, races with the
    change. In either order, the new password counts afterwards and no session of the old."""
    many = client.limits(1000, "login_per_account_ip", "login_per_account")
    api = client.Api(new_stack("races", workers=4, **many), recorder)
    customer = api.sign_up()
    twins = [api.clone() for _ in range(2)]
    current, new = customer.password, NEW
    for run in range(100):
        device = customer.clone()
        answers = at_once(2, lambda i: login(twins[0], customer.email, current) if i == 0
                          else change(device, new, current))
        old, changed = answers
        assert changed.status_code == 204, (run, changed.text)
        assert old.status_code in (200, 401), (run, old.text)
        if old.status_code == 200:
            assert twins[1].get("/v1/me", token=old.json()["access_token"]).status_code == 401
        problem(login(twins[1], customer.email, current), 401, "invalid_credentials")
        tokens_of(login(twins[1], customer.email, new))
        current, new = new, current


@pytest.mark.req("PWD-4")
def test_a_weak_hash_costs_no_right_password_a_refusal(api, customer, stack):
    """Several sign in at once and each wants to store a better hash: one does, all get in."""
    for _ in range(5):
        stack.admin().rows(f"UPDATE account SET password_hash = '{weak_hash(PASSWORD)}'"
                          f" WHERE id = {account(customer)}")
        clients = [api.clone() for _ in range(2)]
        for answer in at_once(2, lambda i: login(clients[i], customer.email)):
            tokens_of(answer)


@pytest.mark.req("INV-14")
def test_changes_at_once(api, customer):
    """Two devices change the password with the same old one: one does, and ends the other."""
    devices = [customer, api.login(customer.email)]
    answers = at_once(2, lambda i: change(devices[i], f"a horse of number {i}"))
    done = [a.status_code for a in answers]
    assert sorted(done) == [204, 401], [a.text for a in answers]
    winner = done.index(204)
    assert signed_in(devices[winner]) and not signed_in(devices[1 - winner])
    tokens_of(login(api, customer.email, f"a horse of number {winner}"))


# ---- by a mailed code


@pytest.mark.req("RST-3", "JWT-13")
def test_reset(api, customer, mailbox):
    other = api.login(customer.email)
    code = asked(api, mailbox, customer.email)
    before = len(mailbox.all(customer.email))
    answer = reset(api, customer.email.upper(), code)
    assert answer.status_code == 204 and not answer.content and "Set-Cookie" not in answer.headers
    for person in (customer, other):
        problem(person.get("/v1/me"), 401, "unauthorized")
        refused(api, person.refresh_token)
    problem(login(api, customer.email), 401, "invalid_credentials")
    tokens_of(login(api, customer.email, NEW))
    assert "password" in mailbox.wait(customer.email, before + 1)["subject"]


@pytest.mark.req("RST-1", "INV-16", "REG-3")
def test_twenty_at_once_use_one_code(api, customer, mailbox):
    code = asked(api, mailbox, customer.email)
    clients = [api.clone() for _ in range(20)]
    answers = at_once(20, lambda i: reset(clients[i], customer.email, code, f"a horse of number {i}"))
    done = [a.status_code for a in answers]
    assert done.count(204) <= 1 and set(done) <= {204, 422, 503}, done
    if 204 not in done:
        assert reset(api, customer.email, code, "a horse of number 0").status_code == 204
        done[0] = 204
    tokens_of(login(api, customer.email, f"a horse of number {done.index(204)}"))
    problem(reset(api, customer.email, code), 422, "code_invalid")


def test_requests_stand_side_by_side(api, customer, mailbox):
    """S2: a newer request, which may be a stranger's, ends no code; a reset ends them all."""
    first = asked(api, mailbox, customer.email)
    mine = api.handles("/v1/auth/password/forgot", customer.email)[-1]
    second = asked(api.elsewhere(), mailbox, customer.email)
    theirs = api.handles("/v1/auth/password/forgot", customer.email)[-1]
    problem(reset(api, customer.email, second, handle=mine), 422, "code_invalid")
    problem(reset(api, customer.email, first, handle=theirs), 422, "code_invalid")
    assert reset(api, customer.email, first, handle=mine).status_code == 204
    problem(reset(api, customer.email, second, handle=theirs), 422, "code_invalid")


def test_requests_at_once_have_codes_of_their_own(api, customer, mailbox):
    """A weak password tells that a code is right, and uses it up no more than a wrong code does."""
    clients = [api.elsewhere(2 + n) for n in range(4)]
    before = len(mailbox.all(customer.email))
    handles = [handle_of(a) for a in at_once(4, lambda i: forgot(clients[i], customer.email))]
    mailbox.wait(customer.email, before + 4)
    codes = [CODE.search(m.text).group() for m in mailbox.all(customer.email)[before:]]
    good = [[reset(api, customer.email, code, "password1", handle).json()["code"] == "validation_failed"
             for code in codes] for handle in handles]
    assert [sum(row) for row in good] == [sum(column) for column in zip(*good)] == [1] * 4


@pytest.mark.req("RST-1")
def test_a_change_ends_a_code(api, customer, mailbox):
    code = asked(api, mailbox, customer.email)
    assert change(customer).status_code == 204
    problem(reset(api, customer.email, code, "a-third-Horse-battery"), 422, "code_invalid")


@pytest.mark.req("RST-1")
def test_a_change_of_address_ends_a_code(api, customer, mailbox):
    code, address = asked(api, mailbox, customer.email), unique_email()
    sent = {"email": address, "password": customer.password}
    assert customer.post("/v1/me/email", sent).status_code == 202
    handle = api.handles("/v1/me/email", customer.token)[-1]
    moved = customer.post("/v1/me/email/verify", {"code": mailbox.code(address), "handle": handle})
    assert moved.status_code == 200
    handle = api.handles("/v1/auth/password/forgot", customer.email)[-1]
    for email in (customer.email, address):
        problem(reset(api, email, code, handle=handle), 422, "code_invalid")


@pytest.mark.req("RST-1")
def test_a_code_expires(api, customer, mailbox, stack):
    code = asked(api, mailbox, customer.email)
    where = f"WHERE purpose = 1 AND holder = '{customer.email}'"
    left = stack.admin().value("SELECT TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(3), expires_at)"
                              f" FROM mailed_code {where}")
    assert 28 <= int(left) <= 30
    stack.admin().rows(f"UPDATE mailed_code SET expires_at = UTC_TIMESTAMP(3) {where}")
    problem(reset(api, customer.email, code), 422, "code_invalid")


@pytest.mark.req("RST-1")
def test_five_wrong_tries_kill_a_code(api, customer, mailbox):
    code = asked(api, mailbox, customer.email)
    for _ in range(4):
        problem(reset(api, customer.email, other_code(code)), 422, "code_invalid")
    assert faults(reset(api, customer.email, code, "password1")) == [("/password", "weak_password")]
    problem(reset(api, customer.email, other_code(code)), 422, "code_invalid")
    problem(reset(api, customer.email, code), 422, "code_invalid")
    tokens_of(login(api, customer.email))


@pytest.mark.req("RST-1")
def test_guesses_at_once_are_counted(api, customer, mailbox):
    code = asked(api, mailbox, customer.email)
    clients = [api.clone() for _ in range(12)]
    for a in at_once(12, lambda i: reset(clients[i], customer.email, other_code(code))):
        assert a.status_code in (422, 429)
    assert reset(api.elsewhere(), customer.email, code).status_code == 422
    tokens_of(login(api, customer.email))


@pytest.mark.req("THR-1")
def test_strangers_keep_nobody_out_of_a_reset(api, customer, mailbox):
    """S3: 50 wrong codes from five client addresses, with handles of their own and with invented ones,
    before and after the owner asks: the owner's code still works."""
    strangers = [api.elsewhere(2 + n) for n in range(5)]
    theirs = [handle_of(forgot(s, customer.email)) for s in strangers]
    mailbox.wait(customer.email, 6)
    code = asked(api, mailbox, customer.email)
    mine = api.handles("/v1/auth/password/forgot", customer.email)[-1]
    for n in range(50):
        handle = theirs[n % 5] if n % 2 else client.unique_key()[:22]
        guessed = reset(strangers[n % 5], customer.email, other_code(code), handle=handle)
        problem(guessed, 422, "code_invalid")
    for stranger, handle in zip(strangers, theirs):
        problem(reset(stranger, customer.email, code, handle=handle), 422, "code_invalid")
    assert reset(api, customer.email, code, handle=mine).status_code == 204
    tokens_of(login(api, customer.email, NEW))


@pytest.mark.req("REG-3")
def test_a_code_is_bound_to_purpose_and_address(api, customer, mailbox):
    code = asked(api, mailbox, customer.email)
    handle = api.handles("/v1/auth/password/forgot", customer.email)[-1]
    for email in (api.sign_up().email, unique_email()):
        problem(reset(api, email, code, handle=handle), 422, "code_invalid")
    problem(verify(api, customer.email, code, handle), 422, "code_invalid")
    problem(customer.post("/v1/me/email/verify", {"code": code, "handle": handle}), 422, "code_invalid")
    assert reset(api, customer.email, code).status_code == 204


@pytest.mark.req("REG-3")
def test_reading_a_mail_uses_no_code(api, customer, mailbox):
    code = asked(api, mailbox, customer.email)
    for path in ("/v1/auth/password/reset", "/v1/auth/verify"):
        problem(api.get(f"{path}?email={customer.email}&code={code}"), 405, "method_not_allowed")
        problem(api.head(f"{path}?code={code}"), 405, "method_not_allowed")
    assert reset(api, customer.email, code).status_code == 204


@pytest.mark.req("RST-1")
def test_codes_are_stored_as_keyed_hashes(api, customer, mailbox, db):
    code = asked(api, mailbox, customer.email)
    handle = api.handles("/v1/auth/password/forgot", customer.email)[-1]
    (row,) = db.rows("SELECT HEX(code_hash) AS hash, HEX(handle_hash) AS handle, name, password_hash"
                     f" FROM mailed_code WHERE purpose = 1 AND holder = '{customer.email}'")
    assert len(row["hash"]) == len(row["handle"]) == 64
    for secret in (code, code.replace("-", ""), handle):
        assert secret.encode().hex().upper() not in row["hash"] + row["handle"]
    assert row["name"] is None and row["password_hash"] is None


@pytest.mark.req("RST-4")
@pytest.mark.parametrize("value", (0, 123456, True, None, [], {}, "", "A" * 129))
def test_codes_and_handles_are_short_texts_before_any_query(api, stack, value):
    mark = f"code-{client.unique_key()}"
    right = {"email": "a@example.com", "code": "00000-00000", "handle": NO_HANDLE}
    for path, sent in (("/v1/auth/password/reset", right | {"password": NEW}), ("/v1/auth/verify", right)):
        for member in ("code", "handle"):
            answer = api.post(path, sent | {member: value}, headers={"X-Request-Id": mark})
            assert [p for p, _ in faults(answer)] == [f"/{member}"]
    client.until(lambda: stack.log().count(mark) >= 4, what="the log")
    lines = [line for line in stack.log().splitlines() if mark in line]
    assert all(re.search(r"trips=0 ", line) for line in lines), lines


@pytest.mark.req("RST-2")
def test_mail_takes_nothing_from_the_request(api, customer, mailbox):
    before = len(mailbox.all(customer.email))
    told = {"X-Forwarded-Host": "evil.test", "Forwarded": "host=evil.test",
            "Origin": "https://evil.test", "Referer": "https://evil.test/"}
    answer = forgot(api, customer.email, headers=told)
    assert answer.status_code == 202
    message = mailbox.wait(customer.email, before + 1)
    assert "evil" not in message.as_string() and "evil" not in message.text


# ---- what a stranger learns


def trips(stack, request_ids):
    """Round trips to the database of each request."""
    def found():
        log = stack.log()
        got = [re.search(rf'^.*req={i} .*trips=(\d+).*$', log, re.M) for i in request_ids]
        return all(got) and [int(g.group(1)) for g in got]
    return client.until(found, what="the log")


@pytest.mark.req("ENU-2")
def test_known_and_unknown_are_asked_alike(api, customer, mailbox, stack):
    closed = api.sign_up()
    stack.admin().rows(f"UPDATE account SET status = 1 WHERE id = {account(closed)}")
    emails = [customer.email, unique_email(), closed.email]
    answers = [forgot(api, e) for e in emails]
    assert len({handle_of(a) for a in answers}) == 3
    heads = [{k: v for k, v in a.headers.items() if k.lower() not in UNLIKE} for a in answers]
    assert heads[0] == heads[1] == heads[2]
    assert len(set(trips(stack, [a.headers["X-Request-Id"] for a in answers]))) == 1
    mailbox.wait(customer.email, 2)
    assert not mailbox.all(emails[1]) and len(mailbox.all(closed.email)) == 1


@pytest.mark.req("ENU-2")
def test_wrong_codes_of_known_and_unknown_are_answered_alike(api, customer, stack):
    nobody = unique_email()
    for email in (customer.email, nobody):
        forgot(api, email)
    far = api.elsewhere(91)  # whose refusals are all in the audit log
    known, unknown = (reset(far, e, "00000-00000") for e in (customer.email, nobody))
    one, two = problem(known, 422, "code_invalid"), problem(unknown, 422, "code_invalid")
    del one["request_id"], two["request_id"]
    assert one == two
    assert len(set(trips(stack, [a.headers["X-Request-Id"] for a in (known, unknown)]))) == 1


@pytest.mark.req("ENU-1")
def test_nothing_is_remembered_of_whom_a_worker_refused(new_stack, recorder):
    """One worker refuses one address after the other: the last one tells nothing of the next."""
    stack = new_stack("refusals", workers=2, slow_workers=1, password_hashes_at_once=1)
    api = client.Api(stack, recorder)
    sent = [api.sign_up().email, unique_email(), api.sign_up().email]
    refused = [problem(api.post("/v1/auth/login", {"email": e, "password": "not the password"}), 401,
                       "invalid_credentials") for e in sent for _ in range(3)]
    assert len(set(trips(stack, [r["request_id"] for r in refused]))) == 1


@pytest.mark.req("ENU-2")
def test_known_and_unknown_take_like_time(api):
    known = itertools.cycle([api.customer().email for _ in range(10)])  # four mails each at most
    take_like_time(lambda: handle_of(forgot(api, next(known))), lambda: handle_of(forgot(api, unique_email())))


@pytest.mark.req("REG-5")
def test_a_broken_mailbox_changes_no_answer(new_stack, recorder):
    stack = new_stack("deaf", workers=2)
    api = client.Api(stack, recorder)
    customer = api.sign_up()
    stack.mailbox().directory.rename(stack.run / "gone")
    for email in (customer.email, unique_email()):
        assert forgot(api, email).status_code == 202
        assert register(api, email).status_code == 202
    assert change(customer).status_code == 204
    (stack.run / "gone").rename(stack.mailbox().directory)
    stack.mailbox().wait(customer.email, 4)


def test_spent_mail_ends_no_code(api, customer, mailbox):
    """One bucket for all acts: the code of signing up counts, too."""
    handles = [handle_of(forgot(api, customer.email)) for _ in range(8)]
    code = mailbox.code(customer.email, 4)
    assert len(mailbox.all(customer.email)) == 4
    problem(reset(api, customer.email, code, handle=handles[-1]), 422, "code_invalid")
    assert reset(api, customer.email, code, handle=handles[2]).status_code == 204


def test_a_stranger_cannot_use_up_the_owners_mail(api, customer, mailbox):
    """S2"""
    for _ in range(12):
        handle_of(forgot(api.elsewhere(), customer.email))
    mailbox.wait(customer.email, 5)
    handle_of(forgot(api, customer.email))
    code = mailbox.code(customer.email, 6)
    assert reset(api, customer.email, code).status_code == 204


@pytest.mark.parametrize("span, most", (("hour", 3), ("day", 2)))
def test_mail_to_an_address_is_limited_whoever_asks_for_whatever(new_stack, recorder, span, most):
    """S4: one bucket for all acts and clients. Mail that is not sent is answered alike, also the codes that
    nobody has."""
    stack = new_stack(f"mail-{span}", workers=2, **{f"rate_mail_per_address_{span}": most})
    api, email = client.Api(stack, recorder), unique_email()
    other = api.sign_up()
    asking = (lambda a: register(a, email), lambda a: forgot(a, email),
              lambda a: other.post("/v1/me/email", {"email": email, "password": PASSWORD}))
    answers = [asking[n % 3](api.elsewhere(2 + n)) for n in range(7)]
    handles = [handle_of(a) for a in answers]
    assert len(set(handles)) == 7
    client.until(lambda: not stack.db().rows("SELECT 1 FROM mail WHERE state = 0"), what="all mail")
    assert len(stack.mailbox().all(email)) == most - 1  # a password of no account is mailed to nobody
    for handle in handles:
        problem(verify(api, email, "00000-00000", handle), 422, "code_invalid")


def test_what_is_no_address(api):
    for email in ("mıke@example.com", "a@example.com\r\nBcc: e@example.com", "mike", ""):
        for answer in (forgot(api, email), reset(api, email, "00000-00000", handle=NO_HANDLE)):
            assert [p for p, _ in faults(answer)] == ["/email"]


def test_a_stale_token_does_not_keep_from_a_reset(api, customer, mailbox):
    customer.post("/v1/auth/logout")
    code = asked(api, mailbox, customer.email)
    assert reset(api, customer.email, code, token=customer.token).status_code == 204


def test_a_reset_proves_the_address(new_stack, recorder):
    stack = new_stack("unproved-reset", verify_email="off", workers=2)
    api, email = client.Api(stack, recorder), unique_email()
    assert tokens_of(register(api, email), 201)["user"]["email_verified"] is False
    assert reset(api, email, asked(api, stack.mailbox(), email)).status_code == 204
    assert tokens_of(login(api, email, NEW))["user"]["email_verified"] is True


@pytest.mark.req("REG-4")
def test_who_claimed_an_address_keeps_no_way_in(new_stack, recorder):
    stack = new_stack("claimed", verify_email="off", workers=2)
    api, email = client.Api(stack, recorder), unique_email()
    squatter = client.Person(api, register(api, email), email, PASSWORD)
    device = registered(squatter, stack)
    enrol(stack, squatter)
    assert by_passkey(api, device).id == squatter.id
    stack.mailbox().wait(email, 2)
    assert reset(api, email, asked(api, stack.mailbox(), email)).status_code == 204
    made = device.get(api.post("/v1/auth/passkey/options").json())
    problem(api.post("/v1/auth/passkey", {"credential": made}), 401, "invalid_credentials")
    owner = client.Person(api, login(api, email, NEW), email, NEW)
    device = registered(owner, stack)
    stack.mailbox().wait(email, 5)
    assert reset(api, email, asked(api, stack.mailbox(), email), NEW + "0").status_code == 204
    assert by_passkey(api, device).id == owner.id


def test_mail_speaks_the_owners_language(api, customer, mailbox):
    customer.patch("/v1/me", {"locale": "de-CH"})
    before = len(mailbox.all(customer.email))
    forgot(api, customer.email)
    assert mailbox.wait(customer.email, before + 1)["Content-Language"] == "de"


# ---- a known device


@pytest.mark.req("THR-1")
def test_a_known_device_signs_in_although_strangers_exhaust_the_account(new_stack, recorder):
    """Its refresh token, spent and of a session that has ended, sets it apart; it lets nobody in."""
    stack = new_stack("known", rate_login_per_account_burst=6, rate_login_per_account_ip_burst=4, workers=2)
    api = client.Api(stack, recorder)
    customer = api.sign_up()
    sent = {"email": customer.email, "password": PASSWORD}
    spent = customer.refresh_token
    kept = rotated(api, spent)["refresh_token"]
    assert customer.post("/v1/auth/logout").status_code == 204
    for n in range(2, 5):
        for _ in range(4):
            login(api.elsewhere(n), customer.email, "wrong password")
    problem(login(api, customer.email), 429, "rate_limited")
    for token in (spent, kept):
        tokens_of(api.post("/v1/auth/login", sent | {"refresh_token": token}))
    wrong = sent | {"password": "wrong password", "refresh_token": kept}
    done = [api.post("/v1/auth/login", wrong).status_code for _ in range(5)]
    assert done == [401] * 4 + [429]
    other = api.sign_up()
    for token in (other.refresh_token, kept[:-2] + "AA", "x"):
        problem(api.post("/v1/auth/login", sent | {"refresh_token": token}), 429, "rate_limited")


@pytest.mark.req("THR-1")
def test_one_devices_guesses_are_its_own(api, customer):
    """A lost device has ten tries like everybody; those of another are not touched."""
    lost = api.login(customer.email)
    wrong = {"email": customer.email, "password": "wrong password"}
    done = [api.post("/v1/auth/login", wrong | {"refresh_token": lost.refresh_token}).status_code
            for _ in range(11)]
    assert done == [401] * 10 + [429]
    right = {"email": customer.email, "password": PASSWORD}
    tokens_of(api.post("/v1/auth/login", right | {"refresh_token": customer.refresh_token}))


@pytest.mark.req("THR-1")
def test_many_old_sessions_give_no_more_guesses(new_stack, recorder):
    """Sign-ins with the password before its change give no more guesses after it."""
    stack = new_stack("often", rate_login_per_account_burst=6, rate_login_per_account_ip_burst=4, workers=2)
    api = client.Api(stack, recorder)
    customer = api.sign_up()
    kept = [api.login(customer.email).refresh_token for _ in range(4)]
    assert change(customer).status_code == 204
    sent = {"email": customer.email, "password": PASSWORD}
    got = [api.post("/v1/auth/login", sent | {"refresh_token": token}).status_code
           for token in kept for _ in range(4)]
    assert 6 <= got.count(401) <= 7 and got.count(401) + got.count(429) == 16
    tokens_of(login(api, customer.email, NEW))


@pytest.mark.req("ENU-3")
def test_not_verified_is_told_to_nobody(api, mailbox):
    """Before the proof there is no account: right and wrong passwords are answered alike."""
    email = unique_email()
    register(api, email)
    mailbox.wait(email)
    answers = [problem(login(api, email, p), 401, "invalid_credentials") for p in (PASSWORD, NEW)]
    for body in answers:
        del body["request_id"]
    assert answers[0] == answers[1]
