"""Taxes and shipping as staff set them count from the next time that a cart is read."""
import threading
import uuid

import pytest

from client import ADDRESS, faults, problem
from shop import make_product, variant_ids

PRODUCTS = "/v1/admin/products"

METHODS = "/v1/admin/shipping-methods"
RATES = "/v1/admin/tax-rates"
# No demo data is about it.
COUNTRY = "IS"


def euro(amount):
    return {"amount": amount, "currency": "EUR"}


@pytest.fixture
def method(staff):
    """A way to ship to COUNTRY, for this test alone."""
    sent = {"name": "By boat", "days_min": 3, "days_max": 8,
            "rates": [{"country": COUNTRY, "price": euro(700), "free_from": euro(9000)}]}
    made = staff.post(METHODS, sent)
    assert made.status_code == 201, made.text
    yield f"{METHODS}/{made.json()['id']}"
    staff.delete(f"{METHODS}/{made.json()['id']}")


@pytest.fixture
def rate(staff):
    made = staff.post(RATES, {"country": COUNTRY, "class": "standard", "rate_ppm": 240000, "name": "VSK 24 %"})
    assert made.status_code == 201, made.text
    yield f"{RATES}/{made.json()['id']}"
    staff.delete(f"{RATES}/{made.json()['id']}")


@pytest.fixture
def cart(guest, staff, method):
    """Of 2000, shipped by the method."""
    (variant,) = variant_ids(make_product(staff, price=1000, stock=100))
    guest.post("/v1/cart/items", {"variant_id": variant, "quantity": 2})
    assert guest.put("/v1/cart/shipping-address", ADDRESS | {"country": COUNTRY}).status_code == 200
    chosen = guest.put("/v1/cart/shipping-method", {"shipping_method_id": method.rsplit("/", 1)[1]})
    assert chosen.status_code == 200, chosen.text
    return guest


def amounts(cart):
    body = cart.get("/v1/cart").json()
    return tuple(body[k]["amount"] for k in ("subtotal", "shipping_total", "tax_total", "total"))


def offered(cart):
    return {o["id"] for o in cart.get("/v1/cart/shipping-methods").json()["data"]}


def test_a_rate_of_tax(cart, staff, rate):
    assert amounts(cart) == (2000, 700, 648, 3348)
    assert staff.patch(rate, {"rate_ppm": 110000}).status_code == 200
    assert amounts(cart) == (2000, 700, 297, 2997)
    assert staff.delete(rate).status_code == 204
    assert amounts(cart) == (2000, 700, 0, 2700)


def test_a_price_of_shipping(cart, staff, method):
    assert amounts(cart) == (2000, 700, 0, 2700)
    rates = [{"country": COUNTRY, "price": euro(900)}, {"country": None, "price": euro(100)}]
    assert staff.patch(method, {"rates": rates}).status_code == 200
    assert amounts(cart) == (2000, 900, 0, 2900)
    assert staff.patch(method, {"rates": [{"price": euro(100), "free_from": euro(2000)}]}).status_code == 200
    assert amounts(cart) == (2000, 0, 0, 2000), "free from the subtotal on"


@pytest.mark.parametrize("end", ("delete", "deactivate"))
def test_a_method_that_an_open_cart_uses_goes(cart, staff, method, end):
    """The cart loses it, is not offered it any more and can be read; the others stay."""
    mine = method.rsplit("/", 1)[1]
    assert mine in offered(cart)
    done = staff.delete(method) if end == "delete" else staff.patch(method, {"active": False})
    assert done.status_code in (200, 204)
    assert amounts(cart) == (2000, 0, 0, 2000)
    assert cart.get("/v1/cart").json()["shipping_method"] is None
    assert mine not in offered(cart) and offered(cart)
    again = cart.put("/v1/cart/shipping-method", {"shipping_method_id": mine})
    assert faults(again) == [("/shipping_method_id", "unknown_value")]


def test_an_order_keeps_the_name_of_its_method(cart, staff, method):
    sent = {"payment": {"provider": "sandbox", "token": "tok_ok"}, "email": "a@example.com"}
    order = cart.post("/v1/checkout", sent, headers={"Idempotency-Key": method})
    assert order.status_code == 201, order.text
    assert staff.delete(method).status_code == 204
    after = cart.get(f"/v1/orders/{order.json()['id']}").json()
    assert after["shipping_method"]["name"] == "By boat" and after["shipping_total"] == euro(700)


# ---- classes of tax


@pytest.fixture
def taxed(staff):
    """Makes the rate of a class of its own: (class, path of the rate)."""
    def make(tax_class=None, country=COUNTRY):
        tax_class = tax_class or f"c-{uuid.uuid4().hex[:12]}"
        made = staff.post(RATES, {"country": country, "class": tax_class, "rate_ppm": 0, "name": "None"})
        assert made.status_code == 201, made.text
        return tax_class, f"{RATES}/{made.json()['id']}"
    return make


