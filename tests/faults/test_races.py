"""Many at once: the last units in stock, one Idempotency-Key, one refresh of a cart.
INV-1, INV-2, INV-4, INV-10, R-15."""
import collections
import concurrent.futures
import contextlib
import json
import os
import random
import threading

import invariants
import pytest
from authenticator import Authenticator, b64
from client import ADDRESS, PASSWORD, problem, unique_key, until
from load import PAY, Load, Session, counter, expect, hexed, ways
from shop import assert_ledger, make_product, stock_of, variant_ids
from wire import Wire

BUYERS = 50
STOCK = 10
ROUNDS = int(os.environ.get("ROUNDS", "20" if os.environ.get("SAN") else "100"))


@pytest.fixture(scope="module")
def pool():
    with concurrent.futures.ThreadPoolExecutor(BUYERS) as executor:
        yield executor


@pytest.fixture(scope="module")
def whole(api):
    """The body of a checkout of a cart that has nothing but lines."""
    return PAY | ways(api)


def fill(buyer, variants):
    for variant in random.sample(variants, len(variants)):
        status, body = buyer.send("POST", "/v1/cart/items", {"variant_id": variant, "quantity": 1})
        assert status == 201, body


def at_once(pool, people, act):
    """Run act(person) for all, started together; the answers."""
    gate = threading.Barrier(len(people))

    def run(person):
        gate.wait()
        return act(person)

    return list(pool.map(run, people))


def test_fifty_buyers_ten_units(stack, whole, staff, db, pool):
    buyers = list(pool.map(lambda _: Wire(stack).guest(), range(BUYERS)))
    for _ in range(ROUNDS):
        variants = variant_ids(make_product(staff, stock=STOCK, variants=3))
        list(pool.map(lambda b: fill(b, variants), buyers))
        answers = at_once(pool, buyers, lambda b: b.send(
            "POST", "/v1/checkout", whole, Idempotency_Key=unique_key()))
        assert collections.Counter(s for s, _ in answers) == {201: STOCK, 409: BUYERS - STOCK}, [
            body for status, body in answers if status not in (201, 409)]
        assert {json.loads(body)["code"] for status, body in answers if status == 409} == {"out_of_stock"}
        for variant in variants:
            assert assert_ledger(db, variant)["reserved"] == STOCK
        list(pool.map(lambda pair: pair[0].guest() if pair[1][0] == 409 else None,
                      zip(buyers, answers)))


def test_one_key_fifty_times(stack, whole, staff, db, pool):
    (variant,) = variant_ids(make_product(staff, stock=STOCK))
    buyer = Wire(stack).guest()
    fill(buyer, [variant])
    key = unique_key()
    twins = [Wire(stack, buyer.token) for _ in range(BUYERS)]
    answers = at_once(pool, twins, lambda w: w.send("POST", "/v1/checkout", whole, Idempotency_Key=key))
    statuses = collections.Counter(s for s, _ in answers)
    assert set(statuses) <= {201, 409} and statuses[201] >= 1, answers
    assert {json.loads(b)["code"] for s, b in answers if s == 409} <= {"idempotency_in_progress"}
    assert len({body for status, body in answers if status == 201}) == 1
    order = json.loads(next(body for status, body in answers if status == 201))
    assert stock_of(db, variant)["reserved"] == 1
    account = order["id"].replace("-", "")
    assert db.value(f"SELECT COUNT(*) FROM payment WHERE order_id = UNHEX('{account}')") == "1"
    assert len(json.loads(buyer.send("GET", "/v1/orders")[1])["data"]) == 1


def test_one_cart_fifty_keys(stack, whole, staff, db, pool):
    (variant,) = variant_ids(make_product(staff, stock=STOCK))
    buyer = Wire(stack).guest()
    fill(buyer, [variant])
    twins = [Wire(stack, buyer.token) for _ in range(BUYERS)]
    answers = at_once(pool, twins, lambda w: w.send(
        "POST", "/v1/checkout", whole, Idempotency_Key=unique_key()))
    assert collections.Counter(s for s, _ in answers) == {201: 1, 409: BUYERS - 1}, answers
    assert assert_ledger(db, variant)["reserved"] == 1


def test_adding_while_checking_out(stack, whole, staff, db, pool):
    """A line added during a checkout is in the order or in the next cart, never lost."""
    (variant,) = variant_ids(make_product(staff, stock=1000))
    for _ in range(20):
        buyer = Wire(stack).guest()
        fill(buyer, [variant])
        twins = [Wire(stack, buyer.token) for _ in range(5)]
        acts = [("/v1/checkout", whole, {"Idempotency_Key": unique_key()})] + [
            ("/v1/cart/items", {"variant_id": variant, "quantity": 1}, {})] * 4
        answers = at_once(pool, list(zip(twins, acts)),
                          lambda t: t[0].send("POST", t[1][0], t[1][1], **t[1][2]))
        assert [s for s, _ in answers] == [201] * 5, answers
        ordered = sum(i["quantity"] for i in json.loads(answers[0][1])["items"])
        left = sum(i["quantity"] for i in json.loads(buyer.send("GET", "/v1/cart")[1])["items"])
        assert ordered + left == 5
    assert_ledger(db, variant)


