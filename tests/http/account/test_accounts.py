"""Registration, proof of the address, sign-in, profile."""
import itertools
import re

import pytest

import client
import sealed
from accounts import login, other_code, register, take_like_time, tokens_of, verify, weak_hash
from client import CODE, PASSWORD, UNLIKE, at_once, faults, handle_of, problem, unique_email


# ---- guests


def test_guest(api):
    tokens = tokens_of(api.post("/v1/auth/guest"), 201)
    user = tokens["user"]
    assert user["email"] is None and user["email_verified"] is False and user["roles"] == []
    assert api.get("/v1/me", token=tokens["access_token"]).json() == user


GERMAN = {"Accept-Language": "fr;q=0.4, de-AT, en;q=0.5"}


def test_a_new_account_speaks_the_language_of_its_request(api, mailbox):
    """A guest's, and that of who registers without having been a guest."""
    guest = api.post("/v1/auth/guest", headers=GERMAN)
    assert guest.json()["user"]["locale"] == "de"
    assert api.post("/v1/auth/guest").json()["user"]["locale"] == "en"
    assert api.post("/v1/auth/guest", {"locale": "fr"}, headers=GERMAN).json()["user"]["locale"] == "fr"
    email = unique_email()
    sent = {"email": email, "password": PASSWORD, "name": "Ada"}
    handle = handle_of(api.post("/v1/auth/register", sent, headers=GERMAN))
    made = api.verify(email, mailbox.code(email), handle, headers=GERMAN).json()
    assert made["user"]["locale"] == "de"
    before = len(mailbox.all(email))
    assert api.post("/v1/auth/password/forgot", {"email": email}).status_code == 202
    assert mailbox.wait(email, before + 1)["Content-Language"] == "de"


def test_who_was_a_guest_keeps_the_language(api, mailbox):
    guest = client.Person(api, api.post("/v1/auth/guest", headers=GERMAN))
    email = unique_email()
    handle = handle_of(guest.post("/v1/auth/register", {"email": email, "password": PASSWORD, "name": "Ada"}))
    assert api.verify(email, mailbox.code(email), handle).json()["user"]["locale"] == "de"


def test_guest_may_name_a_language(api):
    assert api.post("/v1/auth/guest", {"locale": "de-AT"}).json()["user"]["locale"] == "de-AT"
    assert faults(api.post("/v1/auth/guest", {"locale": "!"}))[0][0] == "/locale"


# ---- registering


def test_register_verify_login(api, mailbox, db):
    email = unique_email()
    handle_of(register(api, email))
    assert db.value(f"SELECT COUNT(*) FROM account WHERE email_key = '{email}'") == "0"
    problem(login(api, email), 401, "invalid_credentials")
    tokens = tokens_of(verify(api, email, mailbox.code(email)))
    user = tokens["user"]
    assert user["email"] == email and user["email_verified"] is True
    assert user["name"] == "Ada Lovelace" and user["mfa_enabled"] is False
    assert tokens_of(login(api, email))["user"] == user


def test_a_code_works_once(api, mailbox):
    email = unique_email()
    register(api, email)
    code = mailbox.code(email)
    tokens_of(verify(api, email, code))
    problem(verify(api, email, code), 422, "code_invalid")


def test_twenty_at_once_verify_one_code(api, mailbox, db):
    email = unique_email()
    register(api, email)
    code = mailbox.code(email)
    clients = [api.clone() for _ in range(20)]
    answers = at_once(20, lambda i: verify(clients[i], email, code))
    assert sorted(a.status_code for a in answers) == [200] + [422] * 19
    assert db.value(f"SELECT COUNT(*) FROM account WHERE email_key = '{email}'") == "1"


def test_five_wrong_tries_kill_the_code(api, mailbox):
    email = unique_email()
    register(api, email)
    code = mailbox.code(email)
    for _ in range(5):
        problem(verify(api, email, other_code(code)), 422, "code_invalid")
    problem(verify(api, email, code), 422, "code_invalid")


def test_the_fifth_try_still_counts(api, mailbox):
    email = unique_email()
    register(api, email)
    code = mailbox.code(email)
    for _ in range(4):
        problem(verify(api, email, other_code(code)), 422, "code_invalid")
    tokens_of(verify(api, email, code))


def test_parallel_guesses_are_counted(api, mailbox):
    email = unique_email()
    register(api, email)
    code = mailbox.code(email)
    clients = [api.clone() for _ in range(12)]
    for a in at_once(12, lambda i: verify(clients[i], email, other_code(code))):
        problem(a, 422, "code_invalid")
    problem(verify(api, email, code), 422, "code_invalid")


