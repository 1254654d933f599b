"""Another address for an account."""
import pytest

import client
from client import (
    CODE, NO_HANDLE, PASSWORD, at_once, faults, handle_of, problem, unique_email, until)
from accounts import account, asked, change, login, other_code, register, reset, tokens_of, verify
from sessions import refused, signed_in

pytestmark = pytest.mark.signed_up


def ask(person, email, password=None, **how):
    sent = {"email": email, "password": password or person.password}
    return person.post("/v1/me/email", sent, **how)


def confirm(person, code, handle=None, **how):
    """With the handle of the newest request of the person's session, unless another is given."""
    handle = handle or person.api.handles("/v1/me/email", person.token)[-1]
    return person.post("/v1/me/email/verify", {"code": code, "handle": handle}, **how)


def move(person, mailbox, email):
    assert ask(person, email).status_code == 202
    return confirm(person, mailbox.code(email))


@pytest.mark.req("EML-1")
def test_another_address(api, customer, mailbox, db):
    new, device = unique_email().capitalize(), api.login(customer.email)
    before = len(mailbox.all(customer.email))
    handle_of(ask(customer, new))
    notice = mailbox.wait(customer.email, before + 1)
    assert not CODE.search(notice.text) and new not in notice.as_string()
    assert customer.get("/v1/me").json()["email"] == customer.email
    done = confirm(customer, mailbox.code(new))
    assert done.status_code == 200
    assert done.json() == customer.user | {"email": new, "email_verified": True}
    assert customer.get("/v1/me").json() == done.json()
    problem(device.get("/v1/me"), 401, "unauthorized")
    refused(api, device.refresh_token)
    assert signed_in(customer)
    problem(login(api, customer.email), 401, "invalid_credentials")
    assert tokens_of(login(api, new.lower()))["user"]["email"] == new
    mailbox.wait(customer.email, before + 2)
    actions = db.rows(f"SELECT action FROM audit_log WHERE object_id = {account(customer)}"
                      " AND action LIKE 'account.email%' ORDER BY id")
    assert [r["action"] for r in actions] == ["account.email_ask", "account.email_change"]


@pytest.mark.req("EML-1")
def test_a_token_alone_changes_no_address(api, customer, guest):
    new = unique_email()
    assert faults(customer.post("/v1/me/email", {"email": new})) == [("/password", "required")]
    problem(ask(customer, new, "wrong password"), 401, "invalid_credentials")
    problem(ask(guest, new, PASSWORD), 401, "invalid_credentials")
    problem(api.post("/v1/me/email", {"email": new, "password": PASSWORD}), 401, "unauthorized")
    problem(api.post("/v1/me/email/verify", {"code": "00000-00000", "handle": NO_HANDLE}),
            401, "unauthorized")
    assert api.stack.mailbox().all(new) == []


def test_guesses_of_the_password_are_counted(customer):
    done = [ask(customer, unique_email(), "wrong password").status_code for _ in range(11)]
    assert done == [401] * 10 + [429]


def test_a_taken_address_answers_alike_and_its_owner_is_told(api, customer, mailbox):
    owner, free = api.sign_up(), unique_email()
    taken = ask(customer, owner.email.upper())
    fresh = ask(api.login(customer.email), free)
    assert handle_of(taken) != handle_of(fresh)
    notice = mailbox.wait(owner.email, 2)
    assert not CODE.search(notice.text) and customer.email not in notice.as_string()
    mailbox.wait(free)
    assert customer.get("/v1/me").json()["email"] == customer.email


def test_one_of_two_gets_the_address(api, customer, mailbox):
    other, new = api.sign_up(), unique_email()
    assert ask(customer, new).status_code == ask(other, new).status_code == 202
    mailbox.wait(new, 2)
    codes = [CODE.search(m.text).group() for m in mailbox.all(new)]
    people = [customer, other]
    answers = [confirm(p, c) for p, c in zip(people, codes)]
    if answers[0].status_code == 422:
        answers = [confirm(p, c) for p, c in zip(people, reversed(codes))]
    assert answers[0].status_code == 200
    problem(answers[1], 409, "email_taken")
    assert other.get("/v1/me").json()["email"] == other.email


def test_another_spelling_of_the_same_address(customer, mailbox):
    title = customer.email.capitalize()
    if title == customer.email:
        title = customer.email.upper()
    before = len(mailbox.all(title))
    assert ask(customer, title).status_code == 202
    done = confirm(customer, mailbox.code(title, before + 1))
    assert done.status_code == 200 and done.json()["email"] == title


@pytest.mark.req("EML-2", "INV-16")
def test_twenty_at_once_confirm_once(api, customer, mailbox):
    new = unique_email()
    ask(customer, new)
    code, twins = mailbox.code(new), [customer.clone() for _ in range(20)]
    done = [a.status_code for a in at_once(20, lambda i: confirm(twins[i], code))]
    assert done.count(200) == 1 and set(done) <= {200, 422, 429, 503}, done
    problem(confirm(customer, code), 422, "code_invalid")


@pytest.mark.req("EML-2")
def test_a_code_confirms_the_address_that_it_was_mailed_to(api, customer, mailbox, db):
    """Requests for one's own and for somebody's address race: a code mailed to the one never
    confirms the other."""
    for run in range(20):
        owner = api.sign_up() if run % 2 else None
        mine, victim = unique_email(), owner.email if owner else unique_email()
        person = api.sign_up()
        twins = [person.clone(), person.clone()]
        answers = at_once(2, lambda i: ask(twins[i], (mine, victim)[i]))
        assert [a.status_code for a in answers] == [202, 202]
        done = confirm(person, mailbox.code(mine), handle_of(answers[0]))
        assert person.get("/v1/me").json()["email"] == (
            mine if done.status_code == 200 else person.email)
        assert done.status_code in (200, 422)
        if owner:
            tokens_of(login(api, victim))


