"""Address rows that nothing points at are deleted an hour after that was seen; others never are."""
import itertools

import pytest

import client
from client import ADDRESS, at_once, problem, until
from personal import bare
from shop import make_product, variant_ids

LONG_AGO = "UTC_TIMESTAMP(3) - INTERVAL 61 MINUTE"
TABLES = ("account_address", "cart", "orders")
LATELY = "UTC_TIMESTAMP(3) - INTERVAL 59 MINUTE"


@pytest.fixture(scope="module")
def lone(module_stack):
    return module_stack("addresses", workers=4, idempotency_answers=1000000, idempotency_bytes=2**30)


@pytest.fixture(scope="module")
def product(lone):
    return make_product(client.Api(lone).staff(), stock=100_000)


@pytest.fixture
def api(lone):
    return client.Api(lone)


def rows(stack, person):
    """The person's address rows: whether each is marked, by its id."""
    return {row["id"]: row["marked"] == "1" for row in stack.db().rows(
        f"SELECT HEX(id) AS id, unused_at IS NOT NULL AS marked FROM address WHERE account_id = x'{bare(person.id)}'")}


def used_by(stack, table, person):
    """Address rows that the person's rows of the table point at."""
    column = "address_id" if table == "account_address" else "shipping_address_id"
    return {row["id"] for row in stack.db().rows(
        f"SELECT HEX({column}) AS id FROM {table} WHERE account_id = x'{bare(person.id)}'")}


def date_marks(stack, when):
    stack.admin().run(f"UPDATE address SET unused_at = {when} WHERE unused_at IS NOT NULL")


def walk(stack):
    """A runner's first turn, which looks at all rows: that of two more guests are the last ones."""
    last = client.Api(stack).guest()
    for line1 in ("1 First Street", "2 Second Street"):
        assert last.put("/v1/cart/shipping-address", ADDRESS | {"line1": line1}).status_code == 200
    with stack.jobs():
        until(lambda: sorted(rows(stack, last).values()) == [False, True], what="the last rows were looked at")


def sweep(stack):
    """All that is unused by now is marked, and an hour goes by."""
    walk(stack)
    date_marks(stack, LONG_AGO)
    walk(stack)


