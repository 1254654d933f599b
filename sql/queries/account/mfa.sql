-- name: mfa.factors
-- doc: Second factors that an account has: one row.
-- in: id account
-- out: i64 totp, i64 recovery_codes, i64 passkeys, i64 staff
SELECT (SELECT COUNT(*) FROM totp WHERE account_id = :account AND confirmed_at IS NOT NULL),
       (SELECT COUNT(*) FROM recovery_code WHERE account_id = :account AND used_at IS NULL),
       (SELECT COUNT(*) FROM passkey WHERE account_id = :account),
       (SELECT COUNT(*) FROM account WHERE id = :account AND kind = 2);
