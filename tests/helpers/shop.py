"""Products made for a test, and what the stock says of them."""
import uuid


def make_product(staff, price=1299, stock=10, variants=1, **more):
    """An active product of its own; the answer of POST /v1/admin/products."""
    name = uuid.uuid4().hex[:12]
    body = {
        "title": f"Test product {name}",
        "status": "active",
        "variants": [
            {
                "sku": f"T-{name}-{i}",
                "price": {"amount": price + i, "currency": "EUR"},
                "stock": stock,
            }
            for i in range(variants)
        ],
    } | more
    made = staff.post("/v1/admin/products", body)
    assert made.status_code == 201, made.text
    return made.json()


def set_price(staff, product, amount, variant=0):
    """Give a variant another price; the answer."""
    changed = {"sku": product["variants"][variant]["sku"], "price": {"amount": amount, "currency": "EUR"}}
    return staff.patch(f"/v1/admin/products/{product['id']}", {"variants": [changed]})


def variant_ids(product):
    return [v["id"] for v in product["variants"]]


def stock_of(db, variant_id):
    """(on_hand, reserved) and the sums of the ledger, all from the tables."""
    key = variant_id.replace("-", "")
    row = db.rows(
        "SELECT s.on_hand, s.reserved, SUM(m.on_hand) AS moved_on_hand, SUM(m.reserved) AS moved_reserved"
        " FROM stock s LEFT JOIN stock_move m ON m.variant_id = s.variant_id"
        f" WHERE s.variant_id = UNHEX('{key}') GROUP BY s.variant_id"
    )[0]
    return {k: int(v or 0) for k, v in row.items()}


def assert_ledger(db, variant_id):
    """Counters and ledger agree; returns the counters."""
    s = stock_of(db, variant_id)
    assert s["on_hand"] == s["moved_on_hand"] and s["reserved"] == s["moved_reserved"], s
    return s
