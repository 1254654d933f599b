-- part: cart.priced
-- A row a line (one row with a null item when empty), with all that prices it. `more`: there is
-- something that cart.more has.
-- out: id? cart_id, str? currency, i64? version, id? address_id, id? method_id, bin? email
-- out: i64 has_email, i64 more, str? ship_country, bin? ship_sealed
-- out: str? method_name, i64? days_min, i64? days_max, i64? rate, i64? free_from, i64? shipping_ppm
-- out: id? item_id, id? variant_id, i64? quantity, i64? seen_price, str? sku, str? variant_title
-- out: i64? price, str? variant_currency, i64? sellable, id? product_id, str? slug, str? title
-- out: i64? available, i64? tax_ppm
c.id, c.currency, c.version, a.id, m.id, c.email,
CAST(o.email IS NOT NULL AS SIGNED),
CAST(c.note IS NOT NULL OR c.metadata IS NOT NULL OR c.notices IS NOT NULL AS SIGNED),
a.country, a.sealed,
m.name, m.days_min, m.days_max, COALESCE(rc.price, rw.price),
CASE WHEN rc.price IS NULL THEN rw.free_from ELSE rc.free_from END, ts.ppm,
i.id, i.variant_id, i.quantity, i.unit_price, v.sku, v.title, v.price, v.currency,
CAST(v.active = 1 AND p.status = 1 AS SIGNED), p.id, p.slug, p.title,
s.on_hand - s.reserved, t.ppm

-- part: cart.way
-- Where to and how: the cart's own, or what is given instead of it.
-- in: id? address, id? method
LEFT JOIN address a ON a.id = COALESCE(:address, c.shipping_address_id)
LEFT JOIN shipping_method m ON m.id = COALESCE(:method, c.shipping_method_id) AND m.active = 1
LEFT JOIN shipping_rate rc ON rc.method_id = m.id AND rc.country = a.country AND rc.currency = c.currency
LEFT JOIN shipping_rate rw ON rw.method_id = m.id AND rw.country = '*' AND rw.currency = c.currency
LEFT JOIN tax_rate ts ON ts.country = a.country AND ts.class = 'standard'

-- part: cart.goods
LEFT JOIN variant v ON v.id = i.variant_id
LEFT JOIN product p ON p.id = v.product_id
LEFT JOIN stock s ON s.variant_id = v.id
LEFT JOIN tax_rate t ON t.country = a.country AND t.class = p.tax_class

-- name: cart.load
-- doc: The open cart; without one a row that has none of it. The rows come in no particular order: sorting them here would cost more than the
-- doc: joins, and the first table is the right one to begin with. audit_key is there, and NULL, for the
-- doc: columns to be those of cart.load_live.
-- in: id account
-- out: id? audit_key
SELECT STRAIGHT_JOIN {{cart.priced}}, CAST(NULL AS BINARY(16))
  FROM account o
  LEFT JOIN cart c ON c.account_id = o.id AND c.is_open = 1
  {{cart.way}}
  LEFT JOIN cart_item i ON i.cart_id = c.id
  {{cart.goods}}
 WHERE o.id = :account;

-- name: cart.load_live
-- doc: The same, only while the session lives, with what the audit log needs of its owner.
-- in: id account, id session, time now
-- out: id? audit_key
SELECT STRAIGHT_JOIN {{cart.priced}}, o.audit_key
  FROM session se
  JOIN account o ON o.id = se.account_id AND o.status = 0
  JOIN cart c ON c.account_id = :account AND c.is_open = 1
  {{cart.way}}
  LEFT JOIN cart_item i ON i.cart_id = c.id
  {{cart.goods}}
 WHERE se.id = :session AND se.revoked_at IS NULL AND se.expires_at > :now;

-- name: cart.load_items
-- doc: Articles that are bought past the cart, a JSON array, as a cart of their own; the open cart says
-- doc: where to and how as far as nothing is given instead. version 0: there is none.
-- in: id account, id session, str currency, str items, time now
-- out: id? audit_key
SELECT STRAIGHT_JOIN {{cart.priced}}, o.audit_key
  FROM session se
  JOIN account o ON o.id = se.account_id AND o.status = 0
  JOIN (SELECT x.id, x.currency, x.version, x.email, x.shipping_address_id, x.shipping_method_id,
               NULL AS note, NULL AS metadata, NULL AS notices
          FROM cart x
         WHERE x.account_id = :account AND x.is_open = 1
         UNION ALL
        SELECT n.id, CAST(:currency AS CHAR(3)), 0, NULL, NULL, NULL, NULL, NULL, NULL
          FROM account n
         WHERE n.id = :account
         ORDER BY version DESC
         LIMIT 1) c
  {{cart.way}}
  JOIN (SELECT CAST(UNHEX(j.id) AS BINARY(16)) AS id, CAST(UNHEX(j.variant) AS BINARY(16)) AS variant_id,
               j.quantity, CAST(NULL AS SIGNED) AS unit_price
          FROM JSON_TABLE(:items, '$[*]' COLUMNS (id CHAR(32) PATH '$.id',
                                                  variant CHAR(32) PATH '$.variant',
                                                  quantity BIGINT PATH '$.quantity')) j) i
  {{cart.goods}}
 WHERE se.id = :session AND se.revoked_at IS NULL AND se.expires_at > :now;

