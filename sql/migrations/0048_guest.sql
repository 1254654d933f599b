-- Guests who never ordered, as far as the application's account may delete them: it has no right to
-- delete from account itself.
CREATE SQL SECURITY DEFINER VIEW guest AS
SELECT id, kind
  FROM account
 WHERE kind = 0
   AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.account_id = account.id)
  WITH CHECK OPTION;
