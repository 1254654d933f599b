-- Which carts ship to an address.
ALTER TABLE cart ADD KEY cart_address (shipping_address_id);
