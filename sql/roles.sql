-- Least privilege, applied by an administrator after `merx migrate` and whenever that added a table:
-- the program's account may read, and change what its statements change, nothing else. It cannot
-- change the schema, and what is append-only it can only append to. `make check-sql` fails when a
-- statement lacks a grant. The account exists already; replace 'localhost' throughout for another host. The
-- schema is the one that the client is told: `mariadb merx < roles.sql`.
GRANT SELECT ON * TO 'merx'@'localhost';

-- append only
GRANT INSERT ON audit_log TO 'merx'@'localhost';
GRANT INSERT ON stock_move TO 'merx'@'localhost';
GRANT INSERT ON category TO 'merx'@'localhost';

-- changed, never taken away
GRANT UPDATE (state, next_at) ON outbox TO 'merx'@'localhost';
GRANT INSERT, UPDATE ON account TO 'merx'@'localhost';
GRANT INSERT, UPDATE ON orders TO 'merx'@'localhost';
GRANT INSERT, UPDATE ON order_item TO 'merx'@'localhost';
GRANT INSERT, UPDATE ON payment TO 'merx'@'localhost';
GRANT INSERT, UPDATE ON stock TO 'merx'@'localhost';
GRANT INSERT, UPDATE ON product TO 'merx'@'localhost';
GRANT INSERT, UPDATE ON variant TO 'merx'@'localhost';

-- taken away again
GRANT INSERT, UPDATE (sealed, account_id, unused_at), DELETE ON address TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON cart TO 'merx'@'localhost';
GRANT DELETE ON guest TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON job_failure TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON mail TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON session TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON mailed_code TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON totp TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON recovery_code TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON mfa_challenge TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON account_address TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON cart_item TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON idempotency TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON identity TO 'merx'@'localhost';
GRANT INSERT, DELETE ON id_token_used TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON role TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON invitation TO 'merx'@'localhost';
GRANT INSERT, DELETE ON account_role TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON passkey TO 'merx'@'localhost';
GRANT INSERT, DELETE ON passkey_challenge TO 'merx'@'localhost';
GRANT INSERT, DELETE ON product_category TO 'merx'@'localhost';
GRANT INSERT, DELETE ON product_attribute TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON tax_rate TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON shipping_method TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON shipping_rate TO 'merx'@'localhost';