def test_a_code_is_bound_to_its_address(api, mailbox):
    one, two = unique_email(), unique_email()
    register(api, one)
    register(api, two)
    codes = mailbox.code(one), mailbox.code(two)
    handles = [api.handles("/v1/auth/register", email)[0] for email in (one, two)]
    problem(verify(api, one, codes[1]), 422, "code_invalid")
    problem(verify(api, one, codes[1], handles[1]), 422, "code_invalid")
    problem(verify(api, two, codes[1], handles[0]), 422, "code_invalid")
    problem(verify(api, unique_email(), codes[0], handles[0]), 422, "code_invalid")
    tokens_of(verify(api, one, codes[0]))


def test_a_code_expires(api, mailbox, stack):
    email = unique_email()
    register(api, email)
    code = mailbox.code(email)
    stack.admin().rows(
        f"UPDATE mailed_code SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND"
        f" WHERE email_key = '{email}'"
    )
    problem(verify(api, email, code), 422, "code_invalid")


def sign_ups(api, mailbox, email, n):
    """n people with passwords of their own sign up with one address; handle and code of each."""
    made = []
    for i in range(n):
        handle = handle_of(register(api, email, f"the password of number {i}"))
        made.append((handle, mailbox.code(email, i + 1)))
    return made


def pending(db, email):
    return int(db.value(f"SELECT COUNT(*) FROM mailed_code WHERE email_key = '{email}'"
                        " AND expires_at > UTC_TIMESTAMP(3)"))


@pytest.mark.parametrize("which", range(3))
def test_a_code_confirms_the_sign_up_that_it_was_mailed_for(api, mailbox, db, which):
    email = unique_email()
    made = sign_ups(api, mailbox, email, 3)
    handle, code = made[which]
    tokens_of(verify(api, email, code, handle))
    for i, (handle, code) in enumerate(made):
        done = login(api, email, f"the password of number {i}").status_code
        assert done == (200 if i == which else 401)
        problem(verify(api, email, code, handle), 422, "code_invalid")
    assert pending(db, email) == 0


def test_strangers_cannot_take_over_a_sign_up(api, mailbox):
    """S2, REG-4: strangers register the address three times after its owner. The owner's code works
    with the owner's handle, theirs do not, and the account has the owner's password and name."""
    email, stranger = unique_email(), "a-stranger's-Passw0rt"
    mine = handle_of(register(api, email))
    code = mailbox.code(email)
    theirs = []
    for n in range(3):
        handle = handle_of(register(api.elsewhere(2 + n), email, stranger, "A Stranger"))
        theirs.append((handle, mailbox.code(email, n + 2)))
    for handle, newer in theirs:
        problem(verify(api, email, newer, mine), 422, "code_invalid")
        problem(verify(api.elsewhere(), email, code, handle), 422, "code_invalid")
    user = tokens_of(verify(api, email, code, mine))["user"]
    assert (user["name"], user["email"]) == ("Ada Lovelace", email)
    tokens_of(login(api, email))
    problem(login(api, email, stranger), 401, "invalid_credentials")
    for handle, newer in theirs:
        problem(verify(api.elsewhere(), email, newer, handle), 422, "code_invalid")


def test_no_sign_up_ends_another(api, mailbox, db):
    """S2: nothing is trimmed, so that strangers cannot push the owner's out."""
    email = unique_email()
    handle, code = sign_ups(api.elsewhere(2), mailbox, email, 1)[0]
    for n in range(6):
        handle_of(register(api.elsewhere(3 + n), email, "a-stranger's-Passw0rt"))
    assert pending(db, email) == 7
    tokens_of(verify(api, email, code, handle))
    tokens_of(login(api, email, "the password of number 0"))


def test_wrong_tries_are_those_of_one_sign_up(api, mailbox):
    """S3"""
    email = unique_email()
    (mine, code), (theirs, other) = sign_ups(api, mailbox, email, 2)
    for _ in range(5):
        problem(verify(api, email, other_code(other), theirs), 422, "code_invalid")
    problem(verify(api, email, other, theirs), 422, "code_invalid")
    tokens_of(verify(api, email, code, mine))


@pytest.mark.parametrize("typed", (
    str.lower, lambda c: c.replace("-", ""), lambda c: c.replace("-", " "),
    lambda c: "".join(f"{x} " for x in c.lower()).strip(),
    lambda c: c.replace("1", "l").replace("0", "o"), lambda c: c.replace("1", "I").replace("0", "O"),
))
def test_a_code_may_be_typed_as_people_do(api, mailbox, typed):
    email = unique_email()
    register(api, email)
    tokens_of(verify(api, email, typed(mailbox.code(email))))


