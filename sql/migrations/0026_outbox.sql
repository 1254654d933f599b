-- The events of audit_log (0 to deliver, 1 delivered) as far as the application's account may change
-- them. It has no right to update the table itself, not even these columns: MariaDB checks columns in
-- UPDATE alone, and ON DUPLICATE KEY UPDATE would rewrite all of them.
CREATE SQL SECURITY DEFINER VIEW outbox AS
SELECT id, state, next_at
  FROM audit_log
 WHERE state IN (0, 1)
  WITH CHECK OPTION;
