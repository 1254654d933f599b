"""Checkout, payment and orders. API section 6; IDM-1, IDM-2, AZ-2, INP-3, INV-7."""
import uuid

import pytest
from client import problem, faults, unique_key
from shop import assert_ledger, make_product, variant_ids

UNKNOWN = "018f0000-0000-7000-8000-000000000000"


@pytest.fixture
def product(staff):
    return make_product(staff, price=1999, stock=20)


@pytest.fixture
def buyer(guest, product):
    """A guest with two of the product in the cart."""
    guest.cart = guest.fill_cart(variant_ids(product)[0], 2)
    return guest


def test_paid_at_once(buyer, product, db):
    placed = buyer.checkout(expected_total=buyer.cart["total"], email="a@example.com", note="Ring twice")
    assert placed.status_code == 201, placed.text
    order = placed.json()
    assert (order["status"], order["payment_status"], order["fulfilment_status"]) == (
        "placed", "paid", "unfulfilled")
    assert order["total"] == buyer.cart["total"] and order["placed_at"] and order["number"]
    assert [(i["sku"], i["quantity"]) for i in order["items"]] == [(product["variants"][0]["sku"], 2)]
    assert [e["type"] for e in order["events"]] == ["order.placed", "order.paid"]
    assert [(p["provider"], p["status"], p["captured"]) for p in order["payments"]] == [
        ("sandbox", "paid", order["total"])]
    assert buyer.get(f"/v1/orders/{order['id']}").json() == order
    assert placed.headers["Location"].endswith(f"/v1/orders/{order['id']}")
    assert buyer.get("/v1/cart").json()["items"] == []
    stock = assert_ledger(db, variant_ids(product)[0])
    assert (stock["on_hand"], stock["reserved"]) == (20, 2)


def test_the_buyer_gets_mail(buyer, stack):
    to = f"{uuid.uuid4().hex[:12]}@example.com"
    order = buyer.checkout(email=to).json()
    assert order["number"] in stack.mailbox().wait(to).text


def test_without_address_and_method(guest, product):
    guest.post("/v1/cart/items", {"variant_id": variant_ids(product)[0], "quantity": 1})
    order = guest.checkout().json()
    assert order["total"]["amount"] == 1999 and order["addresses"]["shipping"] is None


def test_pay_on_invoice(buyer):
    placed = buyer.post("/v1/checkout", {"payment": {"provider": "manual"}}, key=unique_key())
    order = placed.json()
    assert placed.status_code == 201
    assert (order["status"], order["payment_status"]) == ("placed", "pending")


def test_declined(buyer, product, db):
    key = unique_key()
    refused = buyer.checkout("tok_declined", key=key)
    order_id = problem(refused, 402, "payment_declined")["order_id"]
    order = buyer.get(f"/v1/orders/{order_id}").json()
    assert (order["status"], order["payment_status"]) == ("pending_payment", "failed")
    assert order["payments"][0]["failure_code"] == "card_declined"
    assert [e["type"] for e in order["events"]] == ["payment.failed"]
    assert assert_ledger(db, variant_ids(product)[0])["reserved"] == 2
    again = buyer.checkout("tok_declined", key=key)
    assert again.status_code == 402 and again.content == refused.content
    assert again.headers["Idempotency-Replayed"] == "true"


def test_empty_cart(guest):
    problem(guest.checkout(), 409, "cart_empty")
    guest.get("/v1/cart")
    problem(guest.checkout(), 409, "cart_empty")


def test_the_price_has_changed(buyer):
    wrong = {"amount": buyer.cart["total"]["amount"] - 1, "currency": "EUR"}
    problem(buyer.checkout(expected_total=wrong), 409, "price_changed")
    assert len(buyer.get("/v1/cart").json()["items"]) == 1


def test_sold_out_meanwhile(buyer, api, staff, product, db):
    variant = variant_ids(product)[0]
    taken = staff.post("/v1/admin/stock/adjustments",
                       {"variant_id": variant, "set_to": 1, "reason": "count"})
    assert taken.status_code == 201, taken.text
    body = problem(buyer.checkout(), 409, "out_of_stock")
    assert body["errors"][0]["pointer"] == "/items/0/quantity"
    assert len(buyer.get("/v1/cart").json()["items"]) == 1
    assert assert_ledger(db, variant)["reserved"] == 0


def test_what_is_wrong_with_the_payment(buyer):
    assert faults(buyer.post("/v1/checkout", {}, key=unique_key())) == [("/payment", "required")]
    for sent, fault in (
        ({"provider": "gold"}, ("/payment/provider", "unknown_value")),
        ({"provider": "sandbox"}, ("/payment/token", "required")),
        ({"provider": "sandbox", "token": "tok_x"}, ("/payment/token", "unknown")),
        ({"provider": "manual", "token": "x"}, ("/payment/token", "unknown_member")),
    ):
        assert faults(buyer.post("/v1/checkout", {"payment": sent}, key=unique_key())) == [fault]


@pytest.mark.parametrize("amount", [1.5, -1, 2**53, "2", None, 1e300, True])
@pytest.mark.req("INP-3")
def test_inp_3_amounts(buyer, amount):
    sent = {"payment": {"provider": "manual"}, "expected_total": {"amount": amount, "currency": "EUR"}}
    assert "/expected_total/amount" in [f[0] for f in faults(
        buyer.post("/v1/checkout", sent, key=unique_key()))]


