"""Carts: adding, changing, totals, warnings, shipping. API section 5."""
import pytest
from client import ADDRESS, faults, problem
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shop import make_product, variant_ids

UNKNOWN = "018f0000-0000-7000-8000-000000000000"


def add(person, variant, quantity=1, **how):
    return person.post("/v1/cart/items", {"variant_id": variant, "quantity": quantity}, **how)


def check_totals(cart):
    """The cart adds up."""
    amount = {k: cart[k]["amount"] for k in
              ("subtotal", "discount_total", "shipping_total", "tax_total", "total")}
    assert amount["subtotal"] == sum(i["line_total"]["amount"] for i in cart["items"])
    for item in cart["items"]:
        assert item["line_total"]["amount"] == item["unit_price"]["amount"] * item["quantity"]
    assert amount["total"] == (amount["subtotal"] - amount["discount_total"]
                               + amount["shipping_total"] + amount["tax_total"])
    return amount


def test_a_cart_is_made_when_there_is_none(guest):
    first = guest.get("/v1/cart")
    assert first.status_code == 200
    assert first.json()["items"] == [] and first.json()["total"]["amount"] == 0
    assert guest.get("/v1/cart").json()["id"] == first.json()["id"]
    assert first.headers["Cache-Control"] == "no-store"


def test_needs_a_token(api):
    problem(api.get("/v1/cart"), 401, "unauthorized")


def test_adding_adds_up(guest, staff):
    (variant,) = variant_ids(make_product(staff, price=1299, stock=10))
    assert add(guest, variant, 2).status_code == 201
    cart = add(guest, variant, 3).json()
    assert [i["quantity"] for i in cart["items"]] == [5]
    assert check_totals(cart)["subtotal"] == 5 * 1299


def test_beyond_the_stock(guest, staff):
    (variant,) = variant_ids(make_product(staff, stock=4))
    assert add(guest, variant, 4).status_code == 201
    body = problem(add(guest, variant, 1), 409, "out_of_stock")
    assert body["errors"][0]["code"] == "out_of_stock"
    assert guest.get("/v1/cart").json()["items"][0]["quantity"] == 4
    item = guest.get("/v1/cart").json()["items"][0]["id"]
    problem(guest.patch(f"/v1/cart/items/{item}", {"quantity": 5}), 409, "out_of_stock")


def test_all_faults_at_once(guest):
    sent = {"variant_id": "nonsense", "quantity": 0, "price": 1}
    assert faults(guest.post("/v1/cart/items", sent)) == [
        ("/price", "unknown_member"), ("/quantity", "out_of_range"), ("/variant_id", "bad_format")]
    assert ("/variant_id", "unknown") in faults(add(guest, UNKNOWN))


@pytest.mark.req("INP-3")
def test_a_line_holds_999(guest, staff):
    (variant,) = variant_ids(make_product(staff, stock=5000))
    assert add(guest, variant, 999).status_code == 201
    assert ("/quantity", "out_of_range") in faults(add(guest, variant, 1))


def test_drafts_cannot_be_bought(guest, staff):
    (variant,) = variant_ids(make_product(staff, status="draft"))
    assert ("/variant_id", "unknown") in faults(add(guest, variant))


def test_changing_and_removing_a_line(guest, staff):
    one, two = variant_ids(make_product(staff, variants=2))
    add(guest, one, 1)
    cart = add(guest, two, 2).json()
    first, second = cart["items"]
    assert guest.patch(f"/v1/cart/items/{first['id']}", {"quantity": 7}).json()["items"][0]["quantity"] == 7
    left = guest.patch(f"/v1/cart/items/{first['id']}", {"quantity": 0}).json()
    assert [i["id"] for i in left["items"]] == [second["id"]]
    assert guest.delete(f"/v1/cart/items/{second['id']}").json()["items"] == []
    problem(guest.delete(f"/v1/cart/items/{second['id']}"), 404, "not_found")
    problem(guest.patch(f"/v1/cart/items/{second['id']}", {"quantity": 1}), 404, "not_found")


