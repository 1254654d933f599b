"""The database connection is cut at the Nth command of a request, for N = 1, 2, ... until a request
passes uncut: what comes back is an answer or a 503 to be repeated, and after the repetition everything
was done once and whole."""
import invariants
import pytest
from beside import Beside
from client import PASSWORD, Person, unique_email, unique_key, until
from shop import assert_ledger, make_product, variant_ids

PAY = {"payment": {"provider": "sandbox", "token": "tok_ok"}}
CUTS_MAX = 400


@pytest.fixture(scope="module")
def beside(stack, tmp_path_factory):
    made = Beside(stack, tmp_path_factory.mktemp("sweep"))
    yield made
    made.stop()


@pytest.fixture(scope="module", params=[False, True], ids=["before", "after"])
def carried_out(request):
    """Has the server carried out the command at which the connection ends?"""
    return request.param


def sweep(beside, carried_out, db, new, once):
    """once(subject, call) for a new subject each time, where call(function) makes one request, cut at
    the next place; until one is not cut."""
    since = invariants.now(db)
    for nth in range(1, CUTS_MAX):
        subject, cut = new(), None

        def call(request):
            nonlocal cut
            answer, cut = beside.cut_at(nth, carried_out, request)
            return answer

        once(subject, call)
        if not cut:
            assert nth > 3, "nothing was ever cut"
            invariants.check(db, since)
            return
    pytest.fail(f"{CUTS_MAX} commands a request")


def carried(call):
    """The answer of call() once the database can be reached: a lost one is left alone for a moment."""
    return until(lambda: (lambda got: got[0] != 503 and got)(call()), what="the database")


def test_checkout(beside, carried_out, api, staff, db):
    variant = variant_ids(make_product(staff, stock=1_000_000))[0]
    sold = 0

    def new():
        buyer = api.guest()
        buyer.fill_cart(variant)
        return buyer

    def once(buyer, call):
        nonlocal sold
        key, body = unique_key(), PAY | {"email": unique_email()}

        def pay():
            return beside.send(beside.fast, "POST", "/v1/checkout", body, buyer.token, key)

        status, _ = first = call(pay)
        assert status in (201, 503), first
        again = until(lambda: (lambda got: got[0] not in (409, 503) and got)(pay()), what="the answer")
        assert again[0] == 201, again
        assert first in (again, (503, first[1])), (first, again)
        assert [o["id"] for o in buyer.get("/v1/orders").json()["data"]] == [again[1]["id"]]
        sold += 1
        assert assert_ledger(db, variant)["reserved"] == sold

    sweep(beside, carried_out, db, new, once)


def test_refresh(beside, carried_out, api, db):
    def once(guest, call):
        body = {"refresh_token": guest.refresh_token}

        def refresh():
            return beside.send(beside.fast, "POST", "/v1/auth/refresh", body)

        status, tokens = call(refresh)
        assert status in (200, 503), (status, tokens)
        status, again = carried(refresh)
        assert status == 200, again
        assert again["refresh_token"] != guest.refresh_token
        assert not tokens.get("refresh_token") or tokens["refresh_token"] == again["refresh_token"]
        assert api.get("/v1/me", token=again["access_token"]).status_code == 200
        assert len(api.get("/v1/me/sessions", token=again["access_token"]).json()["data"]) == 1

    sweep(beside, carried_out, db, api.guest, once)


def test_register(beside, carried_out, api, db, mailbox):
    def once(address, call):
        body = {"email": address, "password": PASSWORD, "name": "Ada Lovelace"}

        def register():
            return beside.send(beside.slow, "POST", "/v1/auth/register", body)

        status, answer = call(register)
        assert status in (202, 503), (status, answer)
        if status == 503:
            status, answer = carried(register)
        assert status == 202, answer
        tokens = confirm(api, mailbox, address, answer)
        person = Person(api, tokens, address, PASSWORD)
        assert db.value(f"SELECT COUNT(*) FROM account WHERE email_key = '{address}'") == "1"
        assert api.login(address).id == person.id

    sweep(beside, carried_out, db, unique_email, once)


def confirm(api, mailbox, address, answer):
    """Verify with the codes that were mailed, as they come: one belongs to the answer."""
    tried = set()

    def verified():
        for code in {mailbox.code_of(message) for message in mailbox.all(address)} - tried:
            said = api.post("/v1/auth/verify", answer_of(answer) | {"email": address, "code": code})
            if said.status_code == 200:
                return said
            if said.status_code == 422:  # anything else may be asked again
                tried.add(code)
        return None

    return until(verified, what="the code of the answer")


def answer_of(answer):
    return {k: v for k, v in answer.items() if k == "handle"}


def test_erase(beside, carried_out, api, staff, db):
    variant = variant_ids(make_product(staff, stock=1_000_000))[0]

    def new():
        person = api.customer()
        person.post("/v1/cart/items", {"variant_id": variant, "quantity": 1})
        assert person.patch("/v1/me", {"phone": "+49 30 1234567"}).status_code == 200
        return person

    def once(person, call):
        def leave():
            return beside.send(beside.slow, "DELETE", "/v1/me", {"password": PASSWORD}, person.token)

        status, answer = call(leave)
        assert status in (204, 503), (status, answer)
        if status == 503:
            status, answer = carried(leave)
            assert status in (204, 401), (status, answer)
        until(lambda: person.get("/v1/me").status_code == 401, what="the end of the session elsewhere")
        assert api.post("/v1/auth/login", {"email": person.email, "password": PASSWORD}).status_code == 401
        key = person.id.replace("-", "")
        (row,) = db.rows(
            "SELECT status, email, name, phone, password_hash, audit_key FROM account"
            f" WHERE id = UNHEX('{key}')")
        assert row == {"status": "1", "email": None, "name": "", "phone": None, "password_hash": None,
                       "audit_key": None}

    sweep(beside, carried_out, db, new, once)
