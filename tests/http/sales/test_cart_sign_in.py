"""A guest signs in: the whole cart and the orders come along, and what could not is told."""
import pytest
from client import ADDRESS, PASSWORD, Person, at_once, problem, unique_email, unique_key
from factor import enrol
from life import leave
from load import ways
from shop import make_product, variant_ids


def add(person, variant, quantity=1):
    added = person.post("/v1/cart/items", {"variant_id": variant, "quantity": quantity})
    assert added.status_code == 201, added.text
    return added.json()


def sign_in(api, customer, guest):
    return api.login(customer.email, customer.password, token=guest.token)


def lines(cart):
    return {i["variant_id"]: i["quantity"] for i in cart["items"]}


@pytest.fixture
def guest(api):
    return api.guest()


def test_lines_add_up(api, customer, guest, staff):
    one, two = variant_ids(make_product(staff, variants=2))
    add(customer, one, 1)
    add(guest, one, 2)
    add(guest, two, 3)
    cart = sign_in(api, customer, guest).get("/v1/cart").json()
    assert lines(cart) == {one: 3, two: 3} and cart["warnings"] == []


def test_a4_the_whole_cart_comes_along(api, customer, guest, staff):
    """Address, method, tax and words: the order can be placed at once, for the same money."""
    (variant,) = variant_ids(make_product(staff, price=1050))
    there = ADDRESS | {"line1": "Hinterhaus 7"}
    guest.fill_cart(variant, 3)
    guest.put("/v1/cart/shipping-address", there)
    words = {"email": "else@example.com", "note": "Ring twice", "metadata": {"shop": "east"}}
    before = guest.patch("/v1/cart", words).json()
    person = sign_in(api, customer, guest)
    after = person.get("/v1/cart").json()
    assert after["tax_total"]["amount"] > 0 and after["shipping_total"]["amount"] > 0
    for same in ("shipping_address", "shipping_method", "subtotal", "shipping_total", "tax_total",
                 "total", "email", "note", "metadata", "requirements", "warnings"):
        assert after[same] == before[same], same
    order = person.checkout(expected_total=before["total"]).json()
    assert (order["email"], order["note"], order["metadata"]) == tuple(words.values())
    assert order["addresses"]["shipping"]["line1"] == "Hinterhaus 7"


def test_a4_what_the_guest_chose_counts_before_what_was_there(api, customer, guest, staff):
    (variant,) = variant_ids(make_product(staff))
    customer.fill_cart(variant)
    customer.patch("/v1/cart", {"note": "Mine"})
    guest.put("/v1/cart/shipping-address", ADDRESS | {"country": "JP", "region": "Tokyo"})
    cart = sign_in(api, customer, guest).get("/v1/cart").json()
    assert cart["shipping_address"]["country"] == "JP" and cart["note"] == "Mine"
    assert lines(cart) == {variant: 1}


def test_a5_a_new_price_is_told_behind_a_sign_in(api, customer, guest, staff):
    product = make_product(staff, price=1000)
    add(guest, *variant_ids(product))
    sent = {"sku": product["variants"][0]["sku"], "price": {"amount": 900, "currency": "EUR"}}
    staff.patch(f"/v1/admin/products/{product['id']}", {"variants": [sent]})
    (warning,) = sign_in(api, customer, guest).get("/v1/cart").json()["warnings"]
    assert warning["code"] == "price_changed" and warning["was"]["amount"] == 1000


def test_a6_lines_that_did_not_fit_are_told_by_name(api, customer, guest, staff):
    """60 lines and 60 others: 20 of the guest's do not fit."""
    mine, theirs = (make_product(staff, variants=60) for _ in range(2))
    for variant in variant_ids(mine):
        add(customer, variant)
    for variant in variant_ids(theirs):
        add(guest, variant, 2)
    person = sign_in(api, customer, guest)
    assert person.send("HEAD", "/v1/cart").status_code == 200
    cart = person.patch("/v1/cart", {"note": "x"}).json()
    assert len(cart["items"]) == 100
    for cart in (cart, person.get("/v1/cart").json()):
        lost = [w for w in cart["warnings"] if w["code"] == "not_kept"]
        assert len(lost) == len(cart["warnings"]) == 20
        assert {w["reason"] for w in lost} == {"line_limit"} and {w["item_id"] for w in lost} == {None}
        assert {w["variant_id"] for w in lost} == set(variant_ids(theirs)[40:])
        assert {w["quantity"] for w in lost} == {2}
        assert all(w["title"] == theirs["title"] and theirs["title"] in w["detail"] for w in lost)
        assert {w["sku"] for w in lost} == {v["sku"] for v in theirs["variants"][40:]}
    assert person.get("/v1/cart").json()["warnings"] == []


