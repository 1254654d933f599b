-- Least privilege, applied by an administrator after `merx migrate` and whenever that added a table:
-- the program's account may read, and change what its statements change, nothing else. It cannot
-- change the schema, and what is append-only it can only append to. `make check-sql` fails when a
-- statement lacks a grant. The account exists already; replace 'localhost' throughout for another host.
GRANT SELECT ON merx.* TO 'merx'@'localhost';

-- append only
GRANT INSERT ON merx.audit_log TO 'merx'@'localhost';
GRANT INSERT ON merx.stock_move TO 'merx'@'localhost';
GRANT INSERT ON merx.category TO 'merx'@'localhost';

-- changed, never taken away
GRANT UPDATE (state, next_at) ON merx.outbox TO 'merx'@'localhost';
GRANT INSERT, UPDATE ON merx.account TO 'merx'@'localhost';
GRANT INSERT, UPDATE ON merx.orders TO 'merx'@'localhost';
GRANT INSERT, UPDATE ON merx.order_item TO 'merx'@'localhost';
GRANT INSERT, UPDATE ON merx.payment TO 'merx'@'localhost';
GRANT INSERT, UPDATE ON merx.stock TO 'merx'@'localhost';
GRANT INSERT, UPDATE ON merx.product TO 'merx'@'localhost';
GRANT INSERT, UPDATE ON merx.variant TO 'merx'@'localhost';

-- taken away again
GRANT INSERT, UPDATE (sealed, account_id, unused_at), DELETE ON merx.address TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON merx.cart TO 'merx'@'localhost';
GRANT DELETE ON merx.guest TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON merx.job_failure TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON merx.mail TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON merx.session TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON merx.mailed_code TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON merx.totp TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON merx.recovery_code TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON merx.mfa_challenge TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON merx.account_address TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON merx.cart_item TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON merx.idempotency TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON merx.identity TO 'merx'@'localhost';
GRANT INSERT, DELETE ON merx.id_token_used TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON merx.role TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON merx.invitation TO 'merx'@'localhost';
GRANT INSERT, DELETE ON merx.account_role TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON merx.passkey TO 'merx'@'localhost';
GRANT INSERT, DELETE ON merx.passkey_challenge TO 'merx'@'localhost';
GRANT INSERT, DELETE ON merx.product_category TO 'merx'@'localhost';
GRANT INSERT, DELETE ON merx.product_attribute TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON merx.tax_rate TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON merx.shipping_method TO 'merx'@'localhost';
GRANT INSERT, UPDATE, DELETE ON merx.shipping_rate TO 'merx'@'localhost';
