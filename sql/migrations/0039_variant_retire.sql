-- The variants of products that are archived already.
UPDATE variant v
  JOIN product p ON p.id = v.product_id
   SET v.retired = 1
 WHERE p.status = 2;
