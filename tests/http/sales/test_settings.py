"""Taxes and shipping as staff set them count from the next time that a cart is read."""
import pytest

from client import ADDRESS, faults
from shop import make_product, variant_ids

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
    assert faults(again) == [("/shipping_method_id", "unknown")]


def test_an_order_keeps_the_name_of_its_method(cart, staff, method):
    sent = {"payment": {"provider": "sandbox", "token": "tok_ok"}, "email": "a@example.com"}
    order = cart.post("/v1/checkout", sent, headers={"Idempotency-Key": method})
    assert order.status_code == 201, order.text
    assert staff.delete(method).status_code == 204
    after = cart.get(f"/v1/orders/{order.json()['id']}").json()
    assert after["shipping_method"]["name"] == "By boat" and after["shipping_total"] == euro(700)
