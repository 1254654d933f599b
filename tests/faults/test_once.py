"""An Idempotency-Key on routes that hash a password before their transaction: the worker is killed or
its connection cut around each of its COMMITs, and the same request again has the effect once, and its
answer. J2, S6, S7."""
import os
import signal

import fcgi_client
import pytest
from beside import Beside
from client import PASSWORD, Api, unique_email, unique_key, until
from shop import make_product, variant_ids
from staff_helpers import invite, mailed_code

COMMITS_MAX = 10
MAILS_AN_HOUR = 4  # to one address for one client address, by default


@pytest.fixture(scope="module")
def beside(stack, tmp_path_factory):
    made = Beside(stack, tmp_path_factory.mktemp("once"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def beside_unverified(stack, tmp_path_factory):
    made = Beside(stack, tmp_path_factory.mktemp("unverified"), verify_email="off")
    yield made
    made.stop()


@pytest.fixture(params=["cut", "kill"])
def end(request):
    return request.param


@pytest.fixture(params=[False, True], ids=["before", "after"])
def carried_out(request):
    """Has the server carried out the COMMIT?"""
    return request.param


def at_commit(beside, nth, end, carried_out, call):
    """call() with a failure at the nth COMMIT from now on: its answer or None, and whether it came to
    that."""
    seen = 0

    def hook(forward):
        nonlocal seen
        seen += 1
        if seen != nth:
            return True
        if carried_out:
            forward()
        if end == "kill":
            os.kill(beside.proxy.peer_pid, signal.SIGKILL)
        return False

    beside.proxy.at_commit = hook
    try:
        return call(), seen >= nth
    except (fcgi_client.Dropped, ConnectionError):
        assert end == "kill"
        return None, True
    finally:
        beside.proxy.at_commit = None


def once(beside, end, carried_out, new):
    """new() gives (call, status, check) for a new request: it is sent, fails at a COMMIT, is sent again
    until it has its answer, and then again; check(answer) looks at what it did. For each COMMIT."""
    for nth in range(1, COMMITS_MAX):
        call, status, check = new()
        first, failed = at_commit(beside, nth, end, carried_out, call)
        if first is None:
            beside.reload()  # workers that die often come back later each time

        def again():
            answer = call()
            assert answer[0] in (status, 503), answer
            return answer[0] == status and answer

        answer = until(again, what="the answer")
        assert not first or first[0] == 503 or first == answer, (first, answer)
        assert call() == answer and beside.replayed
        check(answer)
        if not failed:
            assert nth > 1, "nothing failed"
            return
    pytest.fail(f"{COMMITS_MAX} transactions a request")


def sender(beside, path, body, status, token=None):
    key = unique_key()
    return lambda: beside.send(beside.slow, "POST", path, body, token, key), status


def count(db, what):
    return int(db.value(f"SELECT COUNT(*) AS n FROM {what}"))


def hexed(uuid):
    return f"UNHEX('{uuid.replace('-', '')}')"


def test_login(beside, end, carried_out, api, db):
    def new():
        person = api.customer()
        mine = f"session WHERE account_id = {hexed(person.id)}"
        before = count(db, mine)

        def check(answer):
            assert api.get("/v1/me", token=answer[1]["access_token"]).json()["id"] == person.id
            assert count(db, mine) == before + 1

        return *sender(beside, "/v1/auth/login", {"email": person.email, "password": PASSWORD}, 200), check

    once(beside, end, carried_out, new)


def test_register(beside, end, carried_out, api, mailbox):
    def new():
        address = unique_email()

        def check(answer):
            assert mailbox.wait(address) and len(mailbox.all(address)) == 1
            sent = {"email": address, "code": mailbox.code(address)} | {
                k: v for k, v in answer[1].items() if k == "handle"}
            assert api.post("/v1/auth/verify", sent).status_code == 200

        body = {"email": address, "password": PASSWORD, "name": "Ada Lovelace"}
        return *sender(beside, "/v1/auth/register", body, 202), check

    once(beside, end, carried_out, new)


def test_register_and_sign_in(beside_unverified, end, carried_out, api, db):
    def new():
        address = unique_email()

        def check(answer):
            me = api.get("/v1/me", token=answer[1]["access_token"]).json()
            assert me["email"] == address
            assert count(db, f"account WHERE email_key = '{address}'") == 1
            assert count(db, f"session WHERE account_id = {hexed(me['id'])}") == 1

        body = {"email": address, "password": PASSWORD, "name": "Ada Lovelace"}
        return *sender(beside_unverified, "/v1/auth/register", body, 201), check

    once(beside_unverified, end, carried_out, new)


def test_reset(beside, end, carried_out, api, db, mailbox):
    def new():
        person = api.customer()
        asked = api.post("/v1/auth/password/forgot", {"email": person.email}).json()
        code = mailbox.code(person.email, 1)

        def check(answer):
            assert answer == (204, None)
            assert api.login(person.email, "another long password").id == person.id
            assert count(db, f"audit_log WHERE object_id = {hexed(person.id)}"
                             " AND action = 'account.password_reset'") == 1

        body = {"email": person.email, "code": code, "password": "another long password"} | {
            k: v for k, v in asked.items() if k == "handle"}
        return *sender(beside, "/v1/auth/password/reset", body, 204), check

    once(beside, end, carried_out, new)


def test_invitation(beside, end, carried_out, api, staff, db):
    def new():
        made = invite(staff, "support")
        code = mailed_code(api, made["email"])

        def check(answer):
            assert answer == (204, None)
            assert api.login(made["email"]).id == made["id"]
            assert count(db, f"audit_log WHERE object_id = {hexed(made['id'])} AND action = 'staff.accept'") == 1

        body = {"email": made["email"], "code": code, "password": PASSWORD}
        return *sender(beside, "/v1/auth/invitation", body, 204), check

    once(beside, end, carried_out, new)


def test_change_of_address(beside, end, carried_out, api, mailbox):
    def new():
        person, address = api.customer(), unique_email()

        def check(answer):
            assert mailbox.wait(address) and len(mailbox.all(address)) == 1

        body = {"email": address, "password": PASSWORD}
        return *sender(beside, "/v1/me/email", body, 202, person.token), check

    once(beside, end, carried_out, new)


# ---- what did not happen counts against nothing


@pytest.mark.parametrize("path", ["/v1/auth/register", "/v1/auth/password/forgot"])
def test_mail_that_was_not_queued_is_no_share_of_the_address(beside, path, api, mailbox):
    person = api.customer() if path.endswith("forgot") else None
    body = {"email": person.email} if person else {
        "email": unique_email(), "password": PASSWORD, "name": "Ada Lovelace"}

    def ask():
        return beside.send(beside.slow, "POST", path, body)[0]

    beside.proxy.at_command = lambda forward: False
    try:
        assert [ask() for _ in range(3 * MAILS_AN_HOUR)] == [503] * 3 * MAILS_AN_HOUR
    finally:
        beside.proxy.at_command = None
    until(lambda: ask() == 202, what="the database")
    assert mailbox.wait(body["email"])


# ---- what a key costs, and how much is kept


def written(db):
    """Rows that statements have changed so far, and rows of the audit log."""
    rows = db.rows("SHOW GLOBAL STATUS LIKE 'Innodb_rows_%'")
    return sum(int(r["Value"]) for r in rows if not r["Variable_name"].endswith("read"))


def test_a_refused_sign_in_with_a_key_writes_no_more(new_stack):
    """S6."""
    stack = new_stack("key_cost")
    api, db = Api(stack), stack.db()
    for person in (api.customer(), None):
        email = person.email if person else unique_email()
        cost = []
        for key in (None, unique_key()):
            before = written(db)
            answer = api.post("/v1/auth/login", {"email": email, "password": "wrong"}, key=key)
            assert answer.status_code == 401
            cost.append(written(db) - before)
        assert cost[0] == cost[1], cost


@pytest.mark.parametrize("limit", ({"idempotency_answers": 10}, {"idempotency_bytes": 65536}), ids=str)
def test_room_for_answers(stack, tmp_path_factory, api, staff, limit):
    """S7. An account has room for so many answers: what does not fit is refused and has no effect; what
    needs none goes on, and so does everybody else."""
    beside = Beside(stack, tmp_path_factory.mktemp("room"), **limit)
    variants = variant_ids(make_product(staff, stock=1000, variants=20))
    try:
        guest = api.guest()
        for variant in variants:
            guest.post("/v1/cart/items", {"variant_id": variant, "quantity": 1})

        def add(key, who=guest):
            return beside.send(beside.fast, "POST", "/v1/cart/items",
                               {"variant_id": variants[0], "quantity": 1}, who.token, key)

        stored = [unique_key()]
        while (answer := add(stored[-1]))[0] == 200 or answer[0] == 201:
            stored.append(unique_key())
            assert len(stored) < 100
        assert answer[0] == 429 and answer[1]["code"] == "rate_limited"
        if "idempotency_answers" in limit:
            assert len(stored) == 11
        quantity = max(i["quantity"] for i in guest.get("/v1/cart").json()["items"])
        assert quantity == len(stored)
        assert add(stored[0])[0] in (200, 201) and beside.replayed
        assert add(None)[0] in (200, 201)
        assert add(unique_key(), api.guest())[0] in (200, 201)
    finally:
        beside.stop()
