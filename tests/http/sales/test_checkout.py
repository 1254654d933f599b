"""Checkout, payment and orders. API section 6; IDM-1, IDM-2, AZ-2, INP-3, INV-7."""
import json
import uuid

import client
import fcgi_client
import pytest
from client import ADDRESS, at_once, faults, problem, unique_email, unique_key, until
from shop import assert_ledger, make_product, set_price, variant_ids

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


def eur(amount):
    return {"amount": amount, "currency": "EUR"}


def test_a16_what_an_order_needs(guest, customer, product):
    """No e-mail address, no address, no method: told at their places, with nothing bought."""
    line = {"variant_id": variant_ids(product)[0], "quantity": 1}
    for person in (guest, customer):
        person.post("/v1/cart/items", line)
    pay = {"payment": {"provider": "sandbox", "token": "tok_ok"}}
    ways = [("/shipping_address", "required"), ("/shipping_method_id", "required")]
    assert faults(guest.post("/v1/checkout", pay, key=unique_key())) == [("/email", "required")] + ways
    assert faults(customer.post("/v1/checkout", pay, key=unique_key())) == ways
    assert guest.get("/v1/orders").json()["data"] == []


def test_a16_no_invoice_unless_the_shop_says_so(new_stack, recorder):
    api = client.Api(new_stack("manual", workers=2, manual_provider="off"), recorder)
    guest = api.guest()
    guest.fill_cart(*variant_ids(make_product(api.staff())))
    assert faults(guest.checkout(payment={"provider": "manual"})) == [
        ("/payment/provider", "not_offered")]
    listed = api.stack.merx("config").stdout
    assert "manual_provider" in listed


def test_pay_on_invoice(buyer):
    placed = buyer.checkout(payment={"provider": "manual"})
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
    body = problem(buyer.checkout(expected_total=wrong), 409, "price_changed")
    assert body["params"] == {"was": wrong, "now": buyer.cart["total"]}  # A22
    assert len(buyer.get("/v1/cart").json()["items"]) == 1


def test_sold_out_meanwhile(buyer, api, staff, product, db):
    variant = variant_ids(product)[0]
    taken = staff.post("/v1/admin/stock/adjustments",
                       {"variant_id": variant, "set_to": 1, "reason": "count"})
    assert taken.status_code == 201, taken.text
    body = problem(buyer.checkout(), 409, "out_of_stock")
    line = buyer.cart["items"][0]
    assert "errors" not in body  # A22: the request names no article that a pointer could point to
    assert body["params"] == {"items": [
        {k: line[k] for k in ("variant_id", "sku", "title", "quantity")} | {"item_id": line["id"]}]}
    assert len(buyer.get("/v1/cart").json()["items"]) == 1
    assert assert_ledger(db, variant)["reserved"] == 0


def test_what_is_wrong_with_the_payment(buyer):
    assert faults(buyer.post("/v1/checkout", {}, key=unique_key())) == [("/payment", "required")]
    for sent, fault in (
        ({"provider": "gold"}, ("/payment/provider", "unknown_value")),
        ({"provider": "sandbox"}, ("/payment/token", "required")),
        ({"provider": "sandbox", "token": "tok_x"}, ("/payment/token", "unknown_value")),
        ({"provider": "manual", "token": "x"}, ("/payment/token", "unknown_member")),
    ):
        assert faults(buyer.checkout(payment=sent)) == [fault]


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
        guest.fill_cart(variant_ids(product)[0])
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


# ---- after a decline


@pytest.fixture
def waiting(buyer):
    """Of an order that was declined: its id."""
    return problem(buyer.checkout("tok_declined"), 402, "payment_declined")["order_id"]


def pay(person, order, token="tok_ok", **how):
    sent = {"payment": {"provider": "sandbox", "token": token}}
    return person.post(f"/v1/orders/{order}/pay", sent, **how)


def test_a15_a_declined_order_says_how_long_it_waits(buyer):
    body = problem(buyer.checkout("tok_declined"), 402, "payment_declined")
    order = buyer.get(f"/v1/orders/{body['order_id']}").json()
    assert order["expires_at"] > order["created_at"]
    assert body["params"] == {"order_id": order["id"], "failure_code": "card_declined",
                              "expires_at": order["expires_at"]}


