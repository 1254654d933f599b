-- name: order.insert
-- doc: Nothing when the account has ended or was merged. It is held until the transaction ends: its
-- doc: owner orders one thing at a time, so that nobody else waits with this one to be the order of a cart.
-- in: id id, str number, id account, id cart, i64 status, i64 payment_status, str currency
-- in: i64 subtotal, i64 discount_total, i64 shipping_total, i64 tax_total, i64 total
-- in: bin? email, str? note, str? metadata, id? address, id? method, str? shipping_name
-- in: i64 mail_refused, time? placed_at, time? expires_at, time now
INSERT INTO orders (id, number, account_id, cart_id, status, payment_status, currency,
                    subtotal, discount_total, shipping_total, tax_total, total,
                    email, note, metadata, shipping_address_id, shipping_method_id, shipping_name,
                    mail_refused, placed_at, expires_at, created_at, updated_at)
SELECT :id, :number, n.id, :cart, :status, :payment_status, :currency,
       :subtotal, :discount_total, :shipping_total, :tax_total, :total,
       :email, :note, :metadata, :address, :method, :shipping_name,
       :mail_refused, :placed_at, :expires_at, :now, :now
  FROM account n
 WHERE n.id = :account AND n.status = 0 AND n.merged_into IS NULL
   FOR UPDATE;

-- name: order.insert_items
-- doc: Lines of an order.
-- in: id order
-- each: i64 line, id id, id variant, id product, str slug, str sku, str title, i64 quantity
-- each: i64 unit_price, i64 line_total, i64 tax_ppm, i64 tax
INSERT INTO order_item (order_id, line, id, variant_id, product_id, product_slug, sku, title,
                        quantity, unit_price, line_total, tax_ppm, tax)
VALUES [[(:order, :line, :id, :variant, :product, :slug, :sku, :title,
        :quantity, :unit_price, :line_total, :tax_ppm, :tax)]];

-- name: order.ledger_take
-- doc: One ledger row a line: units promised.
-- in: id order, id actor, time now
-- each: id variant, i64 quantity
INSERT INTO stock_move (variant_id, cause_id, kind, on_hand, reserved, actor_id, created_at)
VALUES [[(:variant, :order, 2, 0, :quantity, :actor, :now)]];

-- name: order.take_stock
-- doc: Close the cart that was priced and promise every line's units. Changes the cart and each stock
-- doc: row, or fewer rows when the cart changed meanwhile or a line is short: the caller rolls back.
-- in: id order, id cart, i64 version, time now
UPDATE cart c
  STRAIGHT_JOIN order_item i ON i.order_id = :order
  STRAIGHT_JOIN stock s ON s.variant_id = i.variant_id
   SET c.is_open = NULL, c.updated_at = :now,
       s.reserved = s.reserved + i.quantity, s.version = s.version + 1, s.updated_at = :now
 WHERE c.id = :cart AND c.version = :version AND c.is_open = 1
   AND s.on_hand - s.reserved >= i.quantity;

-- name: order.take_stock_past
-- doc: The same for what was bought past the cart: changes each stock row, or fewer.
-- in: id order, time now
UPDATE order_item i
  STRAIGHT_JOIN stock s ON s.variant_id = i.variant_id
   SET s.reserved = s.reserved + i.quantity, s.version = s.version + 1, s.updated_at = :now
 WHERE i.order_id = :order AND s.on_hand - s.reserved >= i.quantity;

-- row: order
-- An order with its address, and where both are.
-- out: id id, str number, enum status, enum payment_status, enum fulfilment_status, str currency
-- out: i64 subtotal, i64 discount_total, i64 shipping_total, i64 tax_total, i64 total
-- out: bin? email, str? note, id? method_id, str? shipping_name, time? placed_at, time created_at
-- out: time? expires_at, str? metadata, id cart_id, i64 version, id? ship_id, str? ship_country
-- out: bin? ship_sealed
o.id, o.number, o.status, o.payment_status, o.fulfilment_status, o.currency,
o.subtotal, o.discount_total, o.shipping_total, o.tax_total, o.total,
o.email, o.note, o.shipping_method_id, o.shipping_name, o.placed_at, o.created_at,
o.expires_at, o.metadata, o.cart_id, o.version, a.id, a.country, a.sealed
FROM orders o
LEFT JOIN address a ON a.id = o.shipping_address_id

-- name: order.find
-- doc: An account's order.
-- in: id id, id account
SELECT {{order}}
 WHERE o.id = :id AND o.account_id = :account;

