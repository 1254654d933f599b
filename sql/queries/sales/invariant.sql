-- Invariants of stock and money. Each statement looks at the next rows of one table, and tells of each whether
-- it breaks the invariant; it sees one moment, so that transactions under way do not show.

-- name: invariant.stock
-- doc: The counters of a variant are the sums of its ledger.
-- in: id after, i64 limit
-- out: id id, bool broken
SELECT s.variant_id,
       s.on_hand <> COALESCE((SELECT SUM(m.on_hand) FROM stock_move m WHERE m.variant_id = s.variant_id), 0)
       OR s.reserved <> COALESCE((SELECT SUM(m.reserved) FROM stock_move m WHERE m.variant_id = s.variant_id), 0)
  FROM stock s
 WHERE s.variant_id > :after
 ORDER BY s.variant_id
 LIMIT :limit;

-- name: invariant.orders
-- doc: An order has lines, which add up to its subtotal, and parts, which add up to its total.
-- in: id after, i64 limit
-- out: id id, bool broken
SELECT o.id,
       o.subtotal <> COALESCE((SELECT SUM(i.line_total) FROM order_item i WHERE i.order_id = o.id), -1)
       OR o.tax_total < COALESCE((SELECT SUM(i.tax) FROM order_item i WHERE i.order_id = o.id), 0)
       OR o.total <> o.subtotal - o.discount_total + o.shipping_total + o.tax_total
  FROM orders o
 WHERE o.id > :after
 ORDER BY o.id
 LIMIT :limit;

-- name: invariant.payments
-- doc: An order is paid at most once, and one that is paid was paid its total.
-- in: id after, i64 limit
-- out: id id, bool broken
SELECT o.id,
       (SELECT COUNT(*) FROM payment p WHERE p.order_id = o.id AND p.status = 3) > 1
       OR (o.payment_status = 3
           AND NOT EXISTS (SELECT 1
                             FROM payment p
                            WHERE p.order_id = o.id AND p.status = 3
                              AND p.amount = o.total AND p.currency = o.currency))
  FROM orders o
 WHERE o.id > :after
 ORDER BY o.id
 LIMIT :limit;