@pytest.mark.req("AZ-2")
def test_another_cart_is_not_there(api, staff):
    (variant,) = variant_ids(make_product(staff))
    owner, stranger = api.guest(), api.guest()
    item = add(owner, variant).json()["items"][0]["id"]
    stranger.get("/v1/cart")
    theirs = stranger.delete(f"/v1/cart/items/{item}")
    nobody = stranger.delete(f"/v1/cart/items/{UNKNOWN}")
    problem(theirs, 404, "not_found")
    a, b = theirs.json(), nobody.json()
    a.pop("request_id"), b.pop("request_id")
    assert a == b
    assert len(owner.get("/v1/cart").json()["items"]) == 1


def test_a_new_price_is_shown_and_told_once(guest, staff):
    product = make_product(staff, price=1000)
    (variant,) = variant_ids(product)
    add(guest, variant)
    sku = product["variants"][0]["sku"]
    changed = staff.patch(
        f"/v1/admin/products/{product['id']}",
        {"variants": [{"sku": sku, "price": {"amount": 900, "currency": "EUR"}}]})
    assert changed.status_code == 200, changed.text
    cart = guest.get("/v1/cart").json()
    assert cart["items"][0]["unit_price"]["amount"] == 900
    assert [w["code"] for w in cart["warnings"]] == ["price_changed"]
    assert guest.get("/v1/cart").json()["warnings"] == []


def test_withdrawn_articles_are_told(guest, staff):
    product = make_product(staff)
    add(guest, *variant_ids(product))
    assert staff.delete(f"/v1/admin/products/{product['id']}").status_code == 204
    cart = guest.get("/v1/cart").json()
    assert not cart["items"][0]["available"]
    assert [w["code"] for w in cart["warnings"]] == ["not_available"]


def test_tax_and_shipping_follow_the_address(guest, staff):
    (variant,) = variant_ids(make_product(staff, price=1050))
    cart = guest.fill_cart(variant, 3)
    amount = check_totals(cart)
    assert cart["shipping_address"]["country"] == "DE"
    assert cart["shipping_address"]["company"] is None
    assert amount["tax_total"] > 0
    assert amount["shipping_total"] == cart["shipping_method"]["price"]["amount"]
    elsewhere = guest.put("/v1/cart/shipping-address", ADDRESS | {"country": "JP"}).json()
    assert check_totals(elsewhere)["tax_total"] == 0


def test_an_entry_of_the_address_book(customer):
    entry = customer.post("/v1/me/addresses", ADDRESS).json()
    cart = customer.put("/v1/cart/shipping-address", {"address_id": entry["id"]}).json()
    assert cart["shipping_address"]["line1"] == ADDRESS["line1"]
    assert faults(customer.put("/v1/cart/shipping-address", {"address_id": UNKNOWN})) == [
        ("/address_id", "unknown")]
    both = {"address_id": entry["id"], "city": "Bonn"}
    assert faults(customer.put("/v1/cart/shipping-address", both)) == [("/city", "unknown_member")]
    assert faults(customer.put("/v1/cart/shipping-address", {"name": "A"})) == [
        (f"/{m}", "required") for m in ("city", "country", "line1", "postal_code")]


def test_a_method_that_is_not_offered(guest):
    guest.get("/v1/cart")
    sent = {"shipping_method_id": UNKNOWN}
    assert faults(guest.put("/v1/cart/shipping-method", sent)) == [("/shipping_method_id", "unknown")]


def test_a_guests_cart_is_merged_at_sign_in(api, customer, staff):
    one, two = variant_ids(make_product(staff, variants=2))
    add(customer, one, 1)
    guest = api.guest()
    add(guest, one, 2)
    add(guest, two, 3)
    back = api.login(customer.email, customer.password, token=guest.token)
    cart = back.get("/v1/cart").json()
    assert {i["variant_id"]: i["quantity"] for i in cart["items"]} == {one: 3, two: 3}


@settings(max_examples=25, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prices=st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 999)), min_size=1, max_size=4))
@pytest.mark.req("INP-3")
def test_totals_always_add_up(api, staff, prices):
    guest = api.guest()
    for price, quantity in prices:
        (variant,) = variant_ids(make_product(staff, price=price, stock=999))
        cart = add(guest, variant, quantity).json()
        check_totals(cart)
    cart = guest.put("/v1/cart/shipping-address", ADDRESS).json()
    assert check_totals(cart)["subtotal"] == sum(p * q for p, q in prices)
