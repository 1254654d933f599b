-- Guests whom nobody can be any more: their last session has ended, and they never ordered.

-- name: guest.idle
-- doc: Guests by id from `after` on, and of each whether it may go: no order, and no session that ended
-- doc: after `before`.
-- in: id after, time before, time now, i64 limit
-- out: id id, i64 idle, i64? tries
SELECT a.id,
       a.created_at < :before
       AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.account_id = a.id)
       AND NOT EXISTS (SELECT 1
                         FROM session s
                        WHERE s.account_id = a.id AND s.expires_at >= :before
                          AND (s.revoked_at IS NULL OR s.revoked_at >= :before))
       AND (f.next_at IS NULL OR f.next_at <= :now),
       f.tries
  FROM account a
  LEFT JOIN job_failure f ON f.job = 'guest_purge' AND f.subject_id = a.id
 WHERE a.kind = 0 AND a.id > :after
 ORDER BY a.id
 LIMIT :limit;

-- name: guest.delete
-- doc: Those who still are guests without an order; nobody of them is anything else until the
-- doc: transaction ends.
-- each: id id
DELETE FROM guest WHERE id IN ([[:id]]);
