-- Which orders ship to an address.
ALTER TABLE orders ADD KEY orders_address (shipping_address_id);
