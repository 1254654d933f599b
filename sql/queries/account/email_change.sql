-- An address that was proved takes the place of the one before.

-- name: account.set_email
-- doc: An address that was proved. A duplicate is one that another account has.
-- in: id id, bin email, bin email_key, time now
UPDATE account
   SET email = :email, email_key = :email_key, verified_at = :now, version = version + 1,
       updated_at = :now
 WHERE id = :id AND status = 0;
