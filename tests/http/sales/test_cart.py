"""Carts: adding, changing, totals, warnings, shipping. API section 5."""
import pytest
from client import ADDRESS, faults, problem
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shop import make_product, set_price, variant_ids

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
    assert ("/variant_id", "unknown_value") in faults(add(guest, UNKNOWN))


@pytest.mark.req("INP-3")
def test_a_line_holds_999(guest, staff):
    (variant,) = variant_ids(make_product(staff, stock=5000))
    assert add(guest, variant, 999).status_code == 201
    assert ("/quantity", "out_of_range") in faults(add(guest, variant, 1))


def test_drafts_cannot_be_bought(guest, staff):
    (variant,) = variant_ids(make_product(staff, status="draft"))
    assert ("/variant_id", "unknown_value") in faults(add(guest, variant))


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
        ("/address_id", "unknown_value")]
    both = {"address_id": entry["id"], "city": "Bonn"}
    assert faults(customer.put("/v1/cart/shipping-address", both)) == [("/city", "unknown_member")]
    assert faults(customer.put("/v1/cart/shipping-address", {"name": "A"})) == [
        (f"/{m}", "required") for m in ("city", "country", "line1")]


def test_an_address_needs_a_body(guest, api):
    """Each member is optional, but not all at once."""
    path = "/v1/cart/shipping-address"
    assert api.get("/v1/openapi.json").json()["paths"][path]["put"]["requestBody"]["required"] is True
    problem(guest.put(path), 415, "unsupported_media_type")
    problem(guest.put(path, data=""), 400, "malformed_json")
    assert faults(guest.put(path, {})) == [
        (f"/{m}", "required") for m in ("city", "country", "line1", "name")]


def test_a_method_that_is_not_offered(guest):
    guest.get("/v1/cart")
    sent = {"shipping_method_id": UNKNOWN}
    assert faults(guest.put("/v1/cart/shipping-method", sent)) == [("/shipping_method_id", "unknown_value")]


# ---- what a buyer sees of it, and what it needs


def eur(amount):
    return {"amount": amount, "currency": "EUR"}


def warned(cart):
    return [w["code"] for w in cart["warnings"]]


def changed_price(person, staff):
    """A cart with a line whose price went from 10.00 to 12.00."""
    product = make_product(staff, price=1000)
    cart = add(person, *variant_ids(product)).json()
    assert warned(cart) == []
    assert set_price(staff, product, 1200).status_code == 200
    return product, cart["items"][0]["id"]


def test_a5_a_warning_has_what_was_and_is(guest, staff):
    product, item = changed_price(guest, staff)
    (warning,) = guest.get("/v1/cart").json()["warnings"]
    assert (warning["code"], warning["item_id"]) == ("price_changed", item)
    assert (warning["was"], warning["now"]) == (eur(1000), eur(1200))
    assert warning["title"] == product["title"] and product["title"] in warning["detail"]
    assert guest.get("/v1/cart").json()["warnings"] == []


def test_a5_only_seeing_the_cart_uses_a_warning_up(guest, staff):
    """Writes, HEAD and other routes answer or hide it, and leave it for the next GET."""
    product, item = changed_price(guest, staff)
    (variant,) = variant_ids(product)
    for answer in (guest.patch(f"/v1/cart/items/{item}", {"quantity": 2}), add(guest, variant),
                   guest.put("/v1/cart/shipping-address", ADDRESS),
                   guest.patch("/v1/cart", {"note": "Ring twice"})):
        assert warned(answer.json()) == ["price_changed"], answer.text
    assert guest.send("HEAD", "/v1/cart").status_code == 200
    assert guest.get("/v1/cart/shipping-methods").status_code == 200
    (warning,) = guest.get("/v1/cart").json()["warnings"]
    assert (warning["was"], warning["now"]) == (eur(1000), eur(1200))
    assert warned(guest.get("/v1/cart").json()) == []


def test_j4_a_price_has_a_cap(guest, staff):
    product = make_product(staff, price=1000)
    found = faults(set_price(staff, product, 5 * 10**15))
    assert found == [("/variants/0/price/amount", "out_of_range")]
    assert set_price(staff, product, 45 * 10**9).status_code == 200


def test_j4_a_full_cart_at_the_largest_price_adds_up(guest, staff):
    for i in range(2):
        for variant in variant_ids(make_product(staff, price=45 * 10**9 - 99, stock=999, variants=50)):
            assert add(guest, variant, 999).status_code == 201
    cart = guest.put("/v1/cart/shipping-address", ADDRESS).json()
    assert check_totals(cart)["subtotal"] > 10**15 and len(cart["items"]) == 100


