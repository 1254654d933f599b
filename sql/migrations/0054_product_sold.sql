-- Units that were sold before there was an event of it to count; one that is yet to be delivered counts by
-- itself.
UPDATE product p
  JOIN (SELECT i.product_id, SUM(i.quantity) AS units
          FROM orders o
          JOIN order_item i ON i.order_id = o.id
         WHERE o.status IN (1, 2)
           AND NOT EXISTS (SELECT 1
                             FROM audit_log l
                            WHERE l.object_id = o.id AND l.action = 'order.placed' AND l.state = 0)
         GROUP BY i.product_id) s ON s.product_id = p.id
   SET p.sold = s.units;