def test_a6_more_than_a_line_holds(api, customer, guest, staff):
    (variant,) = variant_ids(make_product(staff, stock=5000))
    add(customer, variant, 600)
    add(guest, variant, 600)
    cart = sign_in(api, customer, guest).get("/v1/cart").json()
    assert lines(cart) == {variant: 999}
    (warning,) = cart["warnings"]
    assert (warning["reason"], warning["quantity"]) == ("quantity_limit", 201)


def test_a6_another_currency(api, customer, guest, staff, stack):
    """As when the shop has changed its currency between the two carts."""
    product = make_product(staff)
    (variant,) = variant_ids(product)
    add(guest, variant, 3)
    add(customer, *variant_ids(make_product(staff)))
    stack.admin().rows("UPDATE cart SET currency = 'USD' WHERE account_id = "
                       f"x'{guest.id.replace('-', '')}'")
    cart = sign_in(api, customer, guest).get("/v1/cart").json()
    (warning,) = cart["warnings"]
    assert (warning["reason"], warning["variant_id"], warning["quantity"]) == ("currency", variant, 3)
    assert cart["currency"] == "EUR" and len(cart["items"]) == 1


def test_a6_less_stock_than_both_want(api, customer, guest, staff):
    product = make_product(staff, stock=7)
    (variant,) = variant_ids(product)
    add(customer, variant, 5)
    add(guest, variant, 5)
    cart = sign_in(api, customer, guest).get("/v1/cart").json()
    assert lines(cart) == {variant: 10}
    (warning,) = cart["warnings"]
    assert warning["code"] == "not_enough_stock" and warning["title"] == product["title"]


def test_a6_notices_of_two_sign_ins(api, customer, staff):
    (variant,) = variant_ids(make_product(staff, stock=5000))
    for _ in range(3):
        guest = api.guest()
        add(guest, variant, 900)
        person = sign_in(api, customer, guest)
    lost = [w["quantity"] for w in person.get("/v1/cart").json()["warnings"]]
    assert lost == [801, 900]


def test_a17_the_orders_come_along(api, customer, guest, staff):
    guest.fill_cart(*variant_ids(make_product(staff)))
    order = guest.checkout().json()
    person = sign_in(api, customer, guest)
    assert [o["id"] for o in person.get("/v1/orders").json()["data"]] == [order["id"]]
    assert person.get(f"/v1/orders/{order['id']}").json() == order
    exported = person.get("/v1/me/export").json()
    assert [o["id"] for o in exported["orders"]] == [order["id"]]
    assert person.post(f"/v1/orders/{order['id']}/cancel").json()["status"] == "cancelled"


def test_a17_nothing_of_anybody_else_comes_along(api, customer, guest, staff):
    (variant,) = variant_ids(make_product(staff))
    other = api.guest()
    other.fill_cart(variant)
    theirs = other.checkout().json()
    guest.get("/v1/cart")
    person = sign_in(api, customer, guest)
    assert person.get("/v1/orders").json()["data"] == []
    assert other.get(f"/v1/orders/{theirs['id']}").status_code == 200