# ---- Idempotency-Key


def test_idm_1_key_is_required(buyer):
    sent = {"payment": {"provider": "manual"}}
    problem(buyer.post("/v1/checkout", sent), 400, "idempotency_key_required")
    problem(buyer.post("/v1/checkout", sent, key="x" * 256), 400, "bad_request")


def test_idm_2_the_same_answer_again(buyer, db):
    key = unique_key()
    first = buyer.checkout(key=key)
    again = buyer.checkout(key=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert len(buyer.get("/v1/orders").json()["data"]) == 1


def test_idm_1_another_request_under_the_key(buyer):
    key = unique_key()
    buyer.checkout(key=key)
    problem(buyer.checkout("tok_declined", key=key), 422, "idempotency_key_reused")


def test_idm_1_another_callers_key(api, staff):
    (variant,) = variant_ids(make_product(staff))
    key, orders = unique_key(), set()
    for person in (api.guest(), api.guest()):
        person.fill_cart(variant)
        orders.add(person.checkout(key=key).json()["id"])
    assert len(orders) == 2


def test_a_refusal_is_not_kept(buyer, staff, product):
    key, variant = unique_key(), variant_ids(product)[0]
    for set_to, status in ((0, 409), (20, 201)):
        staff.post("/v1/admin/stock/adjustments",
                   {"variant_id": variant, "set_to": set_to, "reason": "count"})
        assert buyer.checkout(key=key).status_code == status


def test_every_post_honours_a_key(guest, product):
    key, sent = unique_key(), {"variant_id": variant_ids(product)[0], "quantity": 1}
    first = guest.post("/v1/cart/items", sent, key=key)
    again = guest.post("/v1/cart/items", sent, key=key)
    assert first.content == again.content and again.headers["Idempotency-Replayed"] == "true"
    assert guest.get("/v1/cart").json()["items"][0]["quantity"] == 1


# ---- orders


def test_orders_newest_first_by_cursor(guest, product):
    placed = []
    for _ in range(5):
        guest.post("/v1/cart/items", {"variant_id": variant_ids(product)[0], "quantity": 1})
        placed.append(guest.checkout().json()["id"])
    seen = [o["id"] for o in guest.all_of("/v1/orders?limit=2")]
    assert seen == placed[::-1]


def test_bad_cursor_and_limit(guest):
    sent = "/v1/orders?limit=101&cursor=AAAA"
    assert [f[0] for f in faults(guest.get(sent))] and faults(guest.get("/v1/orders?limit=101")) == [
        ("limit", "out_of_range")]
    assert faults(guest.get("/v1/orders?cursor=AAAA")) == [("cursor", "bad_format")]


@pytest.mark.req("AZ-2")
def test_az_2_another_persons_order(api, buyer):
    order = buyer.checkout().json()["id"]
    stranger = api.guest()
    for method, path in (("GET", "/v1/orders/{}"), ("POST", "/v1/orders/{}/cancel")):
        theirs = stranger.send(method, path.format(order))
        nobody = stranger.send(method, path.format(UNKNOWN))
        malformed = stranger.send(method, path.format("1"))
        bodies = []
        for answer in (theirs, nobody, malformed):
            bodies.append(problem(answer, 404, "not_found"))
            bodies[-1].pop("request_id")
        assert bodies[0] == bodies[1] == bodies[2]


@pytest.mark.req("AZ-8")
def test_cancel_gives_stock_and_money_back(buyer, product, db):
    order = buyer.checkout().json()
    cancelled = buyer.post(f"/v1/orders/{order['id']}/cancel")
    assert cancelled.status_code == 200, cancelled.text
    after = cancelled.json()
    assert (after["status"], after["payment_status"]) == ("cancelled", "refunded")
    assert after["payments"][0]["refunded"] == order["total"]
    assert [e["type"] for e in after["events"]] == [
        "order.placed", "order.paid", "order.cancelled", "order.refunded"]
    assert assert_ledger(db, variant_ids(product)[0])["reserved"] == 0
    problem(buyer.post(f"/v1/orders/{order['id']}/cancel"), 409, "invalid_transition")


def test_cancel_a_declined_order(buyer, product, db):
    order = problem(buyer.checkout("tok_declined"), 402, "payment_declined")["order_id"]
    after = buyer.post(f"/v1/orders/{order}/cancel").json()
    assert (after["status"], after["payment_status"]) == ("cancelled", "failed")
    assert assert_ledger(db, variant_ids(product)[0])["reserved"] == 0


def test_the_order_keeps_what_was_sold(buyer, staff, product):
    order = buyer.checkout().json()
    staff.patch(f"/v1/admin/products/{product['id']}", {"title": "Something else"})
    assert buyer.get(f"/v1/orders/{order['id']}").json()["items"] == order["items"]


def test_many_lines(guest, staff, db):
    variants = variant_ids(make_product(staff, variants=40, stock=3))
    for variant in variants:
        guest.post("/v1/cart/items", {"variant_id": variant, "quantity": 2})
    order = guest.checkout().json()
    assert sorted(i["variant_id"] for i in order["items"]) == sorted(variants)
    assert all(assert_ledger(db, v)["reserved"] == 2 for v in variants)