def test_a15_pay_again(buyer, waiting, product, db):
    body = problem(pay(buyer, waiting, "tok_declined"), 402, "payment_declined")
    assert body["order_id"] == waiting
    paid = pay(buyer, waiting)
    assert paid.status_code == 200, paid.text
    order = paid.json()
    assert (order["status"], order["payment_status"], order["expires_at"]) == ("placed", "paid", None)
    assert order["placed_at"]
    assert [(p["status"], p["captured"]["amount"]) for p in order["payments"]] == [
        ("failed", 0), ("failed", 0), ("paid", order["total"]["amount"])]
    assert [e["type"] for e in order["events"]] == [
        "payment.failed", "payment.failed", "order.placed", "order.paid"]
    assert assert_ledger(db, variant_ids(product)[0])["reserved"] == 2
    body = problem(pay(buyer, waiting), 409, "invalid_transition")
    assert body["params"] == {"status": "placed", "payment_status": "paid",
                              "fulfilment_status": "unfulfilled"}


def test_a15_paid_once_by_many(buyer, waiting):
    people = [buyer.clone() for _ in range(6)]
    answers = at_once(6, lambda i: pay(people[i], waiting).status_code)
    assert sorted(answers) == [200] + 5 * [409]
    payments = buyer.get(f"/v1/orders/{waiting}").json()["payments"]
    assert [p["status"] for p in payments] == ["failed", "paid"]


def test_a15_a_payment_has_a_key_of_its_own(buyer, waiting):
    key = unique_key()
    first, again = (pay(buyer, waiting, key=key) for _ in range(2))
    assert first.content == again.content and again.headers["Idempotency-Replayed"] == "true"


def test_a15_who_may_pay(api, waiting):
    problem(pay(api.guest(), waiting), 404, "not_found")


def test_a15_attempts_end(buyer, waiting):
    for _ in range(19):
        problem(pay(buyer, waiting, "tok_declined"), 402, "payment_declined")
    problem(pay(buyer, waiting), 409, "invalid_transition")


def test_a15_cancel_an_unpaid_order_and_get_the_cart_back(guest, staff, db):
    """The last unit: it can be bought again by who gave the order up."""
    (variant,) = variant_ids(make_product(staff, price=1999, stock=1))
    guest.fill_cart(variant)
    before = guest.patch("/v1/cart", {"note": "Ring twice", "metadata": {"a": 1}}).json()
    order = problem(guest.checkout("tok_declined"), 402, "payment_declined")["order_id"]
    assert guest.get("/v1/cart").json()["items"] == []
    ended = guest.post(f"/v1/orders/{order}/cancel").json()
    assert (ended["status"], ended["payment_status"], ended["expires_at"]) == ("cancelled", "failed", None)
    cart = guest.get("/v1/cart").json()
    assert [(i["variant_id"], i["quantity"], i["available"]) for i in cart["items"]] == [(variant, 1, True)]
    for same in ("total", "shipping_address", "shipping_method", "note", "metadata", "warnings"):
        assert cart[same] == before[same], same
    assert guest.checkout().status_code == 201
    assert assert_ledger(db, variant)["reserved"] == 1


def test_a15_a_cart_comes_back_to_what_was_filled_meanwhile(buyer, waiting, product, staff):
    (other,) = variant_ids(make_product(staff))
    buyer.post("/v1/cart/items", {"variant_id": other, "quantity": 1})
    buyer.post("/v1/cart/items", {"variant_id": variant_ids(product)[0], "quantity": 1})
    assert buyer.post(f"/v1/orders/{waiting}/cancel").status_code == 200
    cart = buyer.get("/v1/cart").json()
    assert {i["variant_id"]: i["quantity"] for i in cart["items"]} == {
        other: 1, variant_ids(product)[0]: 3}


def test_a_paid_order_gives_no_cart_back(buyer):
    order = buyer.checkout().json()["id"]
    assert buyer.post(f"/v1/orders/{order}/cancel").status_code == 200
    assert buyer.get("/v1/cart").json()["items"] == []


def test_cancel_a_declined_order(buyer, product, db):
    order = problem(buyer.checkout("tok_declined"), 402, "payment_declined")["order_id"]
    after = buyer.post(f"/v1/orders/{order}/cancel").json()
    assert (after["status"], after["payment_status"]) == ("cancelled", "failed")
    assert assert_ledger(db, variant_ids(product)[0])["reserved"] == 0


def test_cancel_an_order_on_invoice(buyer, product, db):
    """Nothing was paid: there is nothing to pay any more, and nothing to give back."""
    placed = buyer.checkout(payment={"provider": "manual"}).json()
    assert (placed["status"], placed["payment_status"]) == ("placed", "pending")
    after = buyer.post(f"/v1/orders/{placed['id']}/cancel").json()
    assert (after["status"], after["payment_status"]) == ("cancelled", "failed")
    assert [(p["status"], p["refunded"]["amount"]) for p in after["payments"]] == [("voided", 0)]
    assert [e["type"] for e in after["events"]] == ["order.placed", "order.cancelled"]
    assert assert_ledger(db, variant_ids(product)[0])["reserved"] == 0