def test_sign_ups_at_once(api, mailbox, db):
    """Each has a code of its own; a refused one says nothing. R-14."""
    email = unique_email()
    clients = [api.elsewhere(2 + n) for n in range(8)]
    answers = at_once(8, lambda i: register(clients[i], email, f"the password of number {i}"))
    done = [a.status_code for a in answers]
    assert set(done) <= {202, 503} and 202 in done, done
    mailbox.wait(email, done.count(202))
    codes = db.value(f"SELECT COUNT(DISTINCT code_hash) FROM mailed_code WHERE email_key = '{email}'")
    assert int(codes) == pending(db, email) == done.count(202)


def test_spent_mail_ends_no_code(api, mailbox, db):
    """A code asked for beyond the share of mail is answered alike, has a handle that nobody's code
    fits, and leaves earlier codes good."""
    email = unique_email()
    made = sign_ups(api, mailbox, email, 4)
    for _ in range(3):
        late = handle_of(register(api, email, "of somebody who comes too late"))
    assert len(mailbox.all(email)) == 4 and pending(db, email) == 4
    problem(verify(api, email, made[-1][1], late), 422, "code_invalid")
    tokens_of(verify(api, email, *reversed(made[-1])))
    tokens_of(login(api, email, "the password of number 3"))


def test_strangers_cannot_use_up_the_owners_mail(api, mailbox):
    """S2: three strangers ask for all the mail that they get; the owner's comes still, and only the
    owner's own code fits the owner's handle."""
    email = unique_email()
    for n in range(3):
        for _ in range(12):
            theirs = handle_of(register(api.elsewhere(2 + n), email, "a-stranger's-Passw0rt"))
    mailbox.wait(email, 12)
    for path in ("register", "password/forgot"):
        sent = {"email": email, "password": "a-stranger's-Passw0rt", "name": "A"}
        handle_of(api.elsewhere(2).post(f"/v1/auth/{path}", sent if path == "register"
                                        else {"email": email}))
    mine = handle_of(register(api, email))
    code = mailbox.code(email, 13)
    problem(verify(api, email, code, theirs), 422, "code_invalid")
    assert tokens_of(verify(api, email, code, mine))["user"]["name"] == "Ada Lovelace"
    assert len(mailbox.all(email)) == 13
    tokens_of(login(api, email))


@pytest.mark.req("PWD-3")
def test_codes_are_not_stored(api, mailbox, db):
    email = unique_email()
    register(api, email)
    code = mailbox.code(email)
    dump = "CONCAT(HEX(code_hash), password_hash)"
    row = db.value(f"SELECT {dump} FROM mailed_code WHERE email_key = '{email}'")
    assert code.encode().hex().upper() not in row and "$argon2id$v=19$m=19456,t=2,p=1$" in row
    sent = client.until(
        lambda: [m for m in sealed.mails(api.stack, email) if m["state"] == "1"],
        what="the mail to be marked as sent",
    )
    assert [m["sealed"] for m in sent] == [None]


@pytest.mark.req("REG-1")
def test_a_taken_address_answers_alike_and_its_owner_is_told(api, customer, mailbox):
    taken = register(api, customer.email, password="quite another one")
    fresh = register(api, unique_email(), password="quite another one")
    assert handle_of(taken) != handle_of(fresh)
    assert {k: v for k, v in taken.headers.items() if k.lower() not in UNLIKE} == {
        k: v for k, v in fresh.headers.items() if k.lower() not in UNLIKE
    }
    notice = mailbox.wait(customer.email, n=1)
    assert not CODE.search(notice.text)
    problem(login(api, customer.email, "quite another one"), 401, "invalid_credentials")
    tokens_of(login(api, customer.email))


@pytest.mark.req("REG-1")
def test_taken_and_new_take_like_time(api, customer):
    take_like_time(lambda: handle_of(register(api, customer.email)),
                   lambda: handle_of(register(api, unique_email())))


@pytest.mark.req("REG-2")
@pytest.mark.parametrize("change", (str.upper, str.title, lambda e: e.replace("e", "E")))
def test_spellings_of_one_mailbox_are_one_account(api, customer, mailbox, db, change):
    twin = change(customer.email)
    assert tokens_of(login(api, twin))["user"]["id"] == customer.id
    before = len(mailbox.all(customer.email))
    assert register(api, twin).status_code == 202
    mailbox.wait(customer.email, before + 1)
    assert twin == customer.email or not mailbox.all(twin)
    assert db.value(f"SELECT COUNT(*) FROM account WHERE email_key = '{customer.email}'") == "1"


def test_mail_goes_to_the_stored_spelling(api, mailbox):
    email = unique_email().capitalize().replace("example", "Example")
    register(api, email)
    tokens = tokens_of(verify(api, email.upper(), mailbox.code(email)))
    assert tokens["user"]["email"] == email


