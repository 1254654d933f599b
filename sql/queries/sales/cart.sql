-- part: cart.priced
-- A row a line (one row with a null item when empty), with all that prices it.
-- out: id cart_id, str currency, i64 version, id? address_id, id? method_id
-- out: str? ship_country, bin? ship_sealed
-- out: str? method_name, i64? days_min, i64? days_max, i64? rate, i64? free_from, i64? shipping_ppm
-- out: id? item_id, id? variant_id, i64? quantity, i64? seen_price, str? sku, str? variant_title
-- out: i64? price, str? variant_currency, i64? sellable, id? product_id, str? slug, str? title
-- out: i64? available, i64? tax_ppm
c.id, c.currency, c.version, c.shipping_address_id, c.shipping_method_id,
a.country, a.sealed,
m.name, m.days_min, m.days_max, COALESCE(rc.price, rw.price),
CASE WHEN rc.price IS NULL THEN rw.free_from ELSE rc.free_from END, ts.ppm,
i.id, i.variant_id, i.quantity, i.unit_price, v.sku, v.title, v.price, v.currency,
CAST(v.active = 1 AND p.status = 1 AS SIGNED), p.id, p.slug, p.title,
s.on_hand - s.reserved, t.ppm

-- part: cart.prices
LEFT JOIN address a ON a.id = c.shipping_address_id
LEFT JOIN shipping_method m ON m.id = c.shipping_method_id AND m.active = 1
LEFT JOIN shipping_rate rc ON rc.method_id = m.id AND rc.country = a.country AND rc.currency = c.currency
LEFT JOIN shipping_rate rw ON rw.method_id = m.id AND rw.country = '*' AND rw.currency = c.currency
LEFT JOIN tax_rate ts ON ts.country = a.country AND ts.class = 'standard'
LEFT JOIN cart_item i ON i.cart_id = c.id
LEFT JOIN variant v ON v.id = i.variant_id
LEFT JOIN product p ON p.id = v.product_id
LEFT JOIN stock s ON s.variant_id = v.id
LEFT JOIN tax_rate t ON t.country = a.country AND t.class = p.tax_class

-- name: cart.load
-- doc: The open cart. The rows come in no particular order: sorting them here would cost more than the
-- doc: joins, and the first table is the right one to begin with. audit_key is there, and NULL, for the
-- doc: columns to be those of cart.load_live.
-- in: id account
-- out: id? audit_key
SELECT STRAIGHT_JOIN {{cart.priced}}, CAST(NULL AS BINARY(16))
  FROM cart c
  {{cart.prices}}
 WHERE c.account_id = :account AND c.is_open = 1;

-- name: cart.load_live
-- doc: The same, only while the session lives, with what the audit log needs of its owner.
-- in: id account, id session, time now
-- out: id? audit_key
SELECT STRAIGHT_JOIN {{cart.priced}}, o.audit_key
  FROM session se
  JOIN account o ON o.id = se.account_id AND o.status = 0
  JOIN cart c ON c.account_id = :account AND c.is_open = 1
  {{cart.prices}}
 WHERE se.id = :session AND se.revoked_at IS NULL AND se.expires_at > :now;

-- name: cart.hold
-- doc: Keep the open cart as it is until the transaction ends.
-- in: id account
-- out: id id
SELECT id FROM cart WHERE account_id = :account AND is_open = 1 FOR UPDATE;

-- name: cart.create
-- doc: An empty open cart, unless there is one.
-- in: id id, id account, str currency, time now
INSERT IGNORE INTO cart (id, account_id, is_open, currency, version, created_at, updated_at)
VALUES (:id, :account, 1, :currency, 1, :now, :now);

-- name: cart.touch_or_create
-- doc: Lock the open cart and count a change, or make it.
-- in: id id, id account, str currency, time now
INSERT INTO cart (id, account_id, is_open, currency, version, created_at, updated_at)
VALUES (:id, :account, 1, :currency, 1, :now, :now)
ON DUPLICATE KEY UPDATE version = version + 1, updated_at = :now;

-- name: cart.touch
-- doc: Lock the open cart and count a change.
-- in: id account, time now
UPDATE cart SET version = version + 1, updated_at = :now WHERE account_id = :account AND is_open = 1;

-- name: cart.add_item
-- doc: Add to the line of a sellable variant, or make it.
-- in: id account, id item, id variant, i64 quantity, time now
INSERT INTO cart_item (cart_id, id, variant_id, quantity, unit_price, created_at)
SELECT c.id, :item, v.id, :quantity, v.price, :now
  FROM cart c
  JOIN variant v ON v.id = :variant AND v.active = 1 AND v.currency = c.currency
  JOIN product p ON p.id = v.product_id AND p.status = 1
 WHERE c.account_id = :account AND c.is_open = 1