-- name: cart.more
-- doc: Columns that few carts have, and no line needs.
-- in: id cart
-- out: str? note, str? metadata, str? notices
SELECT note, metadata, notices FROM cart WHERE id = :cart;

-- name: cart.hold
-- doc: Keep the open cart as it is until the transaction ends.
-- in: id account
-- out: id id
SELECT id FROM cart WHERE account_id = :account AND is_open = 1 FOR UPDATE;

-- name: cart.create
-- doc: An empty open cart, unless there is one. Nothing when the account has ended or was merged: no
-- doc: cart is left behind with it.
-- in: id id, id account, str currency, time now
INSERT IGNORE INTO cart (id, account_id, is_open, currency, version, created_at, updated_at)
SELECT :id, n.id, 1, :currency, 1, :now, :now
  FROM account n
 WHERE n.id = :account AND n.status = 0 AND n.merged_into IS NULL
  LOCK IN SHARE MODE;

-- name: cart.touch_or_create
-- doc: Lock the open cart and count a change, or make it. Nothing when the account has ended or was
-- doc: merged.
-- in: id id, id account, str currency, time now
INSERT INTO cart (id, account_id, is_open, currency, version, created_at, updated_at)
SELECT :id, n.id, 1, :currency, 1, :now, :now
  FROM account n
 WHERE n.id = :account AND n.status = 0 AND n.merged_into IS NULL
  LOCK IN SHARE MODE
ON DUPLICATE KEY UPDATE version = cart.version + 1, updated_at = :now;

-- name: cart.touch
-- doc: Lock the open cart and count a change.
-- in: id account, time now
UPDATE cart SET version = version + 1, updated_at = :now WHERE account_id = :account AND is_open = 1;

-- name: cart.add_item
-- doc: Add to the line of a sellable variant, or make it. A line keeps the price that was last shown.
-- in: id account, id item, id variant, i64 quantity, time now
INSERT INTO cart_item (cart_id, id, variant_id, quantity, unit_price, created_at)
SELECT c.id, :item, v.id, :quantity, v.price, :now
  FROM cart c
  JOIN variant v ON v.id = :variant AND v.active = 1 AND v.currency = c.currency
  JOIN product p ON p.id = v.product_id AND p.status = 1
 WHERE c.account_id = :account AND c.is_open = 1
ON DUPLICATE KEY UPDATE quantity = cart_item.quantity + :quantity;

-- name: cart.set_quantity
-- in: id account, id item, i64 quantity
UPDATE cart_item i
  JOIN cart c ON c.id = i.cart_id
   SET i.quantity = :quantity
 WHERE c.account_id = :account AND c.is_open = 1 AND i.id = :item;

-- name: cart.remove_item
-- in: id account, id item
DELETE i FROM cart_item i
  JOIN cart c ON c.id = i.cart_id
 WHERE c.account_id = :account AND c.is_open = 1 AND i.id = :item;

-- name: cart.shown
-- doc: Remember the prices that the buyer is being shown, a JSON array.
-- in: id cart, str prices
UPDATE cart_item i
  JOIN JSON_TABLE(:prices, '$[*]' COLUMNS (id CHAR(32) PATH '$.id', price BIGINT PATH '$.price')) j
    ON i.id = UNHEX(j.id)
   SET i.unit_price = j.price
 WHERE i.cart_id = :cart;

-- name: cart.told
-- doc: Forget the notices that the buyer is being shown.
-- in: id cart, str notices
UPDATE cart SET notices = NULL WHERE id = :cart AND notices = :notices;

-- name: cart.notices
-- in: id account
-- out: str? notices
SELECT notices FROM cart WHERE account_id = :account AND is_open = 1;

-- name: cart.notice
-- in: id account, str notices
UPDATE cart SET notices = :notices WHERE account_id = :account AND is_open = 1;

-- name: cart.patch
-- doc: Change the words of the open cart, or make it with them. Nothing when the account has ended or
-- doc: was merged: what tells of a person does not slip in behind its being erased, or moved.
-- in: id id, id account, str currency, i64 set_email, bin? email, i64 set_note, str? note
-- in: i64 set_metadata, str? metadata, time now
INSERT INTO cart (id, account_id, is_open, currency, email, note, metadata, version, created_at,
                  updated_at)
