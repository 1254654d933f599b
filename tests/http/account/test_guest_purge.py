"""Guests whom nobody can be any more are deleted with all that was theirs; others are not."""
import pytest

import client
import sealed
from client import ADDRESS, unique_email, until
from shop import make_product, variant_ids
from personal import bare, rows_about

KEEP_D = 7


@pytest.fixture(scope="module")
def lone(module_stack):
    return module_stack("guests", workers=2, guest_keep_d=KEEP_D)


@pytest.fixture(scope="module")
def variant(lone):
    return variant_ids(make_product(client.Api(lone).staff(), stock=1000))[0]


def ended(stack, person, days, how="revoked_at"):
    """Their sessions ended so long ago, and everything of theirs is older."""
    ago = f"UTC_TIMESTAMP(3) - INTERVAL {days * 24} HOUR"
    stack.admin().rows(f"UPDATE session SET {how} = {ago} WHERE account_id = x'{bare(person.id)}'")
    stack.admin().rows(f"UPDATE account SET created_at = {ago} - INTERVAL 1 DAY"
                       f" WHERE id = x'{bare(person.id)}'")


def walk(stack):
    """A runner, whose first turn looks at all guests."""
    done = "the last guest, who comes after all others"
    last = client.Api(stack).guest()
    ended(stack, last, KEEP_D + 1)
    with stack.jobs():
        until(lambda: not exists(stack, last), what=done)


def exists(stack, person):
    return stack.db().rows(f"SELECT 1 FROM account WHERE id = x'{bare(person.id)}'")


def busy_guest(stack, variant):
    """One with something in every table that a guest may have rows in."""
    api = client.Api(stack)
    guest = client.Person(api, api.post("/v1/auth/guest", key=client.unique_key()))
    guest.fill_cart(variant)
    assert guest.post("/v1/me/addresses", ADDRESS, key=client.unique_key()).status_code == 201
    email = unique_email()
    sent = {"email": email, "password": client.PASSWORD, "name": "Ada"}
    assert api.post("/v1/auth/register", sent, token=guest.token).status_code == 202
    sealed.queue_mail(stack, email, "order_placed", {"number": "1", "total": "1"}, account_id=f"x'{bare(guest.id)}'",
                      next_at="UTC_TIMESTAMP(3) + INTERVAL 1 DAY")
    return guest


@pytest.mark.req("PII-2")
def test_nothing_is_left_of_an_idle_guest(lone, variant):
    guest = busy_guest(lone, variant)
    cart = lone.db().value(f"SELECT HEX(id) FROM cart WHERE account_id = x'{bare(guest.id)}'")
    assert {"account", "account_address", "address", "cart", "idempotency", "mail", "mailed_code",
            "session"} <= rows_about(lone.db(), guest.id)
    ended(lone, guest, KEEP_D + 1)
    walk(lone)
    assert rows_about(lone.db(), guest.id) <= {"audit_log"}
    assert not lone.db().rows(f"SELECT 1 FROM cart_item WHERE cart_id = x'{cart}'")


def test_who_stays(lone, variant):
    api = client.Api(lone)
    lives, lately, expired_lately, ordered, customer = (
        api.guest(), api.guest(), api.guest(), api.guest(), api.customer())
    two = api.guest()
    ordered.fill_cart(variant)
    assert ordered.checkout().status_code == 201
    ended(lone, lately, KEEP_D - 1)
    ended(lone, expired_lately, KEEP_D - 1, "expires_at")
    ended(lone, ordered, KEEP_D + 30)
    ended(lone, customer, KEEP_D + 30)
    ended(lone, two, KEEP_D + 1)
    lone.admin().rows(
        "INSERT INTO session (id, account_id, created_at, rotated_at, expires_at, authenticated_at)"
        f" SELECT RANDOM_BYTES(16), x'{bare(two.id)}', t, t, t + INTERVAL 1 DAY, t"
        " FROM (SELECT UTC_TIMESTAMP(3) AS t) AS now")
    gone = api.guest()
    ended(lone, gone, KEEP_D + 1, "expires_at")
    walk(lone)
    assert not exists(lone, gone)
    for person in (lives, lately, expired_lately, ordered, customer, two):
        assert exists(lone, person)
    assert lives.get("/v1/cart").status_code == 200
    address = f"SELECT COUNT(*) FROM address WHERE account_id = x'{bare(ordered.id)}'"
    assert lone.db().value(address) == "1"


def test_many_at_once(lone):
    """More than a run looks at, with others among them."""
    lone.admin().rows(
        "INSERT INTO account (id, kind, locale, created_at, updated_at)"
        " SELECT UNHEX(CONCAT('0000', LPAD(HEX(seq), 28, '0'))), 0, 'en', '2020-01-01', '2020-01-01'"
        f" FROM {client.numbers(1500)}")
    lone.admin().rows(
        "INSERT INTO session (id, account_id, created_at, rotated_at, expires_at, authenticated_at)"
        " SELECT id, id, '2020-01-01', '2020-01-01', '2100-01-01', '2020-01-01' FROM account"
        " WHERE id < x'0001' AND CONV(RIGHT(HEX(id), 4), 16, 10) % 10 = 0")
    walk(lone)
    left = lone.db().rows("SELECT HEX(id) AS id FROM account WHERE id < x'0001'")
    assert sorted(int(r["id"], 16) % 2 ** 32 for r in left) == list(range(10, 1501, 10))
    lone.admin().rows("DELETE FROM session WHERE account_id < x'0001'")
    lone.admin().rows("DELETE FROM account WHERE id < x'0001'")


@pytest.mark.req("SQL-1")
def test_the_program_can_delete_no_one_else(lone, variant):
    """Not by its database account either: only guests who never ordered."""
    api = client.Api(lone)
    customer, buyer = api.customer(), api.guest()
    buyer.fill_cart(variant)
    assert buyer.checkout().status_code == 201
    for person in (customer, buyer):
        lone.sql_as("merx", f"DELETE FROM guest WHERE id = x'{bare(person.id)}'")
        assert exists(lone, person)
    done = lone.sql_as("merx", f"DELETE FROM account WHERE id = x'{bare(customer.id)}'")
    assert done.returncode != 0 and "denied" in done.stderr and exists(lone, customer)