def told_total(amount, form):
    """An amount in euros as a mail writes it, of figures below 1,000."""
    whole, cents = divmod(amount, 100)
    return form.format(whole=whole, cents=f"{cents:02}")


@pytest.mark.parametrize("locale, form", [
    ("de", "Gesamtbetrag: {whole},{cents}\u00a0€"),
    ("de-AT", "Gesamtbetrag: €\u00a0{whole},{cents}"),
    ("en", "Total: €{whole}.{cents}"),
])
def test_mail_of_an_order_writes_the_amount_as_its_readers_do(buyer, mailbox, locale, form):
    assert buyer.patch("/v1/me", {"locale": locale}).status_code == 200
    to = unique_email()
    order = buyer.checkout(email=to).json()
    assert order["total"]["currency"] == "EUR" and order["total"]["amount"] < 100000
    text = mailbox.wait(to).text
    assert told_total(order["total"]["amount"], form) in text.splitlines(), text


def test_mail_of_orders_that_nobody_paid(api, staff, stack, mailbox):
    """Anybody may name any address: the orders stand, and it gets its share of mail and no more. Paid
    orders are confirmed, and so are those to an own address."""
    (variant,) = variant_ids(make_product(staff, stock=1000))
    victim, invoice = unique_email(), {"payment": {"provider": "manual"}}
    began = stack.db().value("SELECT UTC_TIMESTAMP(3) AS now")

    def order(who, **more):
        who.fill_cart(variant)
        answer = who.checkout(**more)
        assert answer.status_code == 201, answer.text
        return answer.json()["number"]

    def told():
        client.delivered(stack.db(), began)
        return [message.text for message in mailbox.all(victim)]

    numbers = [order(api.guest(), email=victim, **invoice) for _ in range(6)]
    texts = told()
    assert len(texts) == 4 and all(any(n in text for text in texts) for n in numbers[:4])
    paid = order(api.guest(), email=victim)
    assert any(paid in text for text in told())
    buyer = api.guest()
    buyer.fill_cart(variant)
    waiting = problem(buyer.checkout("tok_declined", email=victim), 402, "payment_declined")["order_id"]
    assert buyer.post(f"/v1/orders/{waiting}/pay", invoice).json()["status"] == "placed"
    assert len(told()) == 5
    person = api.customer()
    mine = [order(person, **invoice) for _ in range(6)]
    told()
    assert len(mailbox.all(person.email)) == len(mine)


def test_best_selling(api, staff):
    """Cancelled orders were no sales, nor were those that were never paid."""
    brand = unique_key()
    products = [make_product(staff, stock=100, brand=brand) for _ in range(3)]

    def buy(product, quantity, token="tok_ok"):
        buyer = api.guest()
        buyer.fill_cart(variant_ids(product)[0], quantity)
        answer = buyer.checkout(token).json()
        return lambda: buyer.post(f"/v1/orders/{answer.get('order_id') or answer['id']}/cancel").status_code

    def listed(*order):
        want = [products[i]["id"] for i in order]
        until(lambda: [p["id"] for p in api.get(f"/v1/products?brand={brand}&sort=best_selling")
                       .json()["data"]] == want, what=f"{order}")

    listed(2, 1, 0)
    buy(products[0], 2), buy(products[1], 1)
    give_up, undo = buy(products[2], 9, "tok_declined"), buy(products[2], 5)
    listed(2, 0, 1)
    assert give_up() == undo() == 200
    listed(0, 1, 2)


def test_the_order_keeps_what_was_sold(buyer, staff, product):
    order = buyer.checkout().json()
    staff.patch(f"/v1/admin/products/{product['id']}", {"title": "Something else"})
    assert buyer.get(f"/v1/orders/{order['id']}").json()["items"] == order["items"]


def test_many_lines(guest, staff, db):
    variants = variant_ids(make_product(staff, variants=40, stock=3))
    for variant in variants:
        guest.fill_cart(variant, 2)
    order = guest.checkout().json()
    assert sorted(i["variant_id"] for i in order["items"]) == sorted(variants)
    assert all(assert_ledger(db, v)["reserved"] == 2 for v in variants)


# ---- what is given with the checkout


@pytest.fixture
def method(guest, product):
    """A way to ship, of a cart that is empty again."""
    cart = guest.fill_cart(variant_ids(product)[0])
    guest.delete(f"/v1/cart/items/{cart['items'][0]['id']}")
    return cart["shipping_method"]["id"]