@pytest.mark.parametrize(
    "email",
    (
        "mıke@example.com", "mîke@example.com", "mike@exaｍple.com",
        "a@example.com\r\nBcc: e@example.com", "a b@example.com",
        "mike", "mike@", "@example.com", "mike@example", '"a b"@example.com', "a@b@example.com",
        "a@example.com,b@example.com", "<a@example.com>", "a" * 250 + "@example.com",
    ),
)
def test_what_is_no_address(api, email):
    for answer in (register(api, email), login(api, email), verify(api, email, "00000-00000")):
        assert [pointer for pointer, _ in faults(answer)] == ["/email"]


def test_a_nul_in_the_address(api):
    body = b'{"email":"a\\u0000@example.com","password":"correct-Horse-9","name":"A"}'
    problem(api.post("/v1/auth/register", data=body), 400, "malformed_json")


def test_all_faults_at_once(api):
    answer = api.post("/v1/auth/register", {"email": "x", "password": "short", "age": 7})
    assert [p for p, _ in faults(answer)] == ["/age", "/email", "/name", "/password"]


@pytest.mark.parametrize("extra", ("role", "roles", "email_verified", "id", "kind", "Email"))
@pytest.mark.req("AZ-5")
def test_nothing_else_is_accepted(api, extra):
    sent = {"email": unique_email(), "password": PASSWORD, "name": "Ada", extra: "owner"}
    assert faults(api.post("/v1/auth/register", sent)) == [(f"/{extra}", "unknown_member")]


def test_no_line_end_in_a_name(api):
    answer = register(api, unique_email(), name="Ada\r\nBcc: e@example.com")
    assert faults(answer) == [("/name", "bad_format")]


@pytest.mark.parametrize("name, code", ((" ", "too_short"), ("\u3000\u00a0", "too_short"),
                                        ("Ada \u202egnik", "bad_format"), ("\u2066\u2069", "too_short")))
def test_a_name_can_be_seen_and_changes_no_other(api, customer, name, code):
    assert faults(register(api, unique_email(), name=name)) == [("/name", code)]
    assert faults(customer.patch("/v1/me", {"name": name})) == [("/name", code)]


def test_blanks_at_the_ends_are_no_part_of_an_address(api, mailbox):
    email = unique_email()
    handle = handle_of(register(api, f" {email} "))
    assert tokens_of(verify(api, email, mailbox.code(email), handle))["user"]["email"] == email


# ---- passwords


@pytest.mark.parametrize("password", ("password1", "Password1", "12345678", "qwertyuiop"))
def test_common_passwords(api, password):
    assert faults(register(api, unique_email(), password)) == [("/password", "weak_password")]


def test_passwords_made_from_the_address(api):
    email = unique_email()
    for password in (email, email.upper(), email.split("@")[0], email.split("@")[0] + "1"):
        assert faults(register(api, email, password)) == [("/password", "weak_password")]


def test_length_of_passwords(api):
    assert faults(register(api, unique_email(), "7 chars")) == [("/password", "too_short")]
    assert faults(register(api, unique_email(), "x" * 201)) == [("/password", "too_long")]


def test_no_character_of_a_password_is_lost(api, mailbox):
    email, password = unique_email(), " " + "é" * 62 + " "
    register(api, email, password)
    tokens_of(verify(api, email, mailbox.code(email)))
    tokens_of(login(api, email, password))
    for wrong in (password.strip(), password[:-1], password + " ", password.replace("é", "e")):
        problem(login(api, email, wrong), 401, "invalid_credentials")


def test_hashes_are_salted(api, db):
    emails = [unique_email() for _ in range(2)]
    for email in emails:
        register(api, email)
    hashes = {
        db.value(f"SELECT password_hash FROM mailed_code WHERE email_key = '{email}'")
        for email in emails
    }
    assert len(hashes) == 2


def test_a_weaker_hash_is_replaced_at_sign_in(api, customer, stack, db):
    account = customer.id.replace("-", "")
    weak = weak_hash(PASSWORD)
    assert weak.startswith("$argon2id$v=19$m=8192,t=1,p=1$")
    stack.admin().rows(f"UPDATE account SET password_hash = '{weak}' WHERE id = UNHEX('{account}')")
    stored = f"SELECT password_hash FROM account WHERE id = UNHEX('{account}')"
    problem(login(api, customer.email, "not " + PASSWORD), 401, "invalid_credentials")
    assert db.value(stored) == weak
    tokens_of(login(api, customer.email))
    assert db.value(stored).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    tokens_of(login(api, customer.email))