def test_a_cart_that_never_rests(stack, whole, staff, db):
    """A client that rewrites a cart all the time cannot keep its owner from checking out."""
    (variant,) = variant_ids(make_product(staff, stock=10_000))
    buyer = Wire(stack).guest()

    def write(wire):
        expect(wire.send("PUT", "/v1/cart/shipping-address", ADDRESS), 200)

    def buy(wire):
        expect(wire.send("POST", "/v1/cart/items", {"variant_id": variant, "quantity": 1}), 201)
        expect(wire.send("POST", "/v1/checkout", whole, Idempotency_Key=unique_key()), 201)

    writers = [(Wire(stack, buyer.token), write) for _ in range(3)]
    with Load(writers) as restless, Load([(buyer, buy)]) as bought:
        bought.more(100)
        restless.more(1)
    assert not restless.failed and not bought.failed, (restless.failed[:3], bought.failed[:3])
    assert assert_ledger(db, variant)["reserved"] == bought.good


def test_an_unsound_passkey_waits_for_no_account(stack, api, customer):
    """S1: it is parsed before the account is locked, so that it never holds the row either."""
    device = Authenticator(f"https://localhost:{stack.port}")
    sent = {"credential": device.make({"user": {"id": b64(b"x")}, "challenge": "x"})}
    with Session(stack) as lock:
        held = lock.run(f"BEGIN; SELECT 1 FROM account WHERE id = {hexed(customer.id)} FOR UPDATE")
        assert held == ["1"]
        problem(customer.post("/v1/me/passkeys", sent), 422, "validation_failed")


@contextlib.contextmanager
def faster(stack, order, attempts):
    """Sessions that have made these attempts to pay the order, and have not committed them yet."""
    sessions = [Session(stack) for _ in attempts]
    for session, attempt in zip(sessions, attempts):
        session.run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN; INSERT INTO payment"
                    " (id, order_id, attempt, provider, status, amount, currency, created_at, updated_at)"
                    f" SELECT RANDOM_BYTES(16), order_id, {attempt}, provider, status, amount, currency,"
                    f" created_at, updated_at FROM payment WHERE order_id = {hexed(order)} AND attempt = 1")
    yield sessions
    for session in sessions:
        session.__exit__()


def test_a_payment_that_others_overtake(stack, api, staff, pool):
    """Each run of it finds its attempt made: the key was not used for anything else, and it counts
    once the others are done."""
    buyer = api.guest()
    buyer.fill_cart(*variant_ids(make_product(staff)))
    order = problem(buyer.checkout("tok_declined"), 402, "payment_declined")["order_id"]
    sent, key = {"payment": {"provider": "sandbox", "token": "tok_declined"}}, unique_key()
    waits = counter(stack, "lock_row_lock_waits")
    with faster(stack, order, (2, 3, 4)) as sessions:
        paid = pool.submit(buyer.clone().post, f"/v1/orders/{order}/pay", sent, key=key)
        for n, session in enumerate(sessions, 1):
            until(lambda n=n: paid.done() or counter(stack, "lock_row_lock_waits") >= waits + n,
                  what="it waits")
            session.run("COMMIT")
        problem(paid.result(), 402, "payment_declined")
    assert len(buyer.get(f"/v1/orders/{order}").json()["payments"]) == 5


def crowd(stack, api, staff, whole):
    """Somebody with orders, paid and not, who signs in as a guest who has some too, and all that both
    can do meanwhile: functions, each one request that answers its status and body."""
    variants = variant_ids(make_product(staff, stock=1000, variants=3))
    person, guest = api.customer(), api.guest()
    mine, theirs = Wire(stack, person.token), Wire(stack, guest.token)
    waiting = []
    for wire in (mine, theirs):
        for token in ("tok_declined", "tok_ok"):
            fill(wire, variants)
            body = json.loads(expect(wire.send(
                "POST", "/v1/checkout", whole | {"payment": {"provider": "sandbox", "token": token}},
                Idempotency_Key=unique_key()), 201, 402))
            waiting += [body["order_id"]] if token == "tok_declined" else []
        fill(wire, variants)
    stack.admin().run(f"UPDATE orders SET expires_at = UTC_TIMESTAMP(3) WHERE id = {hexed(waiting[0])}")

    def act(who, method, path, body=None, key=None):
        wire = Wire(stack, who.token)
        more = {"Idempotency_Key": key} if key else {}
        return lambda: (path, *wire.send(method, path, body, **more))

    line = {"variant_id": variants[0], "quantity": 1}
    acts = [act(who, "POST", f"/v1/orders/{order}/{do}", body)
            for who, order in ((person, waiting[0]), (guest, waiting[1]))
            for do, body in (("cancel", None), ("pay", {"payment": whole["payment"]}))]
    for who in (person, guest):
        acts += [act(who, "POST", "/v1/checkout", whole, unique_key()) for _ in range(3)]
        acts += [act(who, "POST", "/v1/checkout", whole | {"items": [line]}, unique_key()),
                 act(who, "PUT", "/v1/cart/shipping-address", ADDRESS),
                 act(who, "PATCH", "/v1/cart", {"note": "x"}),
                 act(who, "POST", "/v1/cart/items", line)]
    acts.append(act(guest, "POST", "/v1/auth/login", {"email": person.email, "password": PASSWORD}))
    if random.random() < 0.5:
        acts.append(act(person, "DELETE", "/v1/me", {"password": PASSWORD, "cancel_orders": True}))
    return acts


def test_nobody_waits_in_a_circle(stack, api, staff, whole, db, pool):
    """All lock in one order: the database never has to end a transaction for another."""
    before, since = counter(stack, "lock_deadlocks"), invariants.now(db)
    for _ in range(20):
        answers = at_once(pool, crowd(stack, api, staff, whole), lambda act: act())
        assert {status for _, status, _ in answers} <= {200, 201, 204, 401, 404, 409, 422}, answers
    invariants.check(db, since)
    assert counter(stack, "lock_deadlocks") == before, stack.db().run("SHOW ENGINE INNODB STATUS")