-- name: order.page
-- doc: An account's orders, newest first, those older than `before`.
-- in: id account, id before, i64 limit
SELECT {{order}}
 WHERE o.account_id = :account AND o.id < :before
 ORDER BY o.id DESC
 LIMIT :limit;

-- name: order.items
-- doc: Lines of the orders in a JSON array of hexadecimal ids.
-- in: str orders
-- out: id order_id, id id, id variant_id, str product_slug, str sku, str title, i64 quantity
-- out: i64 unit_price, i64 line_total, i64 tax
SELECT i.order_id, i.id, i.variant_id, i.product_slug, i.sku, i.title, i.quantity,
       i.unit_price, i.line_total, i.tax
  FROM JSON_TABLE(:orders, '$[*]' COLUMNS (id CHAR(32) PATH '$')) j
  STRAIGHT_JOIN order_item i ON i.order_id = UNHEX(j.id)
 ORDER BY i.order_id, i.id;

-- name: order.payments
-- in: str orders
-- out: id order_id, id id, str provider, i64 status, i64 amount, i64 captured, i64 refunded
-- out: str currency, str? failure_code, time created_at
SELECT p.order_id, p.id, p.provider, p.status, p.amount, p.captured, p.refunded,
       p.currency, p.failure_code, p.created_at
  FROM JSON_TABLE(:orders, '$[*]' COLUMNS (id CHAR(32) PATH '$')) j
  STRAIGHT_JOIN payment p ON p.order_id = UNHEX(j.id)
 ORDER BY p.order_id, p.attempt;

-- name: order.events
-- in: str orders
-- out: id order_id, id id, str type, time created_at
SELECT e.object_id, e.id, e.action, e.created_at
  FROM JSON_TABLE(:orders, '$[*]' COLUMNS (id CHAR(32) PATH '$')) j
  STRAIGHT_JOIN audit_log e ON e.object_id = UNHEX(j.id)
 WHERE e.state IS NOT NULL
 ORDER BY e.object_id, e.id;

-- name: order.pay
-- doc: Write the outcome of another attempt to pay into an order that waits for it, by
-- doc: compare-and-set on what was read. placed_at: it waits no longer.
-- in: id id, i64 version, i64 status, i64 payment_status, i64 mail_refused, time? placed_at, time now
UPDATE orders
   SET status = :status, payment_status = :payment_status, mail_refused = :mail_refused,
       placed_at = :placed_at,
       expires_at = CASE WHEN :placed_at IS NULL THEN expires_at ELSE NULL END,
       version = version + 1, updated_at = :now
 WHERE id = :id AND version = :version AND status = 0;

-- name: order.move
-- doc: An account's orders are another's from now on.
-- in: id source, id account
UPDATE orders SET account_id = :account WHERE account_id = :source;

-- name: order.open
-- doc: An account's orders that are not shipped whole yet, those behind `after`, held until the
-- doc: transaction ends.
-- in: id account, id after, i64 limit
-- out: id id, str number, i64 status, i64 payment_status, i64 fulfilment_status, i64 version
SELECT id, number, status, payment_status, fulfilment_status, version
  FROM orders
 WHERE account_id = :account AND id > :after AND status IN (0, 1) AND fulfilment_status IN (0, 1)
 ORDER BY id
 LIMIT :limit
   FOR UPDATE;

-- name: payment.insert
-- in: id id, id order, i64 attempt, str provider, i64 status, i64 amount, i64 captured, str currency
-- in: str? provider_ref, str? failure_code, time now
INSERT INTO payment (id, order_id, attempt, provider, status, amount, captured, currency,
                     provider_ref, failure_code, created_at, updated_at)
VALUES (:id, :order, :attempt, :provider, :status, :amount, :captured, :currency,
        :provider_ref, :failure_code, :now, :now);

-- name: payment.exists
-- in: id id
-- out: id id
SELECT id FROM payment WHERE id = :id;

-- name: order.due
-- doc: Unpaid orders whose time is over.
-- in: time now, i64 limit
-- out: id id, i64 payment_status, i64 version, i64? tries
SELECT o.id, o.payment_status, o.version, f.tries
  FROM orders o
  LEFT JOIN job_failure f ON f.job = 'order_expiry' AND f.subject_id = o.id
 WHERE o.status = 0 AND o.expires_at <= :now AND (f.next_at IS NULL OR f.next_at <= :now)
 ORDER BY o.expires_at
 LIMIT :limit;

