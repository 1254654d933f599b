-- Which entries of address books point at an address.
ALTER TABLE account_address ADD KEY account_address_row (address_id);