# ---- guests who register


def test_a_guest_keeps_account_and_addresses(api, guest, mailbox):
    kept = guest.post("/v1/me/addresses", client.ADDRESS).json()
    email = unique_email()
    register(api, email, token=guest.token)
    tokens = tokens_of(verify(api, email, mailbox.code(email)))
    assert tokens["user"]["id"] == guest.id
    mine = api.get("/v1/me/addresses", token=tokens["access_token"]).json()["data"]
    assert mine == [kept]


def test_a_guests_tokens_end_with_the_guest(api, guest, mailbox):
    email = unique_email()
    register(api, email, token=guest.token)
    assert guest.get("/v1/me").status_code == 200
    tokens_of(verify(api, email, mailbox.code(email)))
    problem(guest.get("/v1/me"), 401, "unauthorized")
    sent = {"refresh_token": guest.refresh_token}
    problem(api.post("/v1/auth/refresh", sent), 401, "invalid_refresh_token")


def test_two_registrations_of_one_guest_make_two_accounts(api, guest, mailbox):
    emails = [unique_email() for _ in range(2)]
    for email in emails:
        register(api, email, token=guest.token)
    ids = [tokens_of(verify(api, e, mailbox.code(e)))["user"]["id"] for e in emails]
    assert ids[0] == guest.id and ids[1] != guest.id


def test_a_customer_who_registers_again_is_somebody_new(api, customer, mailbox):
    email = unique_email()
    register(api, email, token=customer.token)
    assert tokens_of(verify(api, email, mailbox.code(email)))["user"]["id"] != customer.id
    assert customer.get("/v1/me").status_code == 200


def test_mail_speaks_the_guests_language(api, mailbox):
    guest = client.Person(api, api.post("/v1/auth/guest", {"locale": "de"}))
    email = unique_email()
    register(api, email, token=guest.token)
    message = mailbox.wait(email)
    assert message["Content-Language"] == "de" and "Code: " in message.text


def test_mail_speaks_the_language_that_the_client_accepts(api, mailbox):
    for accepts, language in (("fr, de-AT;q=0.9, en;q=0.8", "de"), ("fr", "en"), ("de" * 3000, "en")):
        email = unique_email()
        sent = {"email": email, "password": PASSWORD, "name": "Ada"}
        answer = api.post("/v1/auth/register", sent, headers={"Accept-Language": accepts})
        assert answer.status_code == 202
        assert mailbox.wait(email)["Content-Language"] == language


def test_a_mail_is_well_formed(api, mailbox):
    email = unique_email()
    register(api, email)
    message = mailbox.wait(email)
    assert re.search(rf"^Code: {CODE.pattern}$", message.text, re.M)
    assert str(message["To"]) == email and message["Date"].datetime and message["Message-ID"]
    assert message.get_content_type() == "multipart/alternative" and not message.defects
    plain, page = message.iter_parts()
    assert [plain.get_content_type(), page.get_content_type()] == ["text/plain", "text/html"]
    for part in (plain, page):
        assert part.get_content_charset() == "utf-8" and not part.defects
        assert mailbox.code(email) in part.get_content()
    assert [p for p in mailbox.directory.iterdir() if p.name.startswith(".")] == []


# ---- without proof of the address


@pytest.fixture(scope="module")
def unproved(module_stack, recorder):
    return client.Api(module_stack("unproved", verify_email="off", workers=2), recorder)


def test_register_without_proof(unproved):
    email = unique_email()
    tokens = tokens_of(register(unproved, email), 201)
    assert tokens["user"]["email_verified"] is False
    tokens_of(login(unproved, email))
    problem(register(unproved, email.upper()), 409, "email_taken")


def test_a_guest_registers_without_proof(unproved):
    guest = unproved.guest()
    email = unique_email()
    tokens = tokens_of(register(unproved, email, token=guest.token), 201)
    assert tokens["user"]["id"] == guest.id
    problem(guest.get("/v1/me"), 401, "unauthorized")


def test_one_of_many_gets_the_address(unproved):
    email = unique_email()
    clients = [unproved.clone() for _ in range(6)]
    answers = at_once(6, lambda i: register(clients[i], email))
    done = [a.status_code for a in answers]
    assert done.count(201) == 1 and set(done) <= {201, 409, 503}


# ---- signing in


@pytest.mark.req("ENU-1")
def test_wrong_and_unknown_are_alike(api, customer):
    wrong = problem(login(api, customer.email, "wrong password"), 401, "invalid_credentials")
    unknown = problem(login(api, unique_email(), "wrong password"), 401, "invalid_credentials")
    del wrong["request_id"], unknown["request_id"]
    assert wrong == unknown


