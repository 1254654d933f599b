"""Invariants of the database at any moment at which no transaction runs, whatever was killed or cut.
Each is a query for the rows that break it; other tests may have ended accounts before @since by hand."""

BROKEN = {
    "an order has lines that make its subtotal":
        "SELECT HEX(o.id) AS id FROM orders o LEFT JOIN (SELECT order_id, SUM(line_total) AS total"
        " FROM order_item GROUP BY order_id) i ON i.order_id = o.id"
        " WHERE i.total IS NULL OR i.total <> o.subtotal",
    "the lines make the tax, with that of shipping":
        "SELECT HEX(o.id) AS id FROM orders o JOIN (SELECT order_id, SUM(tax) AS tax FROM order_item"
        " GROUP BY order_id) i ON i.order_id = o.id WHERE i.tax > o.tax_total",
    "an order has an attempt to pay, each with its place":
        "SELECT HEX(o.id) AS id FROM orders o LEFT JOIN payment p ON p.order_id = o.id"
        " GROUP BY o.id HAVING COUNT(p.id) = 0 OR COUNT(p.id) <> MAX(p.attempt) - MIN(p.attempt) + 1",
    "an order is paid at most once":
        "SELECT HEX(order_id) AS id FROM payment GROUP BY order_id HAVING SUM(status = 3) > 1",
    "the ordered cart is closed":
        "SELECT HEX(o.id) AS id FROM orders o JOIN cart c ON c.id = o.cart_id WHERE c.is_open = 1",
    "stock agrees with its ledger":
        "SELECT HEX(s.variant_id) AS id FROM stock s LEFT JOIN (SELECT variant_id,"
        " SUM(on_hand) AS on_hand, SUM(reserved) AS reserved FROM stock_move GROUP BY variant_id) m"
        " ON m.variant_id = s.variant_id WHERE s.on_hand <> COALESCE(m.on_hand, 0)"
        " OR s.reserved <> COALESCE(m.reserved, 0)",
    "what an open order took is reserved for it":
        "SELECT HEX(o.id) AS id FROM orders o JOIN order_item i ON i.order_id = o.id"
        " LEFT JOIN stock_move m ON m.cause_id = o.id AND m.variant_id = i.variant_id AND m.kind = 2"
        " WHERE o.status IN (0, 1) GROUP BY o.id, i.variant_id"
        " HAVING SUM(i.quantity) <> COALESCE(MAX(m.reserved), 0)",
    "an erased account keeps nothing of the person":
        "SELECT HEX(a.id) AS id FROM account a WHERE a.status = 1 AND a.created_at >= @since AND (a.email IS NOT NULL"
        " OR a.phone IS NOT NULL OR a.password_hash IS NOT NULL OR a.name <> ''"
        " OR EXISTS (SELECT 1 FROM session s WHERE s.account_id = a.id AND s.revoked_at IS NULL)"
        " OR EXISTS (SELECT 1 FROM address d WHERE d.account_id = a.id AND d.sealed IS NOT NULL)"
        " OR EXISTS (SELECT 1 FROM cart c JOIN cart_item i ON i.cart_id = c.id"
        " WHERE c.account_id = a.id AND c.is_open = 1))",
}


def now(db):
    return db.value("SELECT UTC_TIMESTAMP(3) AS now")


def check(db, since):
    """Assert all of them, of accounts those that were made since then, a value of now(db)."""
    broken = {what: rows for what, query in BROKEN.items()
              if (rows := db.rows(query.replace("@since", f"'{since}'")))}
    assert not broken, broken