def test_j4_a_cart_that_cannot_be_priced_is_readable(guest, staff, stack):
    """A price that nobody could set by the API any more."""
    good, bad = make_product(staff, price=700), make_product(staff, price=1000)
    guest.fill_cart(*variant_ids(good))
    add(guest, *variant_ids(bad), 2)
    stack.admin().rows(f"UPDATE variant SET price = {5 * 10**15} WHERE sku = '{bad['variants'][0]['sku']}'")
    cart = guest.get("/v1/cart").json()
    line = cart["items"][1]
    assert line["unit_price"] == eur(5 * 10**15) and line["line_total"] == eur(0) and not line["available"]
    assert cart["subtotal"] == eur(700)
    assert [w["code"] for w in cart["warnings"] if w["item_id"] == line["id"]] == [
        "cannot_be_priced", "price_changed"]
    assert guest.get("/v1/cart/shipping-methods").status_code == 200
    body = problem(guest.checkout(), 409, "cannot_be_priced")
    assert [i["item_id"] for i in body["params"]["items"]] == [line["id"]]
    assert guest.delete(f"/v1/cart/items/{line['id']}").status_code == 200
    assert guest.checkout().status_code == 201


def needs(cart):
    return [(r["pointer"], r["code"]) for r in cart["requirements"]]


def test_what_checkout_still_needs(guest, customer, staff):
    (variant,) = variant_ids(make_product(staff))
    assert needs(guest.get("/v1/cart").json()) == [
        ("/items", "empty"), ("/email", "required"), ("/shipping_address", "required"),
        ("/shipping_method_id", "required")]
    guest.fill_cart(variant)
    assert needs(guest.get("/v1/cart").json()) == [("/email", "required")]
    assert needs(guest.patch("/v1/cart", {"email": "a@example.com"}).json()) == []
    customer.fill_cart(variant)
    assert needs(customer.get("/v1/cart").json()) == []


def test_the_words_of_a_cart(guest):
    words = {"email": "a@example.com", "note": "Ring twice", "metadata": {"a": 1, "b": {"c": [True, None]}}}
    cart = guest.patch("/v1/cart", words).json()
    assert {k: cart[k] for k in words} == words
    assert guest.patch("/v1/cart", {"note": None}).json()["note"] is None
    cart = guest.get("/v1/cart").json()
    assert (cart["email"], cart["note"], cart["metadata"]) == ("a@example.com", None, words["metadata"])
    assert guest.patch("/v1/cart", {"metadata": None}).json()["metadata"] == {}
    many = {"metadata": {str(i): i for i in range(51)}}
    assert faults(guest.patch("/v1/cart", many)) == [("/metadata", "too_many")]
    large = {"metadata": {"a": "x" * 16384}}
    assert faults(guest.patch("/v1/cart", large)) == [("/metadata", "too_long")]


def test_a22_a_cart_of_too_many_lines(guest, staff):
    for product in (make_product(staff, variants=50), make_product(staff, variants=50)):
        for variant in variant_ids(product):
            assert add(guest, variant).status_code == 201
    refused = add(guest, *variant_ids(make_product(staff)))
    assert faults(refused) == [("/variant_id", "too_many")]
    assert refused.json()["errors"][0]["params"] == {"max": 100}
    assert len(guest.get("/v1/cart").json()["items"]) == 100


def test_a22_refusals_have_params(guest, staff):
    product = make_product(staff, stock=4)
    (variant,) = variant_ids(product)
    cart = add(guest, variant, 4).json()
    body = problem(add(guest, variant), 409, "out_of_stock")
    assert body["params"] == {"items": [
        {"item_id": cart["items"][0]["id"], "variant_id": variant, "quantity": 5,
         "sku": product["variants"][0]["sku"], "title": product["title"]}]}
    assert body["errors"][0]["pointer"] == "/quantity"
    (other,) = variant_ids(make_product(staff, stock=1))
    assert problem(add(guest, other, 2), 409, "out_of_stock")["params"]["items"][0]["item_id"] is None
    refused = add(guest, variant, 1000)
    assert faults(refused) == [("/quantity", "out_of_range")]
    assert refused.json()["errors"][0]["params"] == {"min": 1, "max": 999}


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


def test_notices_of_a_later_release_are_passed_over(guest, stack):
    """One that this release knows is told."""
    cart = guest.get("/v1/cart").json()
    notices = ", ".join(f'{{"reason":{n},"variant_id":"{UNKNOWN}","sku":"A","title":"Tea","quantity":2}}'
                        for n in (4000000, 3, 1, -1))
    stack.admin().run(f"UPDATE cart SET notices = '[{notices}]' WHERE id = UNHEX('{cart['id'].replace('-', '')}')")
    (warning,) = guest.get("/v1/cart").json()["warnings"]
    assert (warning["code"], warning["reason"], warning["quantity"]) == ("not_kept", "quantity_limit", 2)