def express(api, product, method, **more):
    return {"email": unique_email(), "shipping_address": ADDRESS, "shipping_method_id": method,
            "items": [{"variant_id": v, "quantity": 2} for v in variant_ids(product)]} | more


def test_an_express_purchase_is_one_call(api, staff, method, db):
    product = make_product(staff, price=1050, stock=3, variants=2)
    buyer = api.guest()
    placed = buyer.checkout(**express(api, product, method, note="Ring twice"))
    assert placed.status_code == 201, placed.text
    order = placed.json()
    assert [(i["variant_id"], i["quantity"], i["unit_price"]["amount"]) for i in order["items"]] == [
        (v, 2, 1050 + i) for i, v in enumerate(variant_ids(product))]
    assert order["addresses"]["shipping"]["line1"] == ADDRESS["line1"]
    assert order["shipping_method"]["id"] == method and order["note"] == "Ring twice"
    assert order["subtotal"]["amount"] == 4202 and order["tax_total"]["amount"] > 0
    assert order["total"]["amount"] == sum(
        order[k]["amount"] for k in ("subtotal", "shipping_total", "tax_total"))
    assert buyer.get(f"/v1/orders/{order['id']}").json() == order
    assert all(assert_ledger(db, v)["reserved"] == 2 for v in variant_ids(product))


def test_an_express_purchase_leaves_the_cart_as_it_is(buyer, staff, db):
    product = make_product(staff, stock=3)
    before = buyer.get("/v1/cart").json()
    bought = {"items": [{"variant_id": variant_ids(product)[0], "quantity": 3}]}
    order = buyer.checkout(**bought).json()
    # Where to and how are the cart's, as far as nothing else is said.
    assert order["addresses"]["shipping"]["line1"] == ADDRESS["line1"] and order["shipping_method"]
    assert buyer.get("/v1/cart").json() == before
    problem(buyer.checkout(**bought), 409, "out_of_stock")
    assert buyer.post(f"/v1/orders/{order['id']}/cancel").json()["status"] == "cancelled"
    assert buyer.get("/v1/cart").json() == before
    assert assert_ledger(db, variant_ids(product)[0])["reserved"] == 0


def test_an_unpaid_express_order_is_given_up(buyer, staff):
    product = make_product(staff, stock=1)
    before = buyer.get("/v1/cart").json()
    bought = {"items": [{"variant_id": variant_ids(product)[0], "quantity": 1}]}
    order = problem(buyer.checkout("tok_declined", **bought), 402, "payment_declined")["order_id"]
    assert buyer.post(f"/v1/orders/{order}/cancel").status_code == 200
    assert buyer.get("/v1/cart").json() == before


def test_what_is_wrong_with_an_express_purchase(api, staff, method):
    """A22: pointers into what was sent."""
    product, draft = make_product(staff, stock=1), make_product(staff, status="draft")
    (variant,), (hidden,) = variant_ids(product), variant_ids(draft)
    buyer = api.guest()
    lines = [{"variant_id": v, "quantity": 1} for v in (variant, hidden, UNKNOWN, variant)]
    assert faults(buyer.checkout(**express(api, product, method, items=lines))) == [
        ("/items/3/variant_id", "repeated")]
    assert faults(buyer.checkout(**express(api, product, method, items=lines[:3]))) == [
        ("/items/1/variant_id", "unknown_value"), ("/items/2/variant_id", "unknown_value")]
    assert faults(buyer.checkout(**express(api, product, method, items=[]))) == [("/items", "too_few")]
    assert faults(buyer.checkout(**express(api, product, UNKNOWN))) == [("/shipping_method_id", "unknown_value")]
    assert faults(buyer.checkout(**express(api, product, method, address_id=UNKNOWN))) == [
        ("/address_id", "unknown_member")]
    nowhere = {k: v for k, v in ADDRESS.items() if k not in ("postal_code", "line1")}
    assert faults(buyer.checkout(**express(api, product, method, shipping_address=nowhere))) == [
        ("/shipping_address/line1", "required"), ("/shipping_address/postal_code", "required")]
    body = problem(buyer.checkout(**express(api, product, method)), 409, "out_of_stock")
    assert [(e["pointer"], e["code"], e["detail"]) for e in body["errors"]] == [
        ("/items/0/quantity", "out_of_stock",
         f"Not enough units of {body['params']['items'][0]['title']} are in stock.")]
    assert body["params"]["items"] == [
        {"pointer": "/items/0", "variant_id": variant, "quantity": 2,
         "sku": product["variants"][0]["sku"], "title": product["title"]}]
    assert buyer.get("/v1/orders").json()["data"] == []