def test_wrong_and_unknown_take_like_time(api):
    known = itertools.cycle([api.customer().email for _ in range(5)])  # eight tries each at most
    take_like_time(lambda: problem(login(api, next(known), "wrong password"), 401, "invalid_credentials"),
                   lambda: problem(login(api, unique_email(), "wrong password"), 401, "invalid_credentials"))


def test_401_names_the_scheme(api, customer):
    answer = login(api, customer.email, "wrong password")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_wrong_own_password_is_told_from_a_token_that_is_no_good(customer):
    """An app gets a new token for the one and asks for the password again at the other."""
    for method, path, sent in (("DELETE", "/v1/me", {"password": "wrong password"}),
                               ("POST", "/v1/me/email", {"email": unique_email(), "password": "wrong password"}),
                               ("PUT", "/v1/me/password", {"current_password": "wrong password", "password": PASSWORD})):
        answer = customer.send(method, path, json=sent)
        problem(answer, 401, "invalid_credentials")
        assert answer.headers["WWW-Authenticate"] == "Bearer", path
    assert customer.post("/v1/auth/logout").status_code == 204
    answer = customer.get("/v1/me")
    problem(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def refused(answer, limit):
    """The answer is a 429 that tells of that limit and of when to come back."""
    problem(answer, 429, "rate_limited")
    told = {n: int(answer.headers[f"RateLimit-{n}"]) for n in ("Limit", "Remaining", "Reset")}
    assert told["Limit"] == limit and told["Remaining"] == 0
    assert int(answer.headers["Retry-After"]) == told["Reset"] >= 1


def guess(api, email, n, **how):
    """Status of each of n wrong passwords, one after the other."""
    return [login(api, email, "wrong password", **how).status_code for _ in range(n)]


@pytest.mark.req("THR-1")
def test_wrong_passwords_are_throttled(api, customer):
    first = login(api, customer.email, "wrong password")
    problem(first, 401, "invalid_credentials")
    assert int(first.headers["RateLimit-Remaining"]) > 10
    assert guess(api, customer.email, 9) == [401] * 9
    refused(login(api, customer.email, "wrong password"), 10)
    refused(login(api, customer.email.upper(), "wrong password"), 10)
    refused(login(api, customer.email), 10)


@pytest.mark.req("THR-1")
def test_a_stranger_cannot_lock_an_account(api, customer):
    """THR-1: wrong passwords from elsewhere keep out neither another address nor, at the same one,
    somebody who is signed in already."""
    assert guess(api, customer.email, 12) == [401] * 10 + [429] * 2
    tokens_of(login(api.elsewhere(), customer.email))
    tokens_of(login(api, customer.email, token=customer.token))


def test_a_token_helps_with_its_own_account_alone(api, customer, guest):
    other = api.customer()
    assert guess(api, customer.email, 10) == [401] * 10
    for token in (other.token, guest.token):
        refused(login(api, customer.email, token=token), 10)
    problem(login(api, customer.email, token="no.such.token"), 401, "unauthorized")


def test_the_owner_has_ten_tries_too(api, customer):
    assert guess(api, customer.email, 11, token=customer.token) == [401] * 10 + [429]
    tokens_of(login(api, customer.email))


def test_wrong_passwords_from_everywhere_add_up(new_stack, recorder):
    """THR-1: a hundred addresses have not a hundred times as many tries."""
    stack = new_stack("everywhere", rate_login_per_account_burst=6, rate_login_per_account_ip_burst=4, workers=2)
    api = client.Api(stack, recorder)
    customer = api.customer()
    assert guess(api.elsewhere(2), customer.email, 5) == [401] * 4 + [429]
    assert guess(api.elsewhere(3), customer.email, 3) == [401] * 2 + [429]
    refused(login(api.elsewhere(4), customer.email), 6)
    tokens_of(login(api, customer.email, token=customer.token))


@pytest.mark.req("THR-2")
def test_all_accounts_and_addresses_add_up(new_stack, recorder):
    """Stuffing: one try an account, each from another address. The holder of a token still enters."""
    stack = new_stack("stuffing", rate_login_global_burst=4, rate_login_global_per_min=1, workers=2)
    api = client.Api(stack, recorder)
    customer = api.customer()
    tried = [login(api.elsewhere(2 + i), unique_email(), "wrong password") for i in range(5)]
    assert [a.status_code for a in tried] == [401] * 4 + [429]
    refused(tried[-1], 4)
    refused(login(api.elsewhere(), customer.email), 4)
    tokens_of(login(api, customer.email, token=customer.token))


@pytest.mark.req("THR-2")
def test_an_address_has_a_limit_of_guesses(new_stack, recorder):
    """Over all accounts, so that few addresses do not use up what everybody has. A right password does
    not count, and elsewhere the limit is not felt."""
    stack = new_stack("guessing", rate_guess_per_ip_burst=4, rate_guess_per_ip_per_min=1, workers=2)
    api = client.Api(stack, recorder)
    customer = api.customer()
    far = api.elsewhere(66)
    for _ in range(6):
        tokens_of(login(far, customer.email))
    tried = [login(far, unique_email(), "wrong password") for _ in range(5)]
    assert [a.status_code for a in tried] == [401] * 4 + [429]
    refused(tried[-1], 4)
    tokens_of(login(api, customer.email))
    tokens_of(login(far, customer.email, token=customer.token))


@pytest.mark.req("THR-2")
def test_an_address_has_a_limit_of_passwords(new_stack, recorder):
    """THR-2: sign-ins, sign-ups and codes of one address, and not its guests and refreshes."""
    stack = new_stack("few", rate_credential_per_ip_burst=3, rate_credential_per_ip_per_min=1, workers=2)
    api = client.Api(stack, recorder)
    guest = api.guest()
    answers = [login(api, unique_email()), register(api, unique_email()),
               verify(api, unique_email(), "00000-00000")]
    assert [a.status_code for a in answers] == [401, 202, 422]
    assert [a.headers["RateLimit-Remaining"] for a in answers] == ["2", "1", "0"]
    for answer in (login(api, unique_email()), register(api, unique_email()),
                   verify(api, unique_email(), "00000-00000")):
        refused(answer, 3)
    other = api.post("/v1/auth/refresh", {"refresh_token": guest.refresh_token})
    assert tokens_of(other) and other.headers["RateLimit-Limit"] == "5000"
    problem(login(api.elsewhere(), unique_email()), 401, "invalid_credentials")


def test_an_address_has_a_limit_of_guests(new_stack, recorder):
    """S7: each leaves an account behind. Other addresses, and refreshes, go on."""
    stack = new_stack("guests", rate_guest_per_ip_burst=2, rate_guest_per_ip_per_min=1, workers=2)
    api = client.Api(stack, recorder)
    guest, _ = api.guest(), api.guest()
    refused(api.post("/v1/auth/guest"), 2)
    tokens_of(api.post("/v1/auth/refresh", {"refresh_token": guest.refresh_token}))
    assert api.elsewhere().post("/v1/auth/guest").status_code == 201


def test_right_passwords_are_not_counted(api, customer):
    for _ in range(15):
        tokens_of(login(api, customer.email))


def test_unknown_addresses_are_throttled_alike(api):
    email = unique_email()
    assert guess(api, email, 11) == [401] * 10 + [429]


@pytest.mark.req("THR-3")
def test_parallel_guesses_are_reserved_before_they_are_checked(api, customer):
    clients = [api.clone() for _ in range(100)]
    answers = at_once(100, lambda i: login(clients[i], customer.email, f"wrong password {i}"))
    done = [a.status_code for a in answers]
    assert done.count(401) <= 10 and set(done) <= {401, 429, 503}, done


@pytest.mark.req("THR-4")
def test_an_address_is_what_nginx_saw(new_stack, recorder):
    """Whatever the caller writes about it: not in the limits, and not in what is shown."""
    stack = new_stack("said", rate_credential_per_ip_burst=3, rate_credential_per_ip_per_min=1, workers=2)
    far = client.Api(stack, recorder).elsewhere(9)
    person = client.Api(stack, recorder).sign_up()
    names = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP",
             "CF-Connecting-IP", "X-Merx-Address", "Remote-Addr", "Remote_Addr", "REMOTE_ADDR")
    said = [{n: "for=192.0.2.7" if n == "Forwarded" else f"192.0.2.{i}" for n in names}
            for i in range(4)]
    tokens_of(login(far, person.email, headers=said[0]))
    done = [login(far, unique_email(), headers=h).status_code for h in said[1:]]
    assert done == [401, 401, 429]
    devices = person.get("/v1/me/sessions").json()["data"]
    assert {d["address"] for d in devices} == {"127.0.0.1", "127.0.0.9"}
    assert "192.0.2." not in stack.log()