def test_nothing_of_an_order_is_left_behind(api, customer, guest, staff, db):
    """A guest without orders goes at some time, with what is theirs: the order's address and cart are
    not. An order that was not paid still comes back as a cart."""
    (variant,) = variant_ids(make_product(staff))
    guest.fill_cart(variant)
    order = guest.checkout("tok_declined").json()["order_id"]
    guest.fill_cart(variant)
    person = sign_in(api, customer, guest)
    key = guest.id.replace("-", "")
    for table in ("address", "cart", "orders", "account_address"):
        assert db.value(f"SELECT COUNT(*) FROM {table} WHERE account_id = x'{key}'") == "0", table
    assert person.post(f"/v1/orders/{order}/cancel").status_code == 200
    cart = person.get("/v1/cart").json()
    assert lines(cart) == {variant: 2} and cart["shipping_address"]["line1"] == ADDRESS["line1"]


def test_a4_the_address_book_comes_along(api, customer, guest):
    theirs = guest.post("/v1/me/addresses", ADDRESS | {"city": "Potsdam"}).json()
    person = sign_in(api, customer, guest)
    assert person.get("/v1/me/addresses").json()["data"] == [theirs]
    other = api.guest()
    second = other.post("/v1/me/addresses", ADDRESS).json()
    person = sign_in(api, customer, other)
    assert person.get("/v1/me/addresses").json()["data"] == [second | {"is_default": False}, theirs]


def test_a_checkout_repeated_behind_sign_in_is_the_same(api, customer, guest, staff):
    """An answer was lost, the guest signed in, and the app repeats its request: there is one order."""
    (variant,) = variant_ids(make_product(staff))
    guest.fill_cart(variant)
    there, key = guest.get("/v1/cart").json(), unique_key()
    sent = {"payment": {"provider": "sandbox", "token": "tok_ok"}, "email": "else@example.com",
            "items": [{"variant_id": variant, "quantity": 1}], "shipping_address": ADDRESS,
            "shipping_method_id": there["shipping_method"]["id"]}
    first = guest.post("/v1/checkout", sent, key=key)
    assert first.status_code == 201
    person = sign_in(api, customer, guest)
    again = person.post("/v1/checkout", sent, key=key)
    assert again.status_code == 201 and again.headers.get("Idempotency-Replayed") == "true"
    assert again.json() == first.json()
    assert [o["id"] for o in person.get("/v1/orders").json()["data"]] == [first.json()["id"]]
    assert person.post("/v1/checkout", sent | {"note": "x"}, key=key).status_code == 422


def test_keys_that_both_have_used(api, customer, guest, staff):
    """Each has its own answer still, and signing in works."""
    (variant,) = variant_ids(make_product(staff))
    key, line = unique_key(), {"variant_id": variant, "quantity": 1}
    assert guest.post("/v1/cart/items", line, key=key).status_code == 201
    mine = customer.post("/v1/cart/items", line, key=key)
    person = sign_in(api, customer, guest)
    again = person.post("/v1/cart/items", line, key=key)
    assert again.json() == mine.json() and again.headers["Idempotency-Replayed"] == "true"


# ---- the guest's token afterwards


def writes(api, guest, variant):
    """Answers to all that could leave something of the guest behind."""
    line = {"variant_id": variant, "quantity": 1}
    bought = {"items": [line], **ways(api)}
    yield guest.get("/v1/cart")
    yield guest.post("/v1/cart/items", line)
    yield guest.patch("/v1/cart", {"note": "x"})
    yield guest.put("/v1/cart/shipping-address", ADDRESS)
    yield guest.post("/v1/me/addresses", ADDRESS)
    yield guest.checkout(**bought)
    yield guest.checkout(shipping_address=ADDRESS)


def test_the_guest_has_ended(api, customer, guest, staff, db):
    (variant,) = variant_ids(make_product(staff))
    guest.fill_cart(variant)
    declined = guest.checkout("tok_declined").json()["order_id"]
    add(guest, variant)
    person = sign_in(api, customer, guest)
    for answer in (guest.get("/v1/me"), guest.get("/v1/orders"), guest.post(f"/v1/orders/{declined}/cancel"),
                   *writes(api, guest, variant)):
        problem(answer, 401, "unauthorized")
    problem(api.post("/v1/auth/refresh", {"refresh_token": guest.refresh_token}), 401,
            "invalid_refresh_token")
    assert lines(person.get("/v1/cart").json()) == {variant: 1}
    assert [o["id"] for o in person.get("/v1/orders").json()["data"]] == [declined]
    assert db.value(f"SELECT COUNT(*) AS n FROM cart WHERE account_id = x'{guest.id.replace('-', '')}'") == "0"