def ship_to(person, **more):
    answer = person.put("/v1/cart/shipping-address", ADDRESS | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_of_many_addresses_the_one_in_use_is_left(lone, api):
    guest = api.guest()
    for i in range(50):
        ship_to(guest, line1=f"{i} Main Street")
    assert len(rows(lone, guest)) == 50
    walk(lone)
    assert sorted(rows(lone, guest).values()) == [False] + 49 * [True]
    date_marks(lone, LATELY)
    walk(lone)
    assert len(rows(lone, guest)) == 50
    date_marks(lone, LONG_AGO)
    walk(lone)
    assert set(rows(lone, guest)) == used_by(lone, "cart", guest)
    assert guest.get("/v1/cart").json()["shipping_address"]["line1"] == "49 Main Street"


def test_what_is_used_survives(lone, api, product):
    """A book's entry, a cart's address, an open order's and a cancelled one's, an express order's."""
    person = api.customer()
    cart = person.fill_cart(variant_ids(product)[0])
    for token in ("tok_ok", "tok_declined"):
        person.fill_cart(variant_ids(product)[0])
        ship_to(person, line1=token)
        answer = person.checkout(token)
    unpaid = problem(answer, 402, "payment_declined")["order_id"]
    assert person.post(f"/v1/orders/{unpaid}/cancel").status_code == 200
    express = {"shipping_address": ADDRESS | {"line1": "express"}, "shipping_method_id": cart["shipping_method"]["id"],
               "items": [{"variant_id": variant_ids(product)[0], "quantity": 1}]}
    assert person.checkout(**express).status_code == 201
    entry, gone = (person.post("/v1/me/addresses", ADDRESS | {"line1": line}).json() for line in ("entry", "gone"))
    assert person.put(f"/v1/me/addresses/{entry['id']}", ADDRESS | {"line1": "corrected"}).status_code == 200
    assert person.delete(f"/v1/me/addresses/{gone['id']}").status_code == 204
    ship_to(person, line1="cart")
    used = set().union(*(used_by(lone, t, person) for t in TABLES))
    assert set(rows(lone, person)) > used
    sweep(lone)
    assert set(rows(lone, person)) == used
    assert person.get("/v1/cart").json()["shipping_address"]["line1"] == "cart"
    assert [e["line1"] for e in person.get("/v1/me/addresses").json()["data"]] == ["corrected"]
    assert sorted(lines_of_orders(person)) == ["express", "tok_declined", "tok_ok"]
    exported = [a["to"]["line1"] for a in person.get("/v1/me/export").json()["addresses"]]
    assert sorted(exported) == sorted(["cart", "corrected", "express", "tok_declined", "tok_ok"])


def lines_of_orders(person):
    return [o["addresses"]["shipping"]["line1"]
            for o in (person.get(f"/v1/orders/{o['id']}").json() for o in person.all_of("/v1/orders"))]


@pytest.mark.parametrize("table", TABLES)
def test_a_row_that_is_used_again_is_unmarked(lone, api, product, table):
    """Although its mark is old: whatever points at it."""
    guest = api.guest()
    guest.fill_cart(variant_ids(product)[0])
    if table == "account_address":
        assert guest.post("/v1/me/addresses", ADDRESS).status_code == 201
    if table == "orders":
        assert guest.checkout().status_code == 201
    lone.admin().run(f"UPDATE address SET unused_at = {LONG_AGO} WHERE account_id = x'{bare(guest.id)}'")
    if table != "cart":
        lone.admin().run(f"UPDATE cart SET shipping_address_id = NULL WHERE account_id = x'{bare(guest.id)}'")
    walk(lone)
    assert {row: False for row in used_by(lone, table, guest)} == {
        row: marked for row, marked in rows(lone, guest).items() if row in used_by(lone, table, guest)}
    assert used_by(lone, table, guest) <= set(rows(lone, guest))


def test_more_than_a_page(lone, api):
    guest = api.guest()
    ship_to(guest)
    lone.admin().run(
        "INSERT INTO address (id, account_id, country, created_at, unused_at)"
        f" SELECT UNHEX(CONCAT('0000', LPAD(HEX(seq), 28, '0'))), x'{bare(guest.id)}', 'DE', '2020-01-01', '2020-01-01'"
        f" FROM {client.numbers(1200)}")
    walk(lone)
    assert set(rows(lone, guest)) == used_by(lone, "cart", guest)


def test_an_equal_entry_is_not_written_again(lone, api):
    person = api.customer()
    entry = person.post("/v1/me/addresses", ADDRESS).json()
    first = rows(lone, person)
    same = person.put(f"/v1/me/addresses/{entry['id']}", ADDRESS)
    assert same.status_code == 200 and same.json() == entry and rows(lone, person) == first
    assert person.put(f"/v1/me/addresses/{entry['id']}", ADDRESS | {"city": "Bonn"}).json()["city"] == "Bonn"
    assert len(rows(lone, person)) == 2


def test_of_an_erased_account_the_orders_country_is_left(lone, api, product):
    person = api.customer()
    person.fill_cart(variant_ids(product)[0])
    order = person.checkout().json()
    assert person.post(f"/v1/orders/{order['id']}/cancel").status_code == 200
    ship_to(person, line1="Elsewhere")
    assert person.delete("/v1/me", {"password": client.PASSWORD}).status_code in (200, 204)
    sweep(lone)
    assert used_by(lone, "orders", person) <= set(rows(lone, person))


class Clients:
    """Callers that repeat what they do until it is enough, and count how often they did."""

    def __init__(self, *calls):
        self.calls, self.done, self.enough, self.failed = calls, [0] * len(calls), False, []

    def repeat(self, i):
        while not self.enough:
            self.calls[i]()
            self.done[i] += 1

    def beside(self, work):
        """Do `work` meanwhile."""
        def run(i):
            try:
                if i < len(self.calls):
                    self.repeat(i)
                else:
                    work()
            except Exception as e:  # of a thread, told by the test
                self.failed.append(e)
            finally:
                self.enough = True

        at_once(len(self.calls) + 1, run)
        assert not self.failed, self.failed

    def all_in_flight_end(self):
        """Each has begun and ended a round of its own since: no transaction of before is left."""
        before = list(self.done)
        until(lambda: self.enough or all(now > was + 1 for now, was in zip(self.done, before)), what="rounds of all")


def test_sweep_beside_express_checkouts(lone, api, product):
    """An entry is edited and given to the cart all the time, while orders go to it and to the cart's address. An
    hour has gone by as soon as all transactions of when a row was marked have ended. Every order keeps an address
    that can be read, and so does the cart."""
    buyer, placed, edits = api.customer(), [], itertools.count()
    method = buyer.fill_cart(variant_ids(product)[0])["shipping_method"]["id"]
    entry = buyer.post("/v1/me/addresses", ADDRESS).json()["id"]
    bought = {"shipping_method_id": method, "items": [{"variant_id": variant_ids(product)[0], "quantity": 1}]}

    def edit(mine=buyer.clone()):
        sent = ADDRESS | {"line1": f"{next(edits)} Main Street"}
        assert mine.put(f"/v1/me/addresses/{entry}", sent).status_code in (200, 503)

    def carry(mine=buyer.clone()):
        assert mine.put("/v1/cart/shipping-address", {"address_id": entry}).status_code in (200, 503)

    def buy(mine, **where):
        answer = mine.checkout(**bought, **where)
        assert answer.status_code in (201, 503), answer.text
        if answer.status_code == 201:
            placed.append(answer.json()["id"])

    to_entry, to_cart = buyer.clone(), buyer.clone()
    clients = Clients(edit, carry, lambda: buy(to_entry, address_id=entry), lambda: buy(to_cart))

    def sweeps():
        for _ in range(4):
            clients.all_in_flight_end()
            walk(lone)
            clients.all_in_flight_end()
            date_marks(lone, LONG_AGO)
            walk(lone)

    clients.beside(sweeps)
    assert len(placed) > 8 and len(rows(lone, buyer)) < next(edits)
    for order in placed:
        shipping = buyer.get(f"/v1/orders/{order}").json()["addresses"]["shipping"]
        assert shipping["line1"] and shipping["country"] == ADDRESS["country"]
    assert buyer.get("/v1/cart").json()["shipping_address"]["line1"]
    sweep(lone)
    assert set(rows(lone, buyer)) == set().union(*(used_by(lone, t, buyer) for t in TABLES))