@pytest.mark.req("PWD-5")
def test_hashes_at_once_are_capped(new_stack, recorder):
    api = client.Api(new_stack("hashes", password_hashes_at_once=1, slow_workers=8), recorder)
    clients = [api.clone() for _ in range(16)]
    refused = 0
    while not refused:  # on a busy machine those who come at once are served one after the other
        answers = at_once(16, lambda i: login(clients[i], unique_email()))
        assert {a.status_code for a in answers} <= {401, 503}
        for a in answers:
            if a.status_code == 503:
                problem(a, 503, "overloaded")
                assert int(a.headers["Retry-After"]) >= 1
                refused += 1


def test_a_few_who_sign_in_at_once_wait_for_each_other(new_stack, recorder):
    api = client.Api(new_stack("waiting", password_hashes_at_once=1, slow_workers=8,
                               password_wait_ms=5000), recorder)
    clients = [api.clone() for _ in range(3)]
    answers = at_once(3, lambda i: login(clients[i], unique_email()))
    assert [a.status_code for a in answers] == 3 * [401]


@pytest.mark.req("THR-5")
def test_one_request_is_one_attempt(api, customer):
    attempt = {"email": customer.email, "password": "wrong password"}
    assert api.post("/v1/auth/login", [attempt] * 100).status_code == 422
    tokens_of(login(api, customer.email))