SELECT :id, n.id, 1, :currency, :email, :note, :metadata, 1, :now, :now
  FROM account n
 WHERE n.id = :account AND n.status = 0 AND n.merged_into IS NULL
  LOCK IN SHARE MODE
ON DUPLICATE KEY UPDATE
       email = CASE WHEN :set_email = 1 THEN :email ELSE cart.email END,
       note = CASE WHEN :set_note = 1 THEN :note ELSE cart.note END,
       metadata = CASE WHEN :set_metadata = 1 THEN :metadata ELSE cart.metadata END,
       version = cart.version + 1, updated_at = :now;

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

-- name: cart.take_words
-- doc: The words of a cart, all but its lines, count in the account's open cart from now on, which
-- doc: takes its currency too while it is empty.
-- in: id source, id account
UPDATE cart t
  JOIN cart f ON f.id = :source
   SET t.currency = CASE WHEN EXISTS (SELECT 1 FROM cart_item i WHERE i.cart_id = t.id)
                         THEN t.currency ELSE f.currency END,
       t.shipping_address_id = COALESCE(f.shipping_address_id, t.shipping_address_id),
       t.shipping_method_id = COALESCE(f.shipping_method_id, t.shipping_method_id),
       t.email = COALESCE(f.email, t.email),
       t.note = COALESCE(f.note, t.note),
       t.metadata = COALESCE(f.metadata, t.metadata)
 WHERE t.account_id = :account AND t.is_open = 1;

-- name: cart.to_take
-- doc: Lines of a cart, oldest first, beside the account's open cart: what that has of the same variant
-- doc: (0: nothing), how many lines it has.
-- in: id source, id account
-- out: id id, id variant_id, str sku, str title, str variant_title, i64 quantity, i64 there, i64 lines
-- out: i64 same_currency
SELECT i.id, i.variant_id, v.sku, p.title, v.title, i.quantity, COALESCE(x.quantity, 0),
       (SELECT COUNT(*) FROM cart_item y WHERE y.cart_id = t.id),
       CAST(f.currency = t.currency AS SIGNED)
  FROM cart t
  JOIN cart f ON f.id = :source
  JOIN cart_item i ON i.cart_id = f.id
  JOIN variant v ON v.id = i.variant_id
  JOIN product p ON p.id = v.product_id
  LEFT JOIN cart_item x ON x.cart_id = t.id AND x.variant_id = i.variant_id
 WHERE t.account_id = :account AND t.is_open = 1
 ORDER BY i.id;

-- name: cart.take_items
-- doc: Put lines of a cart, a JSON array with their quantities, into the account's open cart. A line that
-- doc: is there keeps the price that was last shown.
-- in: id source, id account, str lines, time now
INSERT INTO cart_item (cart_id, id, variant_id, quantity, unit_price, created_at)
SELECT t.id, UNHEX(j.new_id), i.variant_id, j.quantity, i.unit_price, :now
  FROM JSON_TABLE(:lines, '$[*]' COLUMNS (id CHAR(32) PATH '$.id', new_id CHAR(32) PATH '$.new_id',
                                          quantity BIGINT PATH '$.quantity')) j
  JOIN cart_item i ON i.cart_id = :source AND i.id = UNHEX(j.id)
  JOIN cart t ON t.account_id = :account AND t.is_open = 1
ON DUPLICATE KEY UPDATE quantity = cart_item.quantity + j.quantity;

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

-- name: cart.erase_words
-- doc: Also of those that were ordered.
-- in: id account
UPDATE cart SET email = NULL, note = NULL, metadata = NULL, notices = NULL WHERE account_id = :account;

-- name: cart.purge_items
-- doc: Lines of the carts of the accounts in a JSON array of hexadecimal ids.
-- in: str guests
DELETE i
  FROM JSON_TABLE(:guests, '$[*]' COLUMNS (id CHAR(32) PATH '$')) j
  STRAIGHT_JOIN cart c ON c.account_id = UNHEX(j.id)
  STRAIGHT_JOIN cart_item i ON i.cart_id = c.id;

-- name: cart.purge
-- doc: Those of the accounts in a JSON array of hexadecimal ids.
-- in: str guests
DELETE c
  FROM JSON_TABLE(:guests, '$[*]' COLUMNS (id CHAR(32) PATH '$')) j
  STRAIGHT_JOIN cart c ON c.account_id = UNHEX(j.id);

-- name: cart.move
-- doc: Give the carts that became an account's orders to another account.
-- in: id source, id account
UPDATE cart SET account_id = :account WHERE account_id = :source AND is_open IS NULL;