def draft(tax_class):
    name = uuid.uuid4().hex[:12]
    return {"title": name, "tax_class": tax_class, "variants": [{"sku": name, "price": euro(100)}]}


def allowed(answer):
    (fault,) = problem(answer, 422, "validation_failed")["errors"]
    assert fault["code"] == "unknown_value"
    return fault["pointer"], fault["params"]["allowed"]


def test_a_class_that_no_rate_has(staff, taxed):
    tax_class, _ = taxed()
    product = staff.post(PRODUCTS, draft(tax_class)).json()
    for answer in (staff.post(PRODUCTS, draft("no-such-class")),
                   staff.patch(f"{PRODUCTS}/{product['id']}", {"tax_class": "no-such-class"})):
        pointer, names = allowed(answer)
        assert pointer == "/tax_class" and {"standard", "reduced", tax_class} <= set(names)
    assert staff.get(f"{PRODUCTS}/{product['id']}").json() == product


@pytest.fixture
def untaxed(stack):
    """No tax rates at all, for this test alone."""
    stack.admin().run("CREATE TABLE aside AS SELECT * FROM tax_rate; DELETE FROM tax_rate")
    yield
    stack.admin().run("REPLACE INTO tax_rate SELECT * FROM aside; DROP TABLE aside")


def test_a_store_that_has_no_taxes_yet(staff, untaxed):
    """Products of the class that is the default may come first; other classes begin with a rate."""
    made = staff.post(PRODUCTS, draft("standard"))
    assert made.status_code == 201, made.text
    assert allowed(staff.post(PRODUCTS, draft("reduced"))) == ("/tax_class", ["standard"])
    new = {"country": COUNTRY, "class": "reduced", "rate_ppm": 110000, "name": "VSK 11 %"}
    assert staff.post(RATES, new).status_code == 201
    assert staff.post(PRODUCTS, draft("reduced")).status_code == 201
    assert allowed(staff.post(PRODUCTS, draft("no-such-class"))) == ("/tax_class", ["standard", "reduced"])


def test_a_product_of_a_class_that_lost_its_rates_is_still_written(staff, taxed, stack):
    """As one from before there was a check is: only what takes the class anew is refused."""
    product = staff.post(PRODUCTS, draft(taxed()[0])).json()
    stack.admin().run(f"UPDATE product SET tax_class = 'lost' WHERE id = x'{product['id'].replace('-', '')}'")
    done = staff.patch(f"{PRODUCTS}/{product['id']}", {"title": "New", "tax_class": "lost"})
    assert done.status_code == 200, done.text
    assert staff.patch(f"{PRODUCTS}/{product['id']}", {"tax_class": "standard"}).status_code == 200
    assert faults(staff.patch(f"{PRODUCTS}/{product['id']}", {"tax_class": "lost"})) == [
        ("/tax_class", "unknown_value")]


def test_the_last_rate_of_a_class_in_use(staff, taxed):
    tax_class, first = taxed()
    product = staff.post(PRODUCTS, draft(tax_class)).json()
    _, second = taxed(tax_class, "NO")
    assert staff.delete(second).status_code == 204, "not the last one"
    other = {"class": f"{tax_class}-b"}
    for answer in (staff.delete(first), staff.patch(first, other)):
        (fault,) = problem(answer, 409, "conflict")["errors"]
        assert (fault["pointer"], fault["code"]) == ("/class", "in_use")
    many = staff.post(f"{RATES}/batch", {"delete": [first.rsplit("/", 1)[1]]})
    assert problem(many, 409, "conflict")["errors"][0]["pointer"] == "/delete/0/class"
    assert staff.patch(first, {"rate_ppm": 10000, "country": "NO"}).status_code == 200

    assert staff.delete(f"{PRODUCTS}/{product['id']}").status_code == 204
    assert staff.delete(first).status_code == 204, "an archived product takes no class"
    back = staff.patch(f"{PRODUCTS}/{product['id']}", {"status": "draft"})
    assert allowed(back)[0] == "/status"
    assert staff.patch(f"{PRODUCTS}/{product['id']}",
                       {"status": "draft", "tax_class": "standard"}).status_code == 200


def test_a_product_and_the_end_of_its_class_at_once(staff, taxed, db):
    """Whichever comes first, no product is of a class without a rate."""
    for _ in range(12):
        tax_class, rate = taxed()
        made, gone = [], []
        calls = [threading.Thread(target=lambda: made.append(staff.post(PRODUCTS, draft(tax_class)).status_code)),
                 threading.Thread(target=lambda: gone.append(staff.delete(rate).status_code))]
        for call in calls:
            call.start()
        for call in calls:
            call.join()
        assert (made, gone) in (([201], [409]), ([422], [204])), (made, gone)
        assert db.value(f"SELECT COUNT(*) FROM product WHERE tax_class = '{tax_class}'") == str(made.count(201))