def test_the_guest_has_ended_on_another_host(api, customer, guest, staff, stack, db):
    """Until this host knows, the token is good; all the same nothing is put where nobody looks."""
    (variant,) = variant_ids(make_product(staff))
    key = guest.id.replace("-", "")
    stack.admin().run(f"UPDATE account SET merged_into = x'{customer.id.replace('-', '')}' WHERE id = x'{key}'")
    for answer in writes(api, guest, variant):
        problem(answer, 401, "unauthorized")
    for table in ("cart", "address", "orders", "account_address"):
        assert db.value(f"SELECT COUNT(*) AS n FROM {table} WHERE account_id = x'{key}'") == "0", table


def test_a_sign_in_may_be_repeated(api, customer, guest, staff):
    """Its answer was lost: the guest's token is still good for that, and for nothing else."""
    (variant,) = variant_ids(make_product(staff))
    add(guest, variant, 2)
    sent, key = {"email": customer.email, "password": PASSWORD}, unique_key()
    first, again = (guest.post("/v1/auth/login", sent, key=key) for _ in range(2))
    assert first.status_code == 200 and again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    without_key = guest.post("/v1/auth/login", sent)
    assert without_key.status_code == 200
    for answer in (first, without_key):
        assert lines(api.get("/v1/cart", token=answer.json()["access_token"]).json()) == {variant: 2}
    problem(guest.get("/v1/cart"), 401, "unauthorized")


def test_a_guest_who_signed_out_brings_nothing_along(api, customer, guest, staff):
    """The next one at the device has the token still."""
    add(guest, *variant_ids(make_product(staff)))
    assert guest.post("/v1/auth/logout").status_code == 204
    assert sign_in(api, customer, guest).get("/v1/cart").json()["items"] == []


def test_a_guest_who_signed_in_becomes_nobody_else(api, customer, guest, staff, mailbox):
    """A code that was asked for before makes an account of its own, which stays when the first ends."""
    address, (variant,) = unique_email(), variant_ids(make_product(staff))
    asked = guest.post("/v1/auth/register", {"email": address, "password": PASSWORD, "name": "Grace"})
    add(guest, variant)
    person = sign_in(api, customer, guest)
    verified = api.verify(address, mailbox.code(address), asked.json()["handle"])
    other = Person(api, verified, address, PASSWORD)
    assert other.id not in (guest.id, person.id)
    assert other.get("/v1/cart").json()["items"] == []
    assert leave(person).status_code == 204
    assert other.get("/v1/me").json()["email"] == address


def test_a_guest_signs_in_once(api, customer, guest, staff, stack):
    """A second factor that comes behind another sign-in finds nothing to bring along."""
    (variant,) = variant_ids(make_product(staff))
    slow = api.customer()
    app = enrol(stack, slow)
    add(guest, variant)
    waits = guest.post("/v1/auth/login", {"email": slow.email, "password": PASSWORD}).json()
    person = sign_in(api, customer, guest)
    sent = {"mfa_token": waits["mfa_token"], "method": "totp", "code": app.code()}
    late = Person(api, api.post("/v1/auth/mfa", sent))
    assert late.get("/v1/cart").json()["items"] == []
    assert lines(person.get("/v1/cart").json()) == {variant: 1}
    assert leave(person).status_code == 204 and late.get("/v1/me").status_code == 200


def test_what_is_added_while_signing_in(api, staff):
    """A line is in the account's cart, or its request was refused."""
    (variant,) = variant_ids(make_product(staff, stock=1000))
    for _ in range(5):
        customer, guest = api.customer(), api.guest()
        twins = [guest.clone() for _ in range(6)]
        answers = at_once(6, lambda i: sign_in(twins[i].api, customer, guest) if i == 0 else
                          twins[i].post("/v1/cart/items", {"variant_id": variant, "quantity": 1}).status_code)
        person, *added = answers
        assert set(added) <= {201, 401}
        assert sum(lines(person.get("/v1/cart").json()).values()) == added.count(201)