ON DUPLICATE KEY UPDATE quantity = cart_item.quantity + :quantity, unit_price = v.price;

-- name: cart.set_quantity
-- in: id account, id item, i64 quantity
UPDATE cart_item i
  JOIN cart c ON c.id = i.cart_id
  JOIN variant v ON v.id = i.variant_id
   SET i.quantity = :quantity, i.unit_price = v.price
 WHERE c.account_id = :account AND c.is_open = 1 AND i.id = :item;

-- name: cart.remove_item
-- in: id account, id item
DELETE i FROM cart_item i
  JOIN cart c ON c.id = i.cart_id
 WHERE c.account_id = :account AND c.is_open = 1 AND i.id = :item;

-- name: cart.refresh_prices
-- doc: Remember the prices that the buyer has just been shown.
-- in: id cart
UPDATE cart_item i
  JOIN variant v ON v.id = i.variant_id
   SET i.unit_price = v.price
 WHERE i.cart_id = :cart AND i.unit_price <> v.price;

-- name: cart.set_address
-- in: id account, id address, time now
UPDATE cart SET shipping_address_id = :address, version = version + 1, updated_at = :now
 WHERE account_id = :account AND is_open = 1;

-- name: cart.set_method
-- doc: Choose a way to ship that has a rate for the cart's address and currency.
-- in: id account, id method, time now
UPDATE cart c
  JOIN shipping_method m ON m.id = :method AND m.active = 1
   SET c.shipping_method_id = m.id, c.version = c.version + 1, c.updated_at = :now
 WHERE c.account_id = :account AND c.is_open = 1
   AND EXISTS (SELECT 1
                 FROM shipping_rate r
                 LEFT JOIN address a ON a.id = c.shipping_address_id
                WHERE r.method_id = m.id AND r.currency = c.currency
                  AND (r.country = '*' OR r.country = a.country));

-- name: cart.merge_items
-- doc: Add one account's open cart to another's; a line holds 999 at most.
-- in: id from, id to, time now
INSERT INTO cart_item (cart_id, id, variant_id, quantity, unit_price, created_at)
SELECT t.id, i.id, i.variant_id, i.quantity, i.unit_price, :now
  FROM cart f
  JOIN cart_item i ON i.cart_id = f.id
  JOIN cart t ON t.account_id = :to AND t.is_open = 1 AND t.currency = f.currency
 WHERE f.account_id = :from AND f.is_open = 1
ON DUPLICATE KEY UPDATE quantity = LEAST(999, cart_item.quantity + i.quantity);

-- name: cart.trim
-- doc: Drop the newest lines beyond :lines.
-- in: id account, i64 lines
DELETE i FROM cart_item i
  JOIN (SELECT x.cart_id, x.id
          FROM cart c
          JOIN cart_item x ON x.cart_id = c.id
         WHERE c.account_id = :account AND c.is_open = 1
         ORDER BY x.id
         LIMIT 10000 OFFSET :lines) t ON t.cart_id = i.cart_id AND t.id = i.id;

-- name: cart.close
-- doc: Nobody's open cart any more.
-- in: id account, time now
UPDATE cart SET is_open = NULL, version = version + 1, updated_at = :now
 WHERE account_id = :account AND is_open = 1;

-- name: shipping.offers
-- doc: Ways to ship to a country, cheapest rule first: its own rate before the rate of every other.
-- in: str country, str currency
-- out: id id, str name, i64 days_min, i64 days_max, i64 price, i64? free_from
SELECT m.id, m.name, m.days_min, m.days_max, COALESCE(rc.price, rw.price),
       CASE WHEN rc.price IS NULL THEN rw.free_from ELSE rc.free_from END
  FROM shipping_method m
  LEFT JOIN shipping_rate rc ON rc.method_id = m.id AND rc.country = :country AND rc.currency = :currency
  LEFT JOIN shipping_rate rw ON rw.method_id = m.id AND rw.country = '*' AND rw.currency = :currency
 WHERE m.active = 1 AND COALESCE(rc.price, rw.price) IS NOT NULL
 ORDER BY m.position, m.id;

-- name: cart.delete_items
-- in: id account
DELETE i FROM cart_item i
  JOIN cart c ON c.id = i.cart_id
 WHERE c.account_id = :account AND c.is_open = 1;