-- name: order.finish
-- doc: Move the orders in a JSON array of {id, version, payment_status} to their end, by
-- doc: compare-and-set on what was read: changes fewer rows when one of them is another by now.
-- in: str orders, i64 status, time now
UPDATE JSON_TABLE(:orders, '$[*]' COLUMNS (
           id CHAR(32) PATH '$.id',
           version BIGINT PATH '$.version',
           payment_status INT PATH '$.payment_status')) j
  STRAIGHT_JOIN orders o ON o.id = UNHEX(j.id)
   SET o.status = :status, o.payment_status = j.payment_status, o.expires_at = NULL,
       o.version = o.version + 1, o.updated_at = :now
 WHERE o.version = j.version;

-- name: payment.end_all
-- doc: Those orders end: captured money counts as given back; an attempt that was under way is `open`.
-- in: str orders, i64 open, time now
UPDATE JSON_TABLE(:orders, '$[*]' COLUMNS (id CHAR(32) PATH '$.id')) j
  STRAIGHT_JOIN payment p ON p.order_id = UNHEX(j.id)
   SET p.refunded = p.captured,
       p.status = CASE WHEN p.status = 3 THEN 6 WHEN p.status < 3 THEN :open ELSE p.status END,
       p.updated_at = :now;

-- name: order.ledger_release
-- doc: One ledger row a line of those orders: units promised no longer.
-- in: str orders, id? actor, str reason, time now
INSERT INTO stock_move (variant_id, cause_id, kind, on_hand, reserved, reason, actor_id, created_at)
SELECT i.variant_id, i.order_id, 3, 0, -i.quantity, :reason, :actor, :now
  FROM JSON_TABLE(:orders, '$[*]' COLUMNS (id CHAR(32) PATH '$.id')) j
  STRAIGHT_JOIN order_item i ON i.order_id = UNHEX(j.id);

-- name: order.release_stock
-- doc: Give back what those orders promised. A row of stock changes once, whichever of them share it,
-- doc: and in the order in which all lock them.
-- in: str orders, time now
UPDATE (SELECT i.variant_id, SUM(i.quantity) AS quantity
          FROM JSON_TABLE(:orders, '$[*]' COLUMNS (id CHAR(32) PATH '$.id')) j
          STRAIGHT_JOIN order_item i ON i.order_id = UNHEX(j.id)
         GROUP BY i.variant_id
         ORDER BY i.variant_id
         LIMIT 1000000) r
  STRAIGHT_JOIN stock s ON s.variant_id = r.variant_id
   SET s.reserved = s.reserved - r.quantity, s.version = s.version + 1, s.updated_at = :now;

-- name: order.mail
-- doc: Contents of the confirmations of the orders in a JSON array of hexadecimal ids; their readers
-- doc: are not erased until the transaction ends. Customers are held before guests, who may be signing
-- doc: in to them, and all before their orders, one of which may have changed hands meanwhile.
-- in: str orders
-- out: id account, str number, i64 total, str currency, bin? email, bin? account_email, str locale
-- out: i64 mail_refused, i64 moved
SELECT o.account_id, o.number, o.total, o.currency, o.email, a.email, a.locale,
       o.mail_refused, o.account_id <> a.id
  FROM (SELECT x.id, x.account_id
          FROM JSON_TABLE(:orders, '$[*]' COLUMNS (id CHAR(32) PATH '$')) t
          STRAIGHT_JOIN orders x ON x.id = UNHEX(t.id)
          STRAIGHT_JOIN account n ON n.id = x.account_id
         ORDER BY n.kind DESC, n.id
         LIMIT 1000000) j
  STRAIGHT_JOIN account a ON a.id = j.account_id
  STRAIGHT_JOIN orders o ON o.id = j.id
  LOCK IN SHARE MODE;

-- name: order.sold
-- doc: Units of each product in the orders in a JSON array of hexadecimal ids, those that were placed.
-- in: str orders
-- out: id product_id, i64 units
SELECT i.product_id, CAST(SUM(i.quantity) AS SIGNED)
  FROM JSON_TABLE(:orders, '$[*]' COLUMNS (id CHAR(32) PATH '$')) j
  STRAIGHT_JOIN orders o ON o.id = UNHEX(j.id) AND o.placed_at IS NOT NULL
  STRAIGHT_JOIN order_item i ON i.order_id = o.id
 GROUP BY i.product_id
 ORDER BY i.product_id;

-- name: order.erase
-- in: id account
UPDATE orders SET email = NULL, note = NULL, metadata = NULL WHERE account_id = :account;