@pytest.mark.req("EML-2")
def test_another_address_in_the_row_is_not_confirmed(customer, mailbox, stack):
    new, victim = unique_email(), unique_email()
    ask(customer, new)
    code = mailbox.code(new)
    stack.admin().rows(f"UPDATE mailed_code SET email = '{victim}', email_key = '{victim}'"
                      f" WHERE purpose = 2 AND holder = {account(customer)}")
    problem(confirm(customer, code), 422, "code_invalid")
    assert customer.get("/v1/me").json()["email"] == customer.email


def test_a_newer_request_ends_a_code(customer, mailbox):
    one, two = unique_email(), unique_email()
    older = handle_of(ask(customer, one))
    first = mailbox.code(one)
    ask(customer, two)
    second = mailbox.code(two)
    problem(confirm(customer, first), 422, "code_invalid")
    problem(confirm(customer, first, older), 422, "code_invalid")
    assert confirm(customer, second).json()["email"] == two


def test_a_code_is_the_accounts_own(api, customer, mailbox):
    new = unique_email()
    handle = handle_of(ask(customer, new))
    code = mailbox.code(new)
    problem(confirm(api.sign_up(), code, handle), 422, "code_invalid")
    problem(verify(api, new, code, handle), 422, "code_invalid")
    assert confirm(customer, code).status_code == 200


def test_five_wrong_tries_kill_a_code(customer, mailbox):
    new = unique_email()
    ask(customer, new)
    code = mailbox.code(new)
    for _ in range(5):
        problem(confirm(customer, other_code(code)), 422, "code_invalid")
    problem(confirm(customer, code), 422, "code_invalid")


def test_a_new_password_ends_a_code(api, customer, mailbox):
    new = unique_email()
    ask(customer, new)
    code = mailbox.code(new)
    assert change(customer).status_code == 204
    problem(confirm(customer, code), 422, "code_invalid")


def test_a_reset_ends_a_code(api, customer, mailbox):
    new = unique_email()
    handle = handle_of(ask(customer, new))
    code = mailbox.code(new)
    assert reset(api, customer.email, asked(api, mailbox, customer.email)).status_code == 204
    again = api.login(customer.email, "another-Horse-battery-8")
    problem(confirm(again, code, handle), 422, "code_invalid")


@pytest.mark.req("REG-4")
def test_a_sign_up_that_waits_ends_when_the_address_is_proved(api, customer, mailbox):
    new = unique_email()
    register(api.elsewhere(), new, "a-stranger's-Passw0rt")
    code = mailbox.code(new)
    assert ask(customer, new).status_code == 202
    assert confirm(customer, mailbox.code(new, 2)).status_code == 200
    problem(verify(api, new, code), 422, "code_invalid")
    problem(login(api, new, "a-stranger's-Passw0rt"), 401, "invalid_credentials")
    tokens_of(login(api, new))


def test_the_old_address_is_free_again(api, customer, mailbox):
    old = customer.email
    assert move(customer, mailbox, unique_email()).status_code == 200
    mailbox.wait(old, 3)  # a code, and that another address was asked for, and taken
    register(api, old)
    tokens = tokens_of(verify(api, old, mailbox.code(old, 4)))
    assert tokens["user"]["id"] != customer.id


def test_spent_mail_changes_nothing(api, customer, mailbox):
    """Somebody's mailbox is not filled: beyond four codes nothing is sent, and the answer is the same."""
    victim = unique_email()
    handles = [handle_of(ask(customer, victim)) for _ in range(8)]
    assert len(set(handles)) == 8
    code = mailbox.code(victim, 4)
    assert len(mailbox.all(victim)) == 4
    problem(confirm(customer, code, handles[-1]), 422, "code_invalid")
    assert confirm(customer, code, handles[3]).status_code == 200


def test_an_account_has_a_share_of_mail_whatever_it_names(new_stack, recorder):
    """S4: its own mailbox, which is told each time, is not filled by naming ever new addresses."""
    stack = new_stack("share", rate_mail_per_address_day=3, workers=2)
    customer = client.Api(stack, recorder).sign_up()
    new = [unique_email() for _ in range(5)]
    for email in new:
        handle_of(ask(customer, email))
    stack.mailbox().wait(customer.email, 4)  # the code of signing up, and three notices
    until(lambda: not stack.db().rows("SELECT 1 FROM mail WHERE state = 0"), what="all mail")
    assert [len(stack.mailbox().all(email)) for email in new] == [1, 1, 1, 0, 0]
    assert len(stack.mailbox().all(customer.email)) == 4


@pytest.mark.req("RST-4", "REG-6")
@pytest.mark.parametrize("sent, pointer", (
    ({"email": 7, "password": "x"}, "/email"), ({"email": "x", "password": "x"}, "/email"),
    ({"email": "a@example.com\r\nBcc: e@example.com", "password": "x"}, "/email"),
    ({"email": "a@example.com", "password": 0}, "/password"),
    ({"email": "a@example.com", "password": "x", "email_verified": True}, "/email_verified"),
))
def test_what_is_no_request(customer, sent, pointer):
    assert [p for p, _ in faults(customer.post("/v1/me/email", sent))] == [pointer]
