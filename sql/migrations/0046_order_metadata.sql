-- The metadata of the cart that became the order.
ALTER TABLE orders ADD COLUMN metadata TEXT NULL;
