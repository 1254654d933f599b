"""Personal data at rest: nothing to be read in the tables, and nothing that opens in another row."""
import uuid

import pytest

import sealed
from client import ADDRESS, problem
from personal import bare, dump, readable, whole_address
from shop import make_product, variant_ids


@pytest.fixture
def ring(stack):
    return sealed.Ring(stack.env["MERX_KEYS"])


@pytest.fixture
def product(staff):
    return make_product(staff, stock=100)


def order_of(person, product, address):
    """An order of the person that goes there."""
    person.fill_cart(variant_ids(product)[0])
    assert person.put("/v1/cart/shipping-address", address).status_code == 200
    done = person.checkout()
    assert done.status_code == 201, done.text
    return done.json()


@pytest.mark.req("PII-1")
def test_a_dump_tells_no_phone_and_no_address(api, stack, product):
    person, phone = api.customer(), f"+49 {uuid.uuid4().int % 10**15:015d}"
    in_book, in_cart, ordered = whole_address(), whole_address(), whole_address()
    assert person.patch("/v1/me", {"phone": phone}).json()["phone"] == phone
    assert person.post("/v1/me/addresses", in_book).status_code == 201
    order = order_of(person, product, ordered)
    assert person.put("/v1/cart/shipping-address", in_cart).status_code == 200
    secrets = [phone] + [v for a in (in_book, in_cart, ordered) for k, v in a.items()
                         if k != "country"]
    found = dump(stack)
    assert person.email.encode() in found, "the dump is whole"
    assert readable(found, secrets) == []
    # And all of it is still there for its owner.
    (kept,) = person.get("/v1/me/addresses").json()["data"]
    assert {k: kept[k] for k in in_book} == in_book
    assert person.get("/v1/cart").json()["shipping_address"] == in_cart
    shown = person.get(f"/v1/orders/{order['id']}").json()
    assert shown["addresses"]["shipping"] == ordered == order["addresses"]["shipping"]
    assert person.get("/v1/orders").json()["data"][0]["addresses"]["shipping"] == ordered


@pytest.mark.req("PII-1")
def test_the_form_is_the_documented_one(customer, db, ring):
    customer.patch("/v1/me", {"phone": "+49 30 1234"})
    address = whole_address()
    customer.post("/v1/me/addresses", address)
    (row,) = db.rows(f"SELECT HEX(phone) AS phone FROM account WHERE id = x'{bare(customer.id)}'")
    assert ring.open("account.phone", bare(customer.id), row["phone"]) == b"+49 30 1234"
    (row,) = db.rows("SELECT HEX(id) AS id, HEX(sealed) AS sealed, country FROM address"
                     f" WHERE account_id = x'{bare(customer.id)}'")
    assert row["country"] == "DE"
    assert ring.address(row["id"], row["sealed"]) | {"country": "DE"} == address


@pytest.mark.req("PII-1")
def test_what_another_program_sealed_opens(customer, stack, ring):
    key = bare(customer.id)
    text = ring.seal("account.phone", key, b"+1 555 0100")
    stack.admin().rows(f"UPDATE account SET phone = x'{text.hex()}' WHERE id = x'{key}'")
    assert customer.get("/v1/me").json()["phone"] == "+1 555 0100"


def damaged(ring, how, mine, theirs, row):
    """A value that must not open in that row."""
    value = bytearray.fromhex(mine)
    if how == "of another row":
        value = bytes.fromhex(theirs)
    elif how == "of another column":
        value = ring.seal("account.other", row, b"x" * 40)
    elif how == "one bit changed":
        value[-20] ^= 1
    elif how == "cut":
        value = value[:30]
    elif how == "of an unknown key":
        value[1:9] = bytes(8)
    elif how == "never sealed":
        value = b"+49 30 1234"
    return bytes(value).hex()


@pytest.fixture
def damage(stack, ring):
    """Puts such a value into a column of a row, until the test ends."""
    db, before = stack.admin(), []

    def write(table, column, row, value):
        db.rows(f"UPDATE {table} SET {column} = x'{value}' WHERE id = x'{row}'")

    def put(how, table, column, row, other):
        mine, theirs = (db.value(f"SELECT HEX({column}) FROM {table} WHERE id = x'{r}'") for r in (row, other))
        before.append((table, column, row, mine))
        write(table, column, row, damaged(ring, how, mine, theirs, row))

    yield put
    for one in before:
        write(*one)


HOWS = ("of another row", "of another column", "one bit changed", "cut", "of an unknown key",
        "never sealed")


def refused(answer, stack, column):
    """503 that tells nothing, and a line in the log."""
    problem(answer, 503, "unavailable")
    lines = [line for line in stack.log().splitlines() if f"req={answer.json()['request_id']}" in line]
    assert any("cannot decrypt personal data" in line and column in line for line in lines), lines


@pytest.mark.req("PII-1")
@pytest.mark.parametrize("how", HOWS)
def test_a_phone_opens_in_its_own_row_alone(api, stack, damage, how):
    me, other = api.customer(), api.customer()
    for person, phone in ((me, "+49 30 1111"), (other, "+49 30 2222")):
        assert person.patch("/v1/me", {"phone": phone}).status_code == 200
    damage(how, "account", "phone", bare(me.id), bare(other.id))
    refused(me.get("/v1/me"), stack, "account.phone")
    assert other.get("/v1/me").json()["phone"] == "+49 30 2222"
    assert me.get("/v1/cart").status_code == 200


@pytest.mark.req("PII-1")
@pytest.mark.parametrize("how", HOWS)
def test_an_address_opens_in_its_own_row_alone(api, stack, db, damage, product, how):
    me, other = api.customer(), api.customer()
    ids = []
    for person in (me, other):
        order_of(person, product, whole_address())
        person.fill_cart(variant_ids(product)[0])
        entry = person.post("/v1/me/addresses", ADDRESS).json()["id"]
        person.put("/v1/cart/shipping-address", {"address_id": entry})
        ids.append([r["id"] for r in db.rows(
            f"SELECT HEX(id) AS id FROM address WHERE account_id = x'{bare(person.id)}' ORDER BY id")])
    for mine, theirs in zip(*ids):
        damage(how, "address", "sealed", mine, theirs)
    for path in ("/v1/me/addresses", "/v1/cart", "/v1/orders"):
        refused(me.get(path), stack, "address.sealed")
        assert other.get(path).status_code == 200
    refused(me.checkout(), stack, "address.sealed")