def test_an_account_that_is_closed_is_unknown(api, customer, stack):
    account = customer.id.replace("-", "")
    stack.admin().rows(f"UPDATE account SET status = 1 WHERE id = UNHEX('{account}')")
    problem(login(api, customer.email), 401, "invalid_credentials")
    problem(customer.get("/v1/me"), 401, "unauthorized")
    sent = {"refresh_token": customer.refresh_token}
    problem(api.post("/v1/auth/refresh", sent), 401, "invalid_refresh_token")


def test_a_guests_cart_is_merged_at_sign_in(api, guest, customer):
    variant = in_stock(api)
    assert guest.post("/v1/cart/items", {"variant_id": variant, "quantity": 2}).status_code == 201
    customer.post("/v1/cart/items", {"variant_id": variant, "quantity": 1})
    person = api.login(customer.email, token=guest.token)
    assert person.id == customer.id
    assert [i["quantity"] for i in person.get("/v1/cart").json()["items"]] == [3]
    problem(guest.get("/v1/cart"), 401, "unauthorized")


def test_a_guests_cart_moves_along_when_registering(api, guest, mailbox):
    variant = in_stock(api)
    cart = guest.post("/v1/cart/items", {"variant_id": variant, "quantity": 2}).json()
    email = unique_email()
    register(api, email, token=guest.token)
    tokens = tokens_of(verify(api, email, mailbox.code(email)))
    moved = api.get("/v1/cart", token=tokens["access_token"]).json()
    assert moved["id"] == cart["id"] and moved["items"] == cart["items"]


def in_stock(api):
    """A variant of the demo store that can be bought."""
    card = api.get("/v1/products?in_stock=true&limit=1").json()["data"][0]
    product = api.get(f"/v1/products/{card['id']}").json()
    return next(v["id"] for v in product["variants"] if v["in_stock"])


def test_staff_have_roles(staff):
    assert staff.user["roles"] == ["owner"]
    assert staff.get("/v1/me").json() == staff.user


# ---- the profile


def test_me_needs_a_token(api):
    answer = api.get("/v1/me")
    problem(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_profile(customer):
    me = customer.get("/v1/me").json()
    assert set(me) == {
        "id", "email", "email_verified", "name", "phone", "locale", "created_at", "mfa_enabled",
        "public_metadata", "roles",
    }
    assert me["phone"] is None and me["locale"] == "en"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", me["created_at"])


def test_patch_changes_what_was_sent(customer):
    before = customer.get("/v1/me").json()
    answer = customer.patch("/v1/me", {"phone": "+49 30 1234-56", "locale": "de-DE"})
    assert answer.status_code == 200
    assert answer.json() == before | {"phone": "+49 30 1234-56", "locale": "de-DE"}
    assert customer.patch("/v1/me", {"name": "Ada King 💐"}).json()["name"] == "Ada King 💐"
    assert customer.patch("/v1/me", {"phone": None}).json()["phone"] is None
    assert customer.patch("/v1/me", {}).json() == before | {
        "name": "Ada King 💐", "locale": "de-DE",
    }


@pytest.mark.parametrize(
    "sent, pointer",
    (
        ({"name": " "}, "/name"), ({"name": None}, "/name"), ({"name": "x" * 201}, "/name"),
        ({"name": 7}, "/name"), ({"phone": "call me"}, "/phone"), ({"locale": None}, "/locale"),
        ({"locale": "not a language"}, "/locale"), ({"email": "a@example.com"}, "/email"),
        ({"roles": ["owner"]}, "/roles"), ({"email_verified": True}, "/email_verified"),
    ),
)
def test_patch_refuses(customer, sent, pointer):
    before = customer.get("/v1/me").json()
    assert [p for p, _ in faults(customer.patch("/v1/me", sent))] == [pointer]
    assert customer.get("/v1/me").json() == before