def test_what_is_given_counts_before_the_cart(buyer, customer, product):
    elsewhere = ADDRESS | {"line1": "Hinterhaus 7", "country": "JP", "region": "Tokyo"}
    order = buyer.checkout(shipping_address=elsewhere, note="Mine", email="else@example.com").json()
    assert order["addresses"]["shipping"]["line1"] == "Hinterhaus 7"
    assert order["tax_total"]["amount"] == 0 and order["email"] == "else@example.com"
    customer.fill_cart(variant_ids(product)[0])
    entry = customer.post("/v1/me/addresses", elsewhere).json()["id"]
    order = customer.checkout(address_id=entry).json()
    assert order["addresses"]["shipping"]["country"] == "JP"
    customer.fill_cart(variant_ids(product)[0])
    assert faults(customer.checkout(address_id=UNKNOWN)) == [("/address_id", "unknown_value")]


def test_express_price_changed(api, staff, method):
    product = make_product(staff, price=1000, stock=9)
    sent = express(api, product, method)
    total = api.guest().checkout(**sent).json()["total"]
    assert set_price(staff, product, 1100).status_code == 200
    body = problem(api.guest().checkout(expected_total=total, **sent), 409, "price_changed")
    assert body["params"]["was"] == total and body["params"]["now"]["amount"] > total["amount"]
    assert body["params"]["now"]["currency"] == "EUR"


def test_an_express_purchase_once_by_its_key(api, staff, method):
    product = make_product(staff, stock=5)
    buyer, key, sent = api.guest(), unique_key(), express(api, product, method)
    people = [buyer.clone() for _ in range(6)]
    answers = at_once(6, lambda i: people[i].checkout(key=key, **sent))
    assert {a.json()["id"] for a in answers if a.status_code == 201} == {
        o["id"] for o in buyer.get("/v1/orders").json()["data"]}
    assert len(buyer.get("/v1/orders").json()["data"]) == 1


def test_the_last_units_are_sold_once_by_express(api, staff, method, db):
    product = make_product(staff, stock=5)
    sent = express(api, product, method, items=[{"variant_id": variant_ids(product)[0], "quantity": 1}])
    buyers = [api.clone().guest() for _ in range(12)]
    answers = at_once(12, lambda i: buyers[i].checkout(**sent).status_code)
    assert sorted(answers) == 5 * [201] + 7 * [409]
    assert assert_ledger(db, variant_ids(product)[0])["reserved"] == 5


def test_a_key_pays_once_for_good(guest, staff, db, stack):
    """J2. The attempt to pay is made of caller and key: also when the answer is long forgotten, the same
    key does not pay again."""
    variant = variant_ids(make_product(staff))[0]
    key, pay = unique_key(), {"payment": {"provider": "sandbox", "token": "tok_ok"}, "email": unique_email()}
    guest.fill_cart(variant)
    first = guest.post("/v1/checkout", pay, key=key)
    assert first.status_code == 201, first.text
    stack.admin().run(f"DELETE FROM idempotency WHERE idem_key = '{key}'")
    guest.fill_cart(variant)
    problem(guest.post("/v1/checkout", pay, key=key), 422, "idempotency_key_reused")
    assert len(guest.get("/v1/orders").json()["data"]) == 1
    assert assert_ledger(db, variant)["reserved"] == 1
    assert guest.post("/v1/checkout", pay, key=unique_key()).status_code == 201


def test_a_status_of_a_later_release_is_not_guessed_at(buyer, stack):
    """Memory behind the names is told to nobody: the answer fails, or lacks the name."""
    order = buyer.checkout().json()
    row = f"WHERE id = UNHEX('{order['id'].replace('-', '')}')"
    stack.admin().run(f"UPDATE orders SET status = 9, payment_status = 12 {row}")
    failed = fcgi_client.get(stack.env["MERX_SOCKET"], f"/v1/orders/{order['id']}",
                             HTTP_AUTHORIZATION=f"Bearer {buyer.token}")
    assert failed.status == 500 and json.loads(failed.body)["code"] == "internal_error"
    refused = buyer.post(f"/v1/orders/{order['id']}/cancel", {}, key=unique_key())
    assert problem(refused, 409, "invalid_transition")["params"] == {
        "status": None, "payment_status": None, "fulfilment_status": "unfulfilled"}
    stack.admin().run(f"UPDATE orders SET status = 1, payment_status = 3 {row}")
    assert buyer.get(f"/v1/orders/{order['id']}").json() == order
